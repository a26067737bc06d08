"""What every executor does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeAlias

__all__ = ["ATTEMPTS", "Batches", "Executor", "Lost"]

Batches: TypeAlias = Iterable[Sequence[Any]]
"""Items that had better be done by one worker, one after the other, because they share work."""

ATTEMPTS = 2
"""How often an item is begun at most, if the worker dies over it."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The answer of an item over which workers died."""

    reason: str


class Executor(ABC):
    """Does the same work on many items, in any order. Life: made, entered, `run` once or more, left.

    Leaving ends what is under way. What an item's work raises is a defect of the caller: work turns what can go wrong
    into answers. A worker that dies loses nothing: its items are begun again elsewhere, and one over which `ATTEMPTS`
    workers died is answered by `Lost`.
    """

    @abstractmethod
    def __enter__(self) -> Executor: ...

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many items are done at the same time."""

    @abstractmethod
    def run(self, work: Callable[[Any], Any], batches: Batches) -> Iterator[tuple[Any, Any]]:
        """Yield (item, its answer) as they become ready, each item once.

        Args:
            work: importable by its name; called with one item.
            batches: asked for the next batch only when somebody is free to do it.
        """
