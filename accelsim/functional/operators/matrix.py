"""Convolution and matrix product of one tile: windows laid out as rows, then one product per group."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from accelsim.functional.errors import ExecutionError
from accelsim.functional.operators.call import Values
from accelsim.functional.operators.windows import padded, views
from accelsim.program import MatrixKernel, Tile


def accumulate(kernel: MatrixKernel, tile: Tile, slots: Mapping[str, Values]) -> Values:
    """The tile's accumulators after this instruction: what was there before plus its share of the reduction."""
    if kernel.batched:
        total = _batched(kernel, slots)
        return total + slots["partial"] if "partial" in slots else total
    weights = slots["weights"]
    _require(kernel, tile, weights)
    first = tile.start[3] // kernel.filters_per_group
    last = (tile.start[3] + tile.shape[3] - 1) // kernel.filters_per_group
    channels = (last - first + 1) * weights.shape[3]
    x = padded(slots.get("input"), kernel.window, tile, kernel.input_size, channels, 0.0)
    windows = views(x, kernel.window, tile)
    if first == last:
        total = _product(windows, weights)
    elif kernel.channels_per_group == kernel.filters_per_group == 1:
        total = _depthwise(windows, weights)
    else:
        total = _grouped(kernel, tile, windows, weights)
    return total + slots["partial"] if "partial" in slots else total


def _batched(kernel: MatrixKernel, slots: Mapping[str, Values]) -> Values:
    """One product per batch entry; the right operand is (batch, filter, 1, channel), or its two axes exchanged."""
    left, right = slots["input"], slots["weights"][:, :, 0]
    if not kernel.turned:
        right = right.transpose(0, 2, 1)
    batch, rows, columns, depth = left.shape
    if right.shape[:2] != (batch, depth):
        raise ExecutionError(f"a product of {left.shape} and {right.shape}: the operands do not belong together")
    result: Values = (left.reshape(batch, rows * columns, depth) @ right).reshape(batch, rows, columns, -1)
    return result


def _require(kernel: MatrixKernel, tile: Tile, weights: Values) -> None:
    low, high = tile.reduction
    depth = high - low if high > low else kernel.channels_per_group
    wanted = (tile.shape[3], *kernel.window.kernel, depth)
    if weights.shape != wanted:
        raise ExecutionError(f"a tile of {tile.shape} at {tile.start} needs weights of {wanted}, got {weights.shape}")


def _product(windows: Values, weights: Values) -> Values:
    taps = weights[0].size
    rows = windows.reshape(-1, taps)
    return (rows @ weights.reshape(-1, taps).T).reshape(*windows.shape[:3], len(weights))


def _depthwise(windows: Values, weights: Values) -> Values:
    total = np.zeros((*windows.shape[:3], len(weights)), dtype=np.float32)
    for row in range(weights.shape[1]):
        for column in range(weights.shape[2]):
            total += windows[:, :, :, row, column] * weights[:, row, column, 0]
    return total


def _grouped(kernel: MatrixKernel, tile: Tile, windows: Values, weights: Values) -> Values:
    per_group, depth = kernel.filters_per_group, weights.shape[3]
    origin, end = tile.start[3], tile.start[3] + tile.shape[3]
    first = origin // per_group
    parts = []
    for group in range(first, (end - 1) // per_group + 1):
        filters = slice(max(group * per_group, origin) - origin, min((group + 1) * per_group, end) - origin)
        channels = slice((group - first) * depth, (group - first + 1) * depth)
        parts.append(_product(windows[..., channels], weights[filters]))
    return np.concatenate(parts, axis=3)
