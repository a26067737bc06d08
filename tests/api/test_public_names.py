"""Every package says what it offers: its public names are those of `__all__`, no more and no fewer."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest

import accelsim
import restructure


def packages() -> list[str]:
    """The facades: both packages and the rooms directly in them."""
    rooms = (
        f"{root.__name__}.{module.name}"
        for root in (accelsim, restructure)
        for module in pkgutil.iter_modules(root.__path__)
        if module.ispkg
    )
    return ["accelsim", "restructure", *rooms]


def ours(value: object) -> bool:
    """Whether something was made in this project, not imported from a library or a plain constant."""
    return str(getattr(value, "__module__", "")).partition(".")[0] in ("accelsim", "restructure")


@pytest.mark.parametrize("name", packages())
def test_public_names_are_those_of_all(name: str) -> None:
    package = import_module(name)
    public = {key for key, value in vars(package).items() if not key.startswith("_") and ours(value)}
    announced = set(package.__all__)
    assert public <= announced
    assert all(hasattr(package, key) for key in announced)
    assert len(package.__all__) == len(announced)


@pytest.mark.parametrize("name", packages())
def test_a_package_says_what_it_is(name: str) -> None:
    assert (import_module(name).__doc__ or "").strip()


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"^module 'accelsim' has no attribute 'simulat'$"):
        _ = accelsim.simulat


def test_dir_of_the_facade_lists_what_it_offers() -> None:
    assert set(dir(accelsim)) == set(accelsim.__all__)
