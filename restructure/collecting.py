"""Work during which nothing becomes garbage that only the collector of cycles could find."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["uncollected"]


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no unreachable cycles meanwhile.

    Programs are some hundred thousand records, and nearly all of them are kept: looking through them again and again
    takes a fifth to a quarter of the time.
    """
    wanted = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if wanted:
            gc.enable()
