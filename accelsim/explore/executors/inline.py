"""Everything here and now: for debugging, notebooks and small jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from accelsim.explore.executors.base import Batches, Executor

__all__ = ["Inline"]


class Inline(Executor):
    """One item after the other, in this process."""

    def __enter__(self) -> Inline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is under way between items."""

    @property
    def slots(self) -> int:
        return 1

    def run(self, work: Callable[[Any], Any], batches: Batches) -> Iterator[tuple[Any, Any]]:
        for batch in batches:
            for item in batch:
                yield item, work(item)
