"""What is being done, on standard error, where a person watches and for as long as it takes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["stages"]


@contextmanager
def stages(quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Yield a function that shows the name of the stage that begins; nothing off a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda name: None
        return
    from rich.console import Console

    with Console(stderr=True, highlight=False, markup=False).status("starting …") as status:
        yield lambda name: status.update(f"{name} …")
