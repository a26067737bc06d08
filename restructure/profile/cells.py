"""The placed layout: views share their parent's bytes, and memory is released range by range.

A *cell* is what one image holds in one row of one channel: of a tensor of shape (N, C, H, …) the elements behind one
(n, c, h); axes that are missing count as 1. Every result that is no view gets a *storage*, new cells, when it is made.
A cell is released when the last operator has run that reads any of its bytes through any view; views themselves read
nothing. The cells of the network's outputs stay.

Views are Reshape and its kin, Slice, Split, and Concat of activations, which is a tensor its parts lie in. A view is
described by the cells each of its own (n, c, h) spans. What cannot be said that way is a copy, with a storage of its
own: a Slice or Split inside what spans several cells, and a Reshape that cuts cells into unequal pieces.

The network's input is a storage as well: the caller copies it there before the first step, and its cells are released
as they are consumed. (A caller whose buffer must stay intact has the input outside, not counted.)
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from restructure.operators import Shape

__all__ = ["CELL_AXES", "Ids", "cell_shape", "inner_elements", "joined", "reshaped", "sliced"]

CELL_AXES = 3

Ids = npt.NDArray[np.int32]
"""Cells a value spans, of shape (N, C, H, cells behind each position)."""


def cell_shape(shape: Shape) -> tuple[int, int, int]:
    """Return (N, C, H) of a tensor, 1 where it has no such axis."""
    n, c, h = (*shape, 1, 1, 1)[:CELL_AXES]
    return n, c, h


def inner_elements(shape: Shape) -> int:
    """Return the elements of one cell."""
    return prod(shape[CELL_AXES:])


def sliced(ids: Ids, taken: Sequence[range], shape: Shape) -> Ids | None:
    """Return the cells of a Slice that takes these positions of each axis; None if it must be a copy."""
    inside = any(tuple(r) != tuple(range(n)) for r, n in zip(taken[CELL_AXES:], shape[CELL_AXES:], strict=True))
    if inside and ids.shape[-1] > 1:
        return None
    for axis, positions in enumerate(taken[:CELL_AXES]):
        # A range that runs backwards past the first element would wrap as a slice.
        ids = ids[(slice(None),) * axis + (_index(positions),)]
    return ids


def _index(positions: range) -> Any:
    if positions.step > 0:
        return slice(positions.start, positions.stop, positions.step)
    return np.asarray(positions, np.intp)


def joined(parts: Sequence[Ids], axis: int) -> Ids:
    """Return the cells of a Concat."""
    if axis >= CELL_AXES:
        return np.concatenate(parts, axis=-1)
    widest = max(part.shape[-1] for part in parts)
    # Where one part spans fewer cells than another, its last one is named again.
    even = [np.pad(part, ((0, 0),) * 3 + ((0, widest - part.shape[-1]),), mode="edge") for part in parts]
    return np.concatenate(even if widest > 1 else parts, axis=axis)


def reshaped(ids: Ids, before: Shape, after: Shape) -> Ids | None:
    """Return the cells of the same elements, in the same order, under another shape; None if it must be a copy."""
    old, new, span = inner_elements(before), inner_elements(after), ids.shape[-1]
    if prod(before) == 0:
        return np.zeros((*cell_shape(after), 0), np.int32)
    flat = ids.reshape(-1, span)
    if old == new:
        result = flat
    elif new % old == 0:
        result = flat.reshape(-1, span * (new // old))
    elif old % new == 0 and span == 1:
        result = np.repeat(flat, old // new, axis=0)
    else:
        return None
    return result.reshape(*cell_shape(after), -1)
