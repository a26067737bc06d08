"""Moves that change the layout and no value: copies, rearrangements, look-ups, padding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelsim.functional.operators.call import Call, Values

Indices = NDArray[np.int64]
_AXES = ("batch", "row", "column", "channel")


def copy(call: Call) -> Values:
    """The same region somewhere else."""
    return call.inputs[0]


def rearrange(call: Call) -> Values:
    """Every output axis walks along input axes: `batch`, `row`, … list factors (axis, size, step), outermost first.

    The element at output position (b, y, x, c) is the input's at `start` plus what each factor's index contributes.
    """
    places: list[Indices] = [np.full((1, 1, 1, 1), n, dtype=np.int64) for n in call.numbers("start", (0, 0, 0, 0))]
    for axis, name in enumerate(_AXES):
        first, count = call.tile.start[axis], call.tile.shape[axis]
        rest = np.arange(first, first + count)
        for base, size, step in reversed(_triples(call.numbers(name, ()))):
            rest, index = np.divmod(rest, size)
            shape = [-1 if a == axis else 1 for a in range(4)]
            places[base] = places[base] + (index * step).reshape(shape)
    return _picked(call, places)


def _triples(flat: tuple[int, ...]) -> list[tuple[int, int, int]]:
    return [(flat[i], flat[i + 1], flat[i + 2]) for i in range(0, len(flat), 3)]


def _picked(call: Call, places: list[Indices]) -> Values:
    b, y, x, c = (p - o for p, o in zip(places, call.origins[call.kernel.inputs[0]], strict=True))
    return call.inputs[0][b, y, x, c]


def gather(call: Call) -> Values:
    """Chosen `positions` along one physical `axis`; the operand holds all of that axis."""
    axis = int(call.number("axis", 3))
    first, count = call.tile.start[axis], call.tile.shape[axis]
    positions = np.array(call.numbers("positions", ()), dtype=np.int64)[first : first + count]
    return call.inputs[0].take(positions, axis=axis)


def pad(call: Call) -> Values:
    """Padding by `before` elements per physical axis around a tensor of `size`; modes constant, edge, reflect, wrap."""
    mode = int(call.number("mode", 0))
    result = np.full(call.tile.shape, np.float32(call.number("value", 0.0)), dtype=np.float32)
    slot = call.kernel.inputs[0]
    if slot not in call.slots:
        return result
    inside, places = [], []
    origin, held = call.origins[slot], call.slots[slot].shape
    for axis, (before, size) in enumerate(zip(call.numbers("before", ()), call.numbers("size", ()), strict=True)):
        position = np.arange(call.tile.start[axis], call.tile.start[axis] + call.tile.shape[axis]) - before
        if mode == 0:
            inside.append((position >= 0) & (position < size))
        else:
            position = _within(position, size, mode)
            inside.append(np.ones(len(position), dtype=np.bool_))
        places.append(np.clip(position - origin[axis], 0, held[axis] - 1))
    source: Values = call.slots[slot][np.ix_(*places)]
    return np.where(_all(inside), source, result)


def _all(inside: list[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    b, y, x, c = inside
    return b[:, None, None, None] & y[:, None, None] & x[:, None] & c


def _within(position: Indices, size: int, mode: int) -> Indices:
    if mode == 1:
        return np.clip(position, 0, size - 1)
    if mode == 3:
        return position % size
    period = max(2 * (size - 1), 1)
    folded = np.abs(position) % period
    return np.minimum(folded, period - folded) if size > 1 else np.zeros_like(position)


def triangle(call: Call) -> Values:
    """The upper (or lower) triangle of a matrix that lies as (1, row, 1, channel)."""
    rows = np.arange(call.tile.start[1], call.tile.start[1] + call.tile.shape[1])[:, None, None]
    columns = np.arange(call.tile.start[3], call.tile.start[3] + call.tile.shape[3])
    k = call.number("k", 0)
    kept = columns - rows >= k if call.number("upper", 1) else columns - rows <= k
    return np.where(kept, call.inputs[0], np.float32(0))
