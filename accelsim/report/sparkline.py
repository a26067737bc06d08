"""A step function drawn in one line of characters, and bars."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

__all__ = ["bar", "highest", "sparkline"]

_GLYPHS = " ▁▂▃▄▅▆▇█"


def highest(starts: Sequence[int], values: Sequence[int], columns: int) -> list[int]:
    """The step function's highest value in each of `columns` equal stretches of its time, so that no peak is lost.

    Args:
        starts: where each step begins, ascending; the last one ends the time.
        values: the value from there on.
        columns: number of stretches.

    >>> highest([0, 5, 6, 10], [1, 9, 2, 0], 2)
    [1, 9]
    """
    if len(starts) < 2 or starts[-1] <= starts[0]:
        return [max(values, default=0)] * columns
    first, length = starts[0], starts[-1] - starts[0]
    found = []
    for column in range(columns):
        begin = bisect_right(starts, first + column * length // columns) - 1
        end = bisect_left(starts, first + -(-(column + 1) * length // columns), lo=begin + 1)
        found.append(max(values[begin:end]))
    return found


def sparkline(values: Sequence[int], full: int) -> str:
    """One character per value, its height the share of `full`; what is not zero shows.

    >>> sparkline([0, 1, 50, 100], 100)
    ' ▁▄█'
    """
    top = len(_GLYPHS) - 1
    return "".join(_GLYPHS[min(top, max(bool(v), v * top // full))] if full else " " for v in values)


def bar(part: float, whole: float, width: int) -> str:
    """A horizontal bar, rounded down to half a character; what is not zero shows.

    >>> bar(3, 4, 10)
    '███████▌'
    """
    if whole <= 0 or part <= 0:
        return ""
    halves = max(1, int(2 * width * part / whole))
    return "█" * (halves // 2) + "▌" * (halves % 2)
