"""Candidate tilings of a layer, as columns of integers for a vectorised cost model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accelsim.mapping.pins import Pin
from accelsim.mapping.problem import Problem
from accelsim.mapping.records import ORDERS

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Tile sizes, index into ORDERS, and which operands are held for the whole layer."""

    batch: Ints
    rows: Ints
    columns: Ints
    filters: Ints
    channels: Ints
    order: Ints
    hold_input: NDArray[np.bool_]
    hold_weights: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Combinations:
    """Every tile size in every way to order tiles and to hold operands, of which those that differ are candidates.

    Attributes:
        grid: sizes along the last axis, shape (sizes,); orders and holds along the first, shape (ways, 1).
        differ: which combinations are candidates, shape (ways, sizes).
    """

    grid: Candidates
    differ: NDArray[np.bool_]


def candidates(
    problem: Problem, channel_unit: int, filter_unit: int, pin: Pin, *, slivers: bool = True
) -> Combinations:
    """All combinations of sensible tile sizes, orders and held operands, duplicates by unit trip counts left out.

    Args:
        problem: the layer.
        channel_unit, filter_unit: how many of each the array takes at once; tiles are multiples of them.
        pin: what is fixed.
        slivers: whether there are also a few smaller ones, which leave the array idle and fit a tiny memory.
    """
    spatial = np.array(_spatial(problem, pin), dtype=np.int64)
    filters = np.array(_filters(problem, filter_unit, pin, slivers), dtype=np.int64)
    channels = np.array(_channels(problem, channel_unit, pin, slivers), dtype=np.int64)
    orders = [pin.order] if pin.order else list(ORDERS)
    s, k, c = (axis.ravel() for axis in np.indices((len(spatial), len(filters), len(channels))))
    sizes = _in_one_group(problem, np.column_stack([spatial[s], filters[k], channels[c]]))
    cuts = _cut_code(problem, sizes)
    ways = {code: _ways(problem, orders, _cut(code), pin) for code in np.flatnonzero(np.bincount(cuts)).tolist()}
    all_ways = sorted(set().union(*ways.values()))
    by_cut = np.argsort(cuts, kind="stable")
    differ = np.zeros((len(all_ways), 8), np.bool_)
    for code, found in ways.items():
        differ[:, code] = [way in found for way in all_ways]
    batch, rows, columns, depth, reduction = (np.ascontiguousarray(column) for column in sizes[by_cut].T)
    ordering, hold_input, hold_weights = (np.array(column)[:, None] for column in zip(*all_ways, strict=True))
    grid = Candidates(batch, rows, columns, depth, reduction, ordering, hold_input, hold_weights)
    return Combinations(grid, differ.take(cuts[by_cut], axis=1))


def _ways(problem: Problem, orders: list[str], cut: tuple[bool, bool, bool], pin: Pin) -> set[tuple[int, bool, bool]]:
    """Index into ORDERS, and whether inputs and weights are held: all that make a difference where `cut` loops are."""
    return {
        (ORDERS.index(order), held_input, held_weights)
        for order in _distinct_orders(orders, cut)
        for held_input, held_weights in _holds(problem, order, cut, pin)
    }


def _in_one_group(problem: Problem, sizes: Ints) -> Ints:
    """Tile sizes without those that cut the channels of several groups at once; whole channels if none is left."""
    if problem.groups == 1:
        return sizes
    whole_channels = sizes[:, 4] == problem.reduction
    legal = whole_channels | (problem.filters_per_group % sizes[:, 3] == 0)
    if not legal.any():
        sizes[:, 4], legal = problem.reduction, np.ones_like(legal)
    return np.asarray(sizes[legal])


def _cut_code(problem: Problem, sizes: Ints) -> Ints:
    """Which loops have more than one trip: 4 for S, 2 for K, 1 for C."""
    b, y, x, k = problem.shape
    s_cut = (sizes[:, 0] < b) | (sizes[:, 1] < y) | (sizes[:, 2] < x)
    return np.asarray(4 * s_cut + 2 * (sizes[:, 3] < k) + (sizes[:, 4] < problem.reduction))


def _cut(code: int) -> tuple[bool, bool, bool]:
    """The same for S, K and C, one by one."""
    return bool(code & 4), bool(code & 2), bool(code & 1)


def _distinct_orders(orders: list[str], cut: tuple[bool, bool, bool]) -> Iterable[str]:
    """One order for each distinct sequence of the loops that have more than one trip."""
    live = {name for name, many in zip("SKC", cut, strict=True) if many}
    seen: dict[str, str] = {}
    for order in orders:
        seen.setdefault("".join(loop for loop in order if loop in live), order)
    return seen.values()


def _holds(problem: Problem, order: str, cut: tuple[bool, bool, bool], pin: Pin) -> list[tuple[bool, bool]]:
    """Which operands may be worth holding: only those the order would otherwise load again."""
    s, k, c = cut
    follows_filters = problem.groups > 1 or not problem.on_array
    again_input = not follows_filters and k and not (order in ("SKC", "SCK") and not c) and order != "SCK"
    again_weights = problem.weight_bytes > 0 and s and (k or c) and not (order == "KCS" or (order == "KSC" and not c))
    options = [
        (i, w)
        for i in ((False, True) if again_input else (False,))
        for w in ((False, True) if again_weights else (False,))
    ]
    if pin.hold is not None:
        return [("input" in pin.hold, "weights" in pin.hold)]
    return options


def _spatial(problem: Problem, pin: Pin) -> list[tuple[int, int, int]]:
    b, y, x, _ = problem.shape
    can_b, can_y, can_x, _ = problem.tiled
    if pin.rows or pin.columns or pin.batch:
        return [(min(pin.batch or 1, b), min(pin.rows or y, y), min(pin.columns or x, x))]
    found = [(1, rows, x) for rows in _cuts(y, can_y)]
    if can_x:
        found += [(1, 1, columns) for columns in _cuts(x, True) if columns < x]
        found += [(1, rows, columns) for rows in (2, 4, 8) if rows < y for columns in _cuts(x, True) if columns < x]
    if b > 1:
        found += [(batch, y, x) for batch in _cuts(b, can_b) if batch > 1]
    return found if can_b or b == 1 else [(b, y, x)]


def _filters(problem: Problem, unit: int, pin: Pin, slivers: bool) -> list[int]:
    total = problem.shape[3]
    if pin.filters:
        return [min(pin.filters, total)]
    if not problem.tiled[3]:
        return [total]
    per_group = problem.filters_per_group
    if problem.groups > 1 and per_group > 1:
        whole_groups = [g * per_group for g in _cuts(problem.groups, True)]
        return sorted({*whole_groups, *(n for n in _cuts(per_group, True) if per_group % n == 0)})
    return _multiples(total, unit, slivers)


def _channels(problem: Problem, unit: int, pin: Pin, slivers: bool) -> list[int]:
    if not problem.on_array:
        return [problem.reduction]
    if pin.channels:
        return [min(pin.channels, problem.reduction)]
    return _multiples(problem.reduction, unit, slivers)


def _multiples(total: int, unit: int, slivers: bool) -> list[int]:
    """Even cuts of `total`, rounded up to multiples of `unit`, and with slivers a few below it."""
    sizes = {min(total, -(-size // unit) * unit) for size in _cuts(total, True)}
    return sorted(sizes | {size for size in (1, unit // 4) if slivers and 0 < size < total})


def _cuts(total: int, allowed: bool) -> list[int]:
    """Sizes that cut `total` into 1, 2, 3, 4, 6, 8, 12, … nearly equal parts, down to 1."""
    if not allowed:
        return [total]
    parts = 1
    sizes: set[int] = set()
    while parts < total:
        sizes.update(-(-total // p) for p in (parts, parts * 3 // 2) if p <= total)
        parts *= 2
    return sorted(sizes | {1} if total > 1 else {1})
