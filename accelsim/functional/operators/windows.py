"""Sliding windows of a tile: its padded input, the view of all windows, how many real elements each one sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelsim.functional.errors import ExecutionError
from accelsim.functional.operators.call import Values
from accelsim.program import Tile, Window


def padded(x: Values | None, window: Window, tile: Tile, size: tuple[int, int], channels: int, fill: float) -> Values:
    """The input of a tile with its pads made explicit.

    Args:
        x: the operand, exactly the part of the map that the tile's windows touch; None if they touch only pads.
        window: the sliding window.
        tile: a tile of the output.
        size: height and width of the whole input map.
        channels: channels of the operand.
        fill: value of the pads.

    Raises:
        ExecutionError: the operand is not that part.
    """
    wanted = (tile.shape[0], *(high - low for low, high in _touched(window, tile, size)), channels)
    if x is None:
        x = np.empty((*wanted[:3], channels), dtype=np.float32)
    if x.shape != wanted:
        raise ExecutionError(f"a tile of {tile.shape} at {tile.start} needs an input of {wanted}, got {x.shape}")
    margins = [(0, 0), *_margins(window, tile, size), (0, 0)]
    if not any(m != (0, 0) for m in margins):
        return x
    return np.pad(x, margins, constant_values=fill)


def views(x: Values, window: Window, tile: Tile) -> Values:
    """All windows of a padded input: (batch, row, column, kernel row, kernel column, channel), without a copy."""
    x = np.ascontiguousarray(x)
    batch, row, column, channel = x.strides
    (sy, sx), (dy, dx) = window.strides, window.dilations
    shape = (*tile.shape[:3], *window.kernel, x.shape[3])
    strides = (batch, row * sy, column * sx, row * dy, column * dx, channel)
    return np.ndarray(shape, np.float32, x, 0, strides)


def counts(window: Window, tile: Tile, size: tuple[int, int], *, with_pads: bool) -> NDArray[np.int64]:
    """Elements that each window averages over: (row, column) of the tile."""
    rows, columns = (
        _along(window, axis, tile.start[1 + axis], tile.shape[1 + axis], size[axis], with_pads) for axis in (0, 1)
    )
    seen: NDArray[np.int64] = np.outer(rows, columns)
    return seen


def _along(window: Window, axis: int, first: int, count: int, size: int, with_pads: bool) -> NDArray[np.int64]:
    origin = np.arange(first, first + count)[:, None] * window.strides[axis] - window.pads[axis]
    taps = origin + np.arange(window.kernel[axis]) * window.dilations[axis]
    before, after = (window.pads[axis], window.pads[2 + axis]) if with_pads else (0, 0)
    inside = (taps >= -before) & (taps < size + after)
    seen: NDArray[np.int64] = inside.sum(axis=1, dtype=np.int64)
    return seen


def _touched(window: Window, tile: Tile, size: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    rows = window.input_rows(tile.start[1], tile.shape[1], size[0])
    return rows, window.input_columns(tile.start[2], tile.shape[2], size[1])


def _margins(window: Window, tile: Tile, size: tuple[int, int]) -> list[tuple[int, int]]:
    found = []
    for axis, (low, high) in enumerate(_touched(window, tile, size)):
        first = tile.start[1 + axis] * window.strides[axis] - window.pads[axis]
        span = (tile.shape[1 + axis] - 1) * window.strides[axis] + (window.kernel[axis] - 1) * window.dilations[axis]
        before = min(max(low - first, 0), span + 1)
        found.append((before, span + 1 - before - (high - low)))
    return found
