"""A worker process: reads (work, items), writes one answer after the other, until nobody writes or reads any more.

It speaks over its standard input and output; whatever else would print goes to standard error. Ctrl-C is for the
process that started it, which then closes the pipe.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

from accelsim.explore.executors.pipes import receive, send

__all__ = ["main"]


def main() -> None:
    """Work until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    orders = sys.stdin.buffer
    with suppress(EOFError, BrokenPipeError):
        sys.path[:] = receive(orders)
        while True:
            work, items = receive(orders)
            for item in items:
                send(answers, work(item))


if __name__ == "__main__":
    main()
    os._exit(0)  # a standard output whose reader is gone must not be flushed at exit
