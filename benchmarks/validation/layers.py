"""Models of one layer, and the reference facts beside the tests."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

DATA = Path(__file__).parents[2] / "tests" / "data"


def facts(name: str) -> list[dict[str, str]]:
    """The rows of a reference file of tests/data; lines that begin with # are about it."""
    lines = (line for line in (DATA / name).read_text().splitlines() if line and not line.startswith("#"))
    return list(csv.DictReader(lines))


def convolution(channels: int, filters: int, kernel: int, size: int, stride: int) -> ModelProto:
    """A convolution whose result is size × size, with `kernel` // 2 of padding on every side."""
    pad = kernel // 2
    extent = (size - 1) * stride + kernel - 2 * pad
    node = helper.make_node(
        "Conv", ["x", "w"], ["y"], "layer", kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4
    )
    return _model(node, (1, channels, extent, extent), (filters, channels, kernel, kernel), (1, filters, size, size))


def product(rows: int, depth: int, columns: int) -> ModelProto:
    """A matrix product with constant weights."""
    node = helper.make_node("MatMul", ["x", "w"], ["y"], "layer")
    return _model(node, (rows, depth), (depth, columns), (rows, columns))


def _model(node: object, x: tuple[int, ...], w: tuple[int, ...], y: tuple[int, ...]) -> ModelProto:
    weights = numpy_helper.from_array(np.zeros(w, np.float32), "w")
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("x", x), ("y", y))]
    graph = helper.make_graph([node], "layer", ends[:1], ends[1:], [weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
