"""A step function drawn as an area of several lines of characters."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["area"]

_GLYPHS = " ▁▂▃▄▅▆▇█"


def area(values: Sequence[int], full: int, lines: int) -> list[str]:
    """Lines from top to bottom; a column's height is the share of `full`, what is not zero shows.

    >>> area([0, 50, 100], 100, 2)
    ['  █', ' ██']
    """
    top = len(_GLYPHS) - 1
    heights = [min(lines * top, max(bool(value), value * lines * top // full)) if full else 0 for value in values]
    return [
        "".join(_GLYPHS[min(top, max(0, height - top * line))] for height in heights) for line in reversed(range(lines))
    ]
