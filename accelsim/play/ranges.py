"""The numbers that have a slider: how they are named, how far they go, and where the slider rests."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

__all__ = ["RANGES", "Range"]


@dataclass(frozen=True, slots=True)
class Range:
    """A number that can be set.

    Attributes:
        key: in links.
        label: on the page.
        unit: behind the number; empty for counts.
        low, high: the least and the most.
        notches: where the slider rests, rising, from `low` to `high`; any value between may be typed.
        whole: whether it must be a whole number.
    """

    key: str
    label: str
    unit: str
    low: float
    high: float
    notches: tuple[float, ...]
    whole: bool = True

    def notch(self, value: float) -> int:
        """The position of the notch nearest to a value."""
        right = min(bisect_left(self.notches, value), len(self.notches) - 1)
        left = max(0, right - 1)
        return left if value - self.notches[left] < self.notches[right] - value else right

    def within(self, value: float) -> float:
        """The nearest value that is allowed."""
        return min(max(value, self.low), self.high)

    def text(self, value: float) -> str:
        """The number as a link and the page hold it.

        >>> RANGES["dram"].text(3.2), RANGES["scratchpad"].text(256.0)
        ('3.2', '256')
        """
        return f"{value:.10g}"


def _doubling(low: float, high: float, between: tuple[float, ...]) -> tuple[float, ...]:
    """`low`, twice that, and so on up to `high`, with steps between, given as fractions of the lower one."""
    found, value = [], low
    while value <= high:
        found += [value * step for step in (1.0, *between) if value * step <= high]
        value *= 2
    return tuple(found)


RANGES = {
    item.key: item
    for item in (
        Range("scratchpad", "scratchpad", "KiB", 4, 32768, _doubling(4, 32768, (1.25, 1.5, 1.75))),
        Range("rows", "rows of PEs", "", 1, 256, _doubling(1, 2, ()) + _doubling(4, 256, (1.5,))),
        Range("columns", "columns of PEs", "", 1, 256, _doubling(1, 2, ()) + _doubling(4, 256, (1.5,))),
        Range("dram", "DRAM", "GB/s", 0.1, 102.4, (*_doubling(0.1, 102.4, (1.5,)),), whole=False),
        Range("parts", "most parts", "", 0, 64, (0, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)),
    )
}
"""By key. No parts (0) leaves their number to the plan."""
