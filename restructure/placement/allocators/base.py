"""Items to be placed in one buffer, and what a placement is.

This is dynamic storage allocation: rectangles, whose times are given, are moved along the address axis. An item here is
a staircase: it appears at once, and parts of it go at different times.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from restructure.errors import RestructureError

__all__ = ["Allocator", "Item", "Life", "PlacementError", "Run", "check", "peak_bytes", "placed_lives"]


class PlacementError(RestructureError):
    """A graph cannot be placed, or a plan is wrong."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Life:
    """Bytes first … first + bytes − 1 of an item are needed up to step `last`, which is included."""

    first: int
    bytes: int
    last: int


@dataclass(frozen=True, slots=True)
class Item:
    """Bytes that appear at step `start`.

    Attributes:
        lives: ascending, together all bytes.
        units: bytes that must stay together where an item is split: rows rather than pixels, if possible.
        is_input: filled by the caller: should lie in one run.
    """

    start: int
    bytes: int
    lives: tuple[Life, ...]
    units: tuple[int, ...] = (1,)
    is_input: bool = False

    @property
    def last(self) -> int:
        return max((life.last for life in self.lives), default=self.start)


@dataclass(frozen=True, slots=True)
class Run:
    """Bytes first … stop − 1 of an item lie at `offset` and behind."""

    first: int
    stop: int
    offset: int


class Allocator(Protocol):
    """Assigns offsets; deterministic."""

    def __call__(self, items: Sequence[Item], alignment: int) -> list[tuple[Run, ...]]:
        """Return the runs of each item, ascending and together all of it; every run begins aligned."""
        ...


def placed_lives(items: Sequence[Item], placed: Sequence[Sequence[Run]]) -> Iterator[tuple[int, int, int, int]]:
    """Yield (first step, last step, first byte, last byte + 1) of all that is placed."""
    for item, runs in zip(items, placed, strict=True):
        for run in runs:
            for life in item.lives:
                low, high = max(run.first, life.first), min(run.stop, life.first + life.bytes)
                if low < high:
                    yield item.start, life.last, run.offset + low - run.first, run.offset + high - run.first


def peak_bytes(items: Sequence[Item]) -> int:
    """Return the most bytes alive at any step: a bound no placement can go below."""
    steps = max((item.last for item in items), default=0)
    change = np.zeros(steps + 2, np.int64)
    for item in items:
        change[item.start] += item.bytes
        for life in item.lives:
            change[life.last + 1] -= life.bytes
    return int(np.cumsum(change).max(initial=0))


def check(items: Sequence[Item], placed: Sequence[Sequence[Run]], alignment: int) -> list[str]:
    """Return what is wrong with a placement, one sentence each; time grows with n log n and what lives together."""
    problems = []
    for number, (item, runs) in enumerate(zip(items, placed, strict=True)):
        bounds = [(run.first, run.stop) for run in runs]
        ends = [0, *(stop for _, stop in bounds)]
        if [first for first, _ in bounds] != ends[:-1] or ends[-1] != item.bytes:
            problems.append(f"item {number}: its runs are not all of its {item.bytes} bytes")
        if any(run.offset % alignment or run.offset < 0 for run in runs):
            problems.append(f"item {number}: an offset is not a multiple of {alignment}")
    return [*problems, *_overlaps(sorted(placed_lives(items, placed)))]


def _overlaps(lives: Sequence[tuple[int, int, int, int]]) -> Iterator[str]:
    alive: list[tuple[int, int, int]] = []
    for start, last, low, high in lives:
        alive = [other for other in alive if other[0] >= start]
        for _, other_low, other_high in alive:
            if low < other_high and other_low < high:
                yield f"bytes {max(low, other_low)}–{min(high, other_high) - 1}: used twice at step {start}"
        alive.append((last, low, high))
