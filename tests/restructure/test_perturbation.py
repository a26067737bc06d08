"""Receptive fields against a slow oracle: change the input in one row (or column) and see which outputs move."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from onnx_nodes import node_model, random_array, run

from restructure import graph
from restructure.fields import COLUMN_AXIS, ROW_AXIS, axes_of, extent, reach

SHAPE = (1, 4, 11, 13)


@dataclass(frozen=True)
class Case:
    """One operator on an activation, with its constant operands.

    Attributes:
        holes: its windows have holes, so that a range may hold rows that nothing reads.
        axes: those it can be cut along.
    """

    op_type: str
    attributes: dict[str, Any] = field(default_factory=dict)
    operands: tuple[np.ndarray | None, ...] = ()
    activations: int = 1
    outputs: int = 1
    holes: bool = False
    axes: tuple[int, ...] = (ROW_AXIS, COLUMN_AXIS)


def filters(*shape: int) -> np.ndarray:
    return np.abs(random_array(shape)) + 0.5


def numbers(*values: float) -> np.ndarray:
    return np.array(values, np.int64 if all(isinstance(v, int) for v in values) else np.float32)


RESIZE = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
CASES = {
    "conv": Case("Conv", {"pads": [1, 0, 1, 2]}, (filters(3, 4, 3, 3),)),
    "conv strided": Case("Conv", {"pads": [2, 1, 0, 0], "strides": [2, 3]}, (filters(3, 4, 3, 4),)),
    "conv dilated": Case("Conv", {"pads": [2, 1, 1, 3], "dilations": [2, 3]}, (filters(3, 4, 3, 2),), holes=True),
    "conv same": Case("Conv", {"auto_pad": "SAME_UPPER", "strides": [2, 2]}, (filters(3, 4, 3, 3),)),
    "pointwise strided": Case("Conv", {"strides": [3, 2]}, (filters(3, 4, 1, 1),)),
    "grouped": Case("Conv", {"group": 2, "pads": [1, 1, 1, 1]}, (filters(4, 2, 3, 3),)),
    "depthwise": Case("Conv", {"group": 4, "pads": [0, 2, 2, 0], "strides": [2, 1]}, (filters(4, 1, 3, 3),)),
    "transposed": Case("ConvTranspose", {"strides": [2, 3], "pads": [1, 0, 1, 1]}, (filters(4, 2, 4, 3),)),
    "transposed padded": Case(
        "ConvTranspose", {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]}, (filters(4, 2, 3, 3),)
    ),
    "transposed dilated": Case("ConvTranspose", {"dilations": [2, 2]}, (filters(4, 2, 3, 2),), holes=True),
    "max": Case("MaxPool", {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 0, 1, 1]}),
    "max rounded up": Case("MaxPool", {"kernel_shape": [3, 3], "strides": [2, 3], "ceil_mode": 1}),
    "max dilated": Case("MaxPool", {"kernel_shape": [2, 3], "dilations": [3, 2]}, holes=True),
    "average": Case("AveragePool", {"kernel_shape": [3, 2], "strides": [1, 2], "pads": [1, 1, 0, 0]}),
    "average rounded up": Case("AveragePool", {"kernel_shape": [2, 4], "strides": [2, 3], "ceil_mode": 1}),
    "average with pads": Case("AveragePool", {"kernel_shape": [3, 3], "pads": [1, 2, 1, 0], "count_include_pad": 1}),
    "relu": Case("Relu"),
    "batch norm": Case("BatchNormalization", {}, tuple(filters(4) for _ in range(4))),
    "add": Case("Add", activations=2),
    "concat": Case("Concat", {"axis": 1}, activations=3),
    "split": Case("Split", {"axis": 1}, (numbers(1, 3),), outputs=2),
    "softmax over channels": Case("Softmax", {"axis": 1}),
    "softmax over columns": Case("Softmax", {"axis": 3}, axes=(ROW_AXIS,)),
    "resize by scales": Case("Resize", RESIZE, (None, numbers(1.0, 1.0, 2.0, 3.0))),
    "resize by sizes": Case("Resize", RESIZE, (None, None, numbers(1, 4, 11, 26))),
    "slice": Case("Slice", {}, (numbers(2, 1), numbers(10, 12), numbers(2, 3), numbers(3, 2))),
    "slice backwards": Case("Slice", {}, (numbers(9), numbers(2), numbers(2), numbers(-1)), axes=(COLUMN_AXIS,)),
    "pad": Case("Pad", {}, (numbers(0, 0, 2, 0, 0, 0, 1, 3), numbers(0.5))),
    "pad by reflection": Case("Pad", {"mode": "reflect"}, (numbers(0, 0, 2, 0, 0, 0, 1, 0),), axes=(COLUMN_AXIS,)),
    "mean of rows": Case("ReduceMean", {"axes": [2]}, axes=(COLUMN_AXIS,)),
    "depth to space": Case("DepthToSpace", {"blocksize": 2}),
    "per column": Case("Mul", {}, (filters(13),)),
    "per row": Case("Mul", {}, (filters(11, 1),)),
    "gate": Case("Mul", {}, (filters(1, 4, 1, 1),)),
    "channels last": Case("Transpose", {"perm": [0, 2, 3, 1]}),
    "columns before rows": Case("Transpose", {"perm": [3, 0, 2, 1]}),
    "channels in groups": Case("Reshape", {}, (numbers(1, 2, 2, 11, 13),)),
    "a list of positions": Case("Reshape", {}, (numbers(1, 4, -1),), axes=(ROW_AXIS,)),
    "rows of all channels": Case("Reshape", {}, (numbers(44, 13),), axes=(COLUMN_AXIS,)),
    "one image": Case("Squeeze", {}, (numbers(0),)),
    "one more axis": Case("Unsqueeze", {}, (numbers(1, 3),)),
    "a product over columns": Case("MatMul", {}, (filters(13, 5),), axes=(ROW_AXIS,)),
    "norm over columns": Case("LayerNormalization", {}, (filters(13), filters(13)), axes=(ROW_AXIS,)),
    "norm over rows and columns": Case("LayerNormalization", {"axis": 2}, (filters(11, 13),), axes=()),
    "some channels": Case("Gather", {"axis": 1}, (numbers(2, 0, 3),)),
    "one channel": Case("Gather", {"axis": 1}, (np.array(2),)),
    "some rows": Case("Gather", {"axis": 2}, (numbers(2, 0, 3),), axes=(COLUMN_AXIS,)),
    "mean of channels": Case("ReduceMean", {"axes": [1], "keepdims": 0}),
}  # fmt: skip


def moved(case: Case, axis: int, result_axis: int) -> np.ndarray:
    """Return which rows of the results (second axis) move when a row of the activations (first axis) is changed."""
    feeds = [random_array(SHAPE, seed=i) for i in range(case.activations)]
    inputs = [*feeds, *case.operands]
    constant = [i for i in range(len(feeds), len(inputs)) if inputs[i] is not None]
    model = node_model(case.op_type, inputs, case.attributes, constant=constant, outputs=case.outputs)
    given = {f"x{i}": a for i, a in enumerate(feeds)}
    before = run(model, given)
    rows = []
    for row in range(SHAPE[axis]):
        changed = {name: a.copy() for name, a in given.items()}
        for array in changed.values():
            np.moveaxis(array, axis, 0)[row] += 100
        after = run(model, changed)
        apart = [np.moveaxis(a != b, result_axis, 0) for a, b in zip(before, after, strict=True)]
        rows.append(np.any([a.reshape(len(a), -1).any(axis=1) for a in apart], axis=0))
    return np.array(rows)


@pytest.mark.parametrize("axis", [ROW_AXIS, COLUMN_AXIS], ids=["rows", "columns"])
@pytest.mark.parametrize("name", CASES)
def test_a_range_of_results_needs_what_moves_it_and_no_more(name: str, axis: int) -> None:
    case = CASES[name]
    feeds = [random_array(SHAPE, seed=i) for i in range(case.activations)]
    inputs = [*feeds, *case.operands]
    constant = [i for i in range(len(feeds), len(inputs)) if inputs[i] is not None]
    net = graph.load(node_model(case.op_type, inputs, case.attributes, constant=constant, outputs=case.outputs))
    found = reach(net, net.nodes[0], axis)
    assert (found.reason == "") == (axis in case.axes), found.reason
    if found.reason:
        return
    result = net.nodes[0].outputs[0]
    result_axis = axes_of(net, axis)[result]
    influence = moved(case, axis, result_axis)
    results = extent(net.tensors[result].shape, result_axis)
    assert influence.shape == (SHAPE[axis], results)
    for start in range(0, results, found.granule):
        for stop in range(start + found.granule, results + 1, found.granule):
            touched = np.flatnonzero(influence[:, start:stop].any(axis=1))
            for rows in found.maps.values():
                low, high = rows.need(start, stop)
                assert 0 <= low < high <= SHAPE[axis]
                assert all(low <= row < high for row in touched)
                if not case.holes and len(touched):
                    assert (low, high) == (touched[0], touched[-1] + 1)
