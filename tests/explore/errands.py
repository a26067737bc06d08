"""Work that executors are given in tests; workers import it by name."""

import os
import signal
from pathlib import Path


def double(item: int) -> int:
    return 2 * item


def die_once(item: str) -> str:
    """Kill the worker the first time an item that names a file is worked on, unless it is `ok`."""
    if item != "ok" and not Path(item).exists():
        Path(item).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def die_over_three(item: int) -> int:
    if item == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return item
