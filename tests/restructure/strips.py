"""A small network, and the same cut by hand into two strips of rows: what a rewrite must produce, to be mutated."""

from collections.abc import Callable

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx_nodes import model_of, random_array

X = {"x": random_array((1, 3, 12, 9))}
WEIGHTS = {
    "w1": random_array((8, 3, 3, 3), seed=1) * 0.3,
    "b1": random_array((8,), seed=2),
    "w2": random_array((6, 8, 3, 3), seed=3) * 0.2,
    "b2": random_array((6,), seed=4),
    "wf": random_array((10, 6), seed=5),
}


def _head() -> list[onnx.NodeProto]:
    return [
        helper.make_node("GlobalAveragePool", ["y"], ["gap"], name="gap"),
        helper.make_node("Flatten", ["gap"], ["flat"], name="flatten"),
        helper.make_node("Gemm", ["flat", "wf"], ["logits"], name="fc", transB=1),
    ]


def _typed(model: onnx.ModelProto) -> onnx.ModelProto:
    return onnx.shape_inference.infer_shapes(model, strict_mode=True)


def whole() -> onnx.ModelProto:
    """Return conv 3×3, relu, conv 3×3, pool and classifier; the second conv's result is an output as well."""
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c"], name="conv1", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"], name="relu"),
        helper.make_node("Conv", ["r", "w2", "b2"], ["y"], name="conv2", pads=[1, 1, 1, 1]),
        *_head(),
    ]
    return _typed(model_of(nodes, X, ["y", "logits"], WEIGHTS))


def in_strips() -> onnx.ModelProto:
    """Return the same, the convolutions in two strips with recomputed overlap: rows 0..5 and 6..11 of `y`."""
    nodes = [
        # rows 0..5 of y need 0..6 of r need 0..7 of x; rows 6..11 need 5..11 of r need 4..11 of x
        helper.make_node("Slice", ["x", "from_0", "to_8", "rows"], ["x0"], name="slice0"),
        helper.make_node("Conv", ["x0", "w1", "b1"], ["c0"], name="conv1_0", pads=[1, 1, 0, 1]),
        helper.make_node("Relu", ["c0"], ["r0"], name="relu_0"),
        helper.make_node("Conv", ["r0", "w2", "b2"], ["y0"], name="conv2_0", pads=[1, 1, 0, 1]),
        helper.make_node("Slice", ["x", "from_4", "to_12", "rows"], ["x1"], name="slice1"),
        helper.make_node("Conv", ["x1", "w1", "b1"], ["c1"], name="conv1_1", pads=[0, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"], name="relu_1"),
        helper.make_node("Conv", ["r1", "w2", "b2"], ["y1"], name="conv2_1", pads=[0, 1, 1, 1]),
        helper.make_node("Concat", ["y0", "y1"], ["y"], name="concat", axis=2),
        *_head(),
    ]
    bounds = {"from_0": [0], "from_4": [4], "to_8": [8], "to_12": [12], "rows": [2]}
    return _typed(model_of(nodes, X, ["y", "logits"], WEIGHTS | {n: np.array(v, np.int64) for n, v in bounds.items()}))


def node_called(model: onnx.ModelProto, name: str) -> onnx.NodeProto:
    return next(node for node in model.graph.node if node.name == name)


def set_constant(model: onnx.ModelProto, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == name)
    tensor.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(tensor)), name))


def set_pads(model: onnx.ModelProto, name: str, pads: list[int]) -> None:
    attribute = next(a for a in node_called(model, name).attribute if a.name == "pads")
    attribute.ints[:] = pads
