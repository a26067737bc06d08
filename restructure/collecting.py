"""Work during which next to nothing becomes garbage that only the collector of cycles could find."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

__all__ = ["uncollected"]

#: After so many times the collector looks at everything after all: a run leaves some hundred objects behind.
PATIENCE = 32
_times = count(1)


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no unreachable cycles meanwhile, and not right afterwards either.

    Programs are some hundred thousand records, and nearly all of them are kept: looking through them again and again
    takes a fifth to a quarter of the time.
    """
    wanted = gc.isenabled()
    if wanted and next(_times) % PATIENCE == 0:
        # Before, not after: what the last one made is often gone by now, and not looked through.
        gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if wanted:
            if gc.get_freeze_count() == 0:
                # Into the oldest generation with all that is new: else the next object made has it looked through.
                gc.freeze()
                gc.unfreeze()
            gc.enable()
