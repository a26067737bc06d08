"""The smallest position at which a predicate holds: bisection, distrusted, with scanning where it misleads.

Bisection alone never notices that a predicate is not monotone: all it tries below its answer fails, all it tries above
holds. So further positions are tried: right below and above the answer, where heuristics waver most, and in the middle
of the widest gaps. If one contradicts the answer, positions are scanned instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Found", "smallest"]

_NEAR = (2, 3, 5, 8)
_GAPS = 2
SCANNED = 48
"""How many positions a scan tries at most; all of them where there are fewer."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where the predicate holds first.

    Attributes:
        position: the smallest position at which it is known to hold; None if it fails at the last one.
        monotone: nothing that was tried contradicts that it holds from there on and nowhere below.
        scanned: the answer is of a scan, not of bisection.
        certain: every position below was tried, or the predicate looks monotone.
    """

    position: int | None
    monotone: bool = True
    scanned: bool = False
    certain: bool = True


class _Tried:
    """A predicate that remembers; each position is tried once."""

    def __init__(self, holds: Callable[[int], bool]) -> None:
        self._holds = holds
        self.known: dict[int, bool] = {}

    def __call__(self, position: int) -> bool:
        if position not in self.known:
            self.known[position] = self._holds(position)
        return self.known[position]

    def first(self) -> int:
        """The smallest position that is known to hold."""
        return min(position for position, held in self.known.items() if held)

    def contradicts(self) -> bool:
        """Whether something fails above something that holds."""
        return any(not held for position, held in self.known.items() if position > self.first())


def smallest(holds: Callable[[int], bool], size: int, scanned: int = SCANNED) -> Found:
    """Find the smallest of `size` positions at which a predicate holds, taking it to be monotone until shown otherwise.

    Args:
        holds: the predicate; asked once for each position it is asked for.
        size: how many positions there are, at least 1.
        scanned: how many positions a scan tries at most.
    """
    tried = _Tried(holds)
    if not tried(size - 1):
        return Found(None)
    if not tried(0):
        _bisect(tried, 0, size - 1)
    _doubt(tried, tried.first(), size)
    if not tried.contradicts():
        return Found(tried.first())
    below = range(tried.first())
    step = max(1, -(-len(below) // scanned))
    for position in below[::step]:
        tried(position)
    complete = _close_in(tried, step)
    return Found(tried.first(), monotone=False, scanned=True, certain=complete)


def _bisect(tried: _Tried, fails: int, held: int) -> None:
    while held - fails > 1:
        middle = (fails + held) // 2
        if tried(middle):
            held = middle
        else:
            fails = middle


def _doubt(tried: _Tried, answer: int, size: int) -> None:
    """Try where a predicate that is not monotone would most likely show it."""
    for distance in _NEAR:
        if answer - distance >= 0:
            tried(answer - distance)
        if answer + distance < size:
            tried(answer + distance)
    for part in (range(answer + 1), range(answer, size)):
        for _ in range(_GAPS):
            known = sorted(position for position in tried.known if position in part)
            low, high = max(pairwise(known), key=lambda pair: pair[1] - pair[0], default=(0, 0))
            if high - low > 1:
                tried((low + high) // 2)


def _close_in(tried: _Tried, step: int) -> bool:
    """After a scan: bisect between its first that holds and the one before; returns whether nothing was left out."""
    if step == 1:
        return True
    first = tried.first()
    fails = max((position for position in tried.known if position < first), default=-1)
    if fails >= 0:
        _bisect(tried, fails, first)
    return all(position in tried.known for position in range(tried.first()))
