"""Moves that change the layout and no value: copies, reshapes, transpositions."""

from __future__ import annotations

import numpy as np

from accelsim.functional.operators.call import Call, Values


def copy(call: Call) -> Values:
    """The same region somewhere else."""
    return call.inputs[0]


def rearrange(call: Call) -> Values:
    """Reshape, flatten or transpose a whole tensor: into the model's order of elements, and from there back.

    The attribute `in_axes` transposes the physical input into the order of the result's elements in the model (the
    input tensor's own `onnx_axes` if left out); the output tensor's `onnx_axes` lead to its physical layout. The tile
    is the part of the result that this instruction writes.
    """
    target = call.target
    elements = call.inputs[0].transpose(call.numbers("in_axes", call.source.onnx_axes))
    model = elements.reshape([target.shape[axis] for axis in target.onnx_axes])
    whole = model.transpose(np.argsort(target.onnx_axes))
    return whole[tuple(slice(a, a + n) for a, n in zip(call.tile.start, call.tile.shape, strict=True))]


def resize_nearest(call: Call) -> Values:
    """Nearest-neighbour enlargement by whole factors `factors` (rows, columns): every element becomes a block."""
    rows, columns = call.numbers("factors", (1, 1))
    (_, row, column, _), (_, height, width, _) = call.tile.start, call.tile.shape
    y = np.arange(row, row + height) // rows
    x = np.arange(column, column + width) // columns
    return call.inputs[0][:, y - y[0]][:, :, x - x[0]]
