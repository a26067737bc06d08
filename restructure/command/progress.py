"""A progress bar on standard error: only on a terminal, and only if it takes longer than a second."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Bar"]

_PATIENCE_S = 1.0


class Bar:
    """Is quiet for a second, then may show itself; is gone when its block ends."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._start = time.monotonic()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, share: float, what: str) -> None:
        """Show that `share` (0..1) of what is being done is done."""
        if not self._watched or time.monotonic() - self._start < _PATIENCE_S:
            return
        if self._progress is None or self._task is None:
            self._show(what)
        assert self._progress is not None
        assert self._task is not None
        self._progress.update(self._task, completed=min(max(share, 0.0), 1.0), description=what)

    def _show(self, what: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._progress.start()
        self._task = self._progress.add_task(what, total=1.0)
