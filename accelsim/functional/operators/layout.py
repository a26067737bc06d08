"""Moves that change the layout and no value: copies, reshapes, transpositions."""

from __future__ import annotations

import numpy as np

from accelsim.functional.operators.call import Call, Values


def copy(call: Call) -> Values:
    """The same region somewhere else."""
    return call.inputs[0]


def rearrange(call: Call) -> Values:
    """Reshape, flatten or transpose a whole tensor in the model's own axes, then lay it out physically again.

    Attributes (each taken from the operand's tensor if left out): `in_axes` and `in_shape` lead from the physical
    input to the model's array, `perm` transposes it, `out_shape` reshapes it, `out_axes` and `out_physical` lead to
    the physical output. The tile is the part of the result that this instruction writes.
    """
    source, target = call.source, call.target
    model = call.inputs[0].transpose(call.numbers("in_axes", source.onnx_axes))
    model = model.reshape(call.numbers("in_shape", source.onnx_shape or model.shape))
    if perm := call.numbers("perm", ()):
        model = model.transpose(perm)
    axes = call.numbers("out_axes", target.onnx_axes)
    physical = call.numbers("out_physical", target.shape)
    model = model.reshape([physical[axis] for axis in axes])
    whole = model.transpose(np.argsort(axes))
    return whole[tuple(slice(a, a + n) for a, n in zip(call.tile.start, call.tile.shape, strict=True))]


def resize_nearest(call: Call) -> Values:
    """Nearest-neighbour enlargement by whole factors `factors` (rows, columns): every element becomes a block."""
    rows, columns = call.numbers("factors", (1, 1))
    (_, row, column, _), (_, height, width, _) = call.tile.start, call.tile.shape
    y = np.arange(row, row + height) // rows
    x = np.arange(column, column + width) // columns
    return call.inputs[0][:, y - y[0]][:, :, x - x[0]]
