"""Every result in one run: first fit, in several orders, and then hill climbing on the order.

The result that reaches highest is moved to the front of the order as long as that helps (Vela's allocator climbs so).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from restructure.placement.allocators.base import Item, Run, peak_bytes

__all__ = ["allocate"]

_CLIMBS = 30
"""Orders that are tried beyond the first ones, as far as `_WORK` allows."""
_WORK = 100_000
"""Items that may be placed on the way, over all orders."""


def allocate(items: Sequence[Item], alignment: int) -> list[tuple[Run, ...]]:
    """Return one run per item; see the module."""
    bound = peak_bytes(items)
    best, size = min((_first_fit(items, order, alignment) for order in _orders(items)), key=lambda found: found[1])
    climbs = min(_CLIMBS, _WORK // max(len(items), 1))
    order = sorted(range(len(items)), key=lambda number: best[number])
    for _ in range(climbs):
        if size <= bound:
            break
        top = max(range(len(items)), key=lambda number: best[number] + items[number].bytes)
        order = [top, *(number for number in order if number != top)]
        offsets, reached = _first_fit(items, order, alignment)
        if reached <= size:
            best, size = offsets, reached
    return [(Run(0, item.bytes, offset),) if item.bytes else () for item, offset in zip(items, best, strict=True)]


def _orders(items: Sequence[Item]) -> list[list[int]]:
    """Return orders worth trying: by size, by size × time, by time alone, by birth; inputs always first."""
    area = [sum(life.bytes * (life.last - item.start + 1) for life in item.lives) for item in items]

    def order(key: Sequence[int]) -> list[int]:
        return sorted(range(len(items)), key=lambda number: (not items[number].is_input, key[number], number))

    return [
        order([-item.bytes for item in items]),
        order([-octets for octets in area]),
        order([item.start - item.last for item in items]),
        order([item.start for item in items]),
    ]


def _first_fit(items: Sequence[Item], order: Sequence[int], alignment: int) -> tuple[list[int], int]:
    """Return the offsets when each item takes the lowest place that is free, and the bytes that reaches."""
    table = np.empty((4, sum(len(item.lives) for item in items)), np.int64)
    offsets, count, reached = [0] * len(items), 0, 0
    for number in order:
        item = items[number]
        offset = _lowest(item, table[:, :count], alignment)
        offsets[number] = offset
        for life in item.lives:
            table[:, count] = item.start, life.last, offset + life.first, offset + life.first + life.bytes
            count += 1
        reached = max(reached, offset + item.bytes)
    return offsets, reached


def _lowest(item: Item, table: npt.NDArray[np.int64], alignment: int) -> int:
    """Return the lowest aligned offset at which no part of an item meets what is placed."""
    first, last, low, high = table
    since = last >= item.start
    starts, stops = [], []
    for life in item.lives:
        meets = since & (first <= life.last)
        # An offset o is forbidden if o + first < high and o + first + bytes > low.
        starts.append(low[meets] - life.first - life.bytes)
        stops.append(high[meets] - life.first)
    begin, end = np.concatenate(starts), np.concatenate(stops)
    order = np.argsort(begin, kind="stable")
    # What was reached before each forbidden stretch begins; the first place it leaves free is taken.
    reached = np.concatenate([[0], np.maximum.accumulate(np.maximum(end[order], 0))])
    reached = -(-reached // alignment) * alignment
    free = np.flatnonzero(begin[order] >= reached[:-1])
    return int(reached[free[0]] if free.size else reached[-1])
