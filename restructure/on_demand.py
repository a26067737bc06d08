"""Names of a package that are imported when they are first asked for, so that commands answer at once."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

__all__ = ["on_demand"]


def on_demand(
    package: str, names: Sequence[str], homes: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package (PEP 562).

    Args:
        package: its name.
        names: all that it exports.
        homes: those that are imported on demand → the modules they come from.
    """

    def find(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    return find, lambda: sorted(names)
