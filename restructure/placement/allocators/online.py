"""The default: results are placed in the order they are made, into a buffer that is hardly larger than what lives.

Long-lived things go to the lower end of a gap and short-lived ones to its upper end, so that gaps stay together: of the
smallest gap that holds them, or of the gap that is lowest or highest. Where no gap holds a result, it is split over
several, by rows, and by pixels where rows are too long: over the largest ones, or over the lowest or highest. Growing
sizes of the buffer are tried, each with both manners and several notions of what is long-lived; the first size that
works wins, and of its solutions the one with the fewest runs.
"""

from collections.abc import Sequence
from itertools import product

from restructure.placement.allocators.base import Item, Run, peak_bytes

__all__ = ["allocate"]

_SLACKS = (0.0, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0)
"""How much larger than the bound the buffer may be."""
_LONG = (10, 30, 100, 300, 1000)
"""Steps from which on a life counts as long."""

Gap = tuple[int, int]


def allocate(items: Sequence[Item], alignment: int) -> list[tuple[Run, ...]]:
    """Return the runs of each item; see the module."""
    bound = peak_bytes(items)
    for slack in _SLACKS:
        limit = -(-int(bound * (1 + slack)) // alignment) * alignment
        tried = (_within(items, alignment, limit, long, apart) for apart, long in product((False, True), _LONG))
        found = [placed for placed in tried if placed is not None]
        if found:
            return min(found, key=lambda placed: sum(len(runs) for runs in placed))
    # Alignment may cost more than the bytes themselves; each item behind the others always works.
    limit = sum(-(-item.bytes // alignment) * alignment for item in items)
    placed = _within(items, alignment, limit, _LONG[0], False)
    return placed if placed is not None else _one_behind_the_other(items, alignment)


def _one_behind_the_other(items: Sequence[Item], alignment: int) -> list[tuple[Run, ...]]:
    placed: list[tuple[Run, ...]] = []
    at = 0
    for item in items:
        placed.append((Run(0, item.bytes, at),) if item.bytes else ())
        at += -(-item.bytes // alignment) * alignment
    return placed


def _within(items: Sequence[Item], alignment: int, limit: int, long: int, apart: bool) -> list[tuple[Run, ...]] | None:
    """Return a placement in `limit` bytes, or None.

    Args:
        long: steps from which on a life counts as long.
        apart: long lives keep to the lowest gaps and short ones to the highest, whatever their sizes.
    """
    placed: list[tuple[Run, ...]] = [()] * len(items)
    alive: list[tuple[int, int, int]] = []
    for number in sorted(range(len(items)), key=lambda number: (items[number].start, not items[number].is_input)):
        item = items[number]
        alive = [entry for entry in alive if entry[2] >= item.start]
        runs = _fit(item, _gaps(alive, alignment, limit), alignment, item.last - item.start >= long, apart)
        if runs is None:
            return None
        placed[number] = runs
        for run in runs:
            for life in item.lives:
                low, high = max(run.first, life.first), min(run.stop, life.first + life.bytes)
                if low < high:
                    alive.append((run.offset + low - run.first, run.offset + high - run.first, life.last))
        alive.sort()
    return placed


def _gaps(alive: Sequence[tuple[int, int, int]], alignment: int, limit: int) -> list[Gap]:
    """Return the free stretches, each from an aligned byte."""
    gaps, at = [], 0
    for low, high, _ in (*alive, (limit, limit, 0)):
        first = -(-at // alignment) * alignment
        if low > first:
            gaps.append((first, low))
        at = max(at, high)
    return gaps


def _fit(item: Item, gaps: list[Gap], alignment: int, is_long: bool, apart: bool) -> tuple[Run, ...] | None:
    if not item.bytes:
        return ()
    from_its_end = gaps if is_long else gaps[::-1]
    whole = [gap for gap in from_its_end if gap[1] - gap[0] >= item.bytes]
    if whole:
        low, high = whole[0] if apart else min(whole, key=lambda gap: (gap[1] - gap[0], gap[0]))
        offset = low if is_long else (high - item.bytes) // alignment * alignment
        return (Run(0, item.bytes, offset),)
    order = from_its_end if apart else sorted(gaps, key=lambda gap: (gap[0] - gap[1], gap[0]))
    for unit in item.units:
        runs, at = [], 0
        for low, high in order:
            size = min((high - low) // unit * unit, item.bytes - at)
            if size > 0:
                runs.append(Run(at, at + size, low))
                at += size
            if at == item.bytes:
                return tuple(runs)
    return None
