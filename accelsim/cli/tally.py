"""How far a sweep is, on standard error: a line that moves on a terminal, and nothing elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accelsim.explore.sweeping import Tally

__all__ = ["TallyBar", "told"]


class TallyBar:
    """Shows points done, failed, the rate, and the time that is left; is gone when its block ends."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._start = time.monotonic()
        self._what = ""
        self._progress: Any = None
        self._task: Any = None

    def __enter__(self) -> TallyBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, tally: Tally) -> None:
        """Show a tally."""
        if not self._watched:
            return
        if tally.what != self._what:
            self._what, self._start = tally.what, time.monotonic()
        if self._progress is None:
            self._begin()
        said = told(tally, time.monotonic() - self._start)
        self._progress.update(self._task, total=tally.total, completed=tally.before + tally.now, description=said)

    def _begin(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (BarColumn(), TextColumn("{task.description}", markup=False))
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._progress.start()
        self._task = self._progress.add_task("", total=None)


def told(tally: Tally, seconds: float) -> str:
    """A tally in words, after so many seconds.

    >>> from accelsim.explore.sweeping import Tally
    >>> told(Tally(1000, 100, 200, 3), 100.0)
    '300 of 1,000 points, 3 without result, 2.00/s, 5:50 left'
    """
    rate = tally.now / seconds if seconds else 0.0
    parts = [f"{tally.before + tally.now:,} of {tally.total:,} {tally.what}"]
    if tally.failed:
        parts.append(f"{tally.failed:,} without result")
    if tally.now and rate:
        parts += [f"{rate:.2f}/s", f"{_clock((tally.total - tally.before - tally.now) / rate)} left"]
    return ", ".join(parts)


def _clock(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
