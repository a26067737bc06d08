"""Sound files that mutants are made of: small networks of every family of operators, real exports, descriptions."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from restructure import zoo

ROOT = Path(__file__).parents[2]
REAL = ("mobilenet_v3_small_ts17", "squeezenet1_1_ts17", "mobilenet_v2_ts17dynbatch", "vit_tiny_patch16_224_ts17")


def _floats(name: str, *shape: int) -> onnx.TensorProto:
    values = np.random.default_rng(len(name)).standard_normal(shape).astype(np.float32)
    return numpy_helper.from_array(values, name)


def _integers(name: str, *values: int) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, np.int64), name)


def _model(
    nodes: list[onnx.NodeProto], weights: list[onnx.TensorProto], shape: tuple[int | str, ...], opset: int = 17
) -> bytes:
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, "net", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return bytes(model.SerializeToString())


def _gated() -> bytes:
    """Convolution, a gate from averages, concat, pools with pads, a classifier."""
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["a"], "conv1", pads=[1, 1, 1, 1], strides=[2, 2], kernel_shape=[3, 3]),
        node("HardSwish", ["a"], ["h"], "swish"),
        node("GlobalAveragePool", ["h"], ["g"], "squeeze"),
        node("Conv", ["g", "w2"], ["s"], "excite"),
        node("HardSigmoid", ["s"], ["t"], "gate", alpha=0.1666),
        node("Mul", ["h", "t"], ["m"], "scale"),
        node("Conv", ["m", "w3"], ["d"], "depthwise", group=8, auto_pad="SAME_UPPER", dilations=[1, 1]),
        node("Concat", ["m", "d"], ["c"], "concat", axis=1),
        node("AveragePool", ["c"], ["p"], "pool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1),
        node("Flatten", ["p"], ["f"], "flatten"),
        node("Gemm", ["f", "w4", "b4"], ["y"], "fc", transB=1),
    ]
    weights = [_floats("w1", 8, 3, 3, 3), _floats("b1", 8), _floats("w2", 8, 8, 1, 1), _floats("w3", 8, 1, 3, 3)]
    return _model(nodes, [*weights, _floats("w4", 5, 256), _floats("b4", 5)], (1, 3, 12, 12))


def _moved() -> bytes:
    """Slices, splits, pads, resizes, transposes, reshapes: what is view and what is copy."""
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w1"], ["a"], "conv1", pads=[0, 1, 0, 1]),
        node("Split", ["a", "parts"], ["l", "r"], "split", axis=1),
        node("Resize", ["l", "", "scales"], ["u"], "up", mode="nearest", coordinate_transformation_mode="asymmetric",
             nearest_mode="floor"),
        node("MaxPool", ["u"], ["q"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        node("Sub", ["q", "r"], ["z"], "sub"),
        node("Slice", ["z", "from", "to", "axes", "steps"], ["k"], "slice"),
        node("Pad", ["k", "pads"], ["v"], "pad"),
        node("Transpose", ["v"], ["t"], "transpose", perm=[0, 2, 3, 1]),
        node("Reshape", ["t", "shape"], ["e"], "reshape"),
        node("MatMul", ["e", "w2"], ["o"], "matmul"),
        node("Softmax", ["o"], ["y"], "softmax", axis=-1),
    ]  # fmt: skip
    weights = [
        _floats("w1", 8, 4, 1, 3), _floats("w2", 4, 6), _integers("parts", 4, 4), _integers("from", 1),
        _integers("to", 9), _integers("axes", 2), _integers("steps", 1), _integers("shape", 0, -1, 4),
        _integers("pads", 0, 0, 1, 0, 0, 0, 1, 0),
        numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales"),
    ]  # fmt: skip
    return _model(nodes, weights, ("N", 4, 10, 10))


def _viewed() -> bytes:
    """Splits, slices, concats, transposes and reshapes around convolutions."""
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w1"], ["a"], "conv1", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        node("Split", ["a", "parts"], ["l", "r"], "split", axis=1),
        node("Slice", ["l", "from", "to", "axes"], ["k"], "slice"),
        node("Conv", ["r", "w2"], ["n"], "conv2", group=2),
        node("Slice", ["n", "from", "to", "axes"], ["m"], "slice2"),
        node("Concat", ["k", "m"], ["c"], "concat", axis=1),
        node("Add", ["c", "bias"], ["s"], "add"),
        node("MaxPool", ["s"], ["p"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        node("Transpose", ["p"], ["t"], "transpose", perm=[0, 2, 3, 1]),
        node("Reshape", ["t", "shape"], ["e"], "reshape"),
        node("MatMul", ["e", "w3"], ["o"], "matmul"),
        node("Softmax", ["o"], ["y"], "softmax", axis=-1),
    ]
    weights = [
        _floats("w1", 8, 4, 3, 3), _floats("w2", 4, 2, 1, 1), _floats("w3", 8, 6), _floats("bias", 1, 8, 1, 1),
        _integers("parts", 4, 4), _integers("from", 1), _integers("to", 9), _integers("axes", 2),
        _integers("shape", 0, -1, 8),
    ]  # fmt: skip
    return _model(nodes, weights, (1, 4, 10, 10))


def _attention() -> bytes:
    """Layer normalisation, a batched product of activations, the long spelling of GELU."""
    node = helper.make_node
    nodes = [
        node("LayerNormalization", ["x", "scale", "shift"], ["n"], "norm", axis=-1),
        node("MatMul", ["n", "w1"], ["q"], "query"),
        node("Transpose", ["n"], ["k"], "key", perm=[0, 2, 1]),
        node("MatMul", ["q", "k"], ["s"], "scores"),
        node("Softmax", ["s"], ["p"], "shares", axis=-1),
        node("MatMul", ["p", "n"], ["m"], "mixed"),
        node("Add", ["m", "x"], ["r"], "residual"),
        node("Erf", ["r"], ["e"], "erf"),
        node("Mul", ["r", "e"], ["g"], "gelu"),
        node("Gather", ["g", "first"], ["y"], "token", axis=1),
    ]
    weights = [_floats("scale", 16), _floats("shift", 16), _floats("w1", 16, 16)]
    return _model(nodes, [*weights, numpy_helper.from_array(np.array(0, np.int64), "first")], (1, 9, 16))


_STEPS = (0.037142, 0.019317, 0.052741)
"""Scales whose products hardly ever lie half way between two integers, where executors may round either way."""


def _quantized() -> bytes:
    """A convolution between QuantizeLinear and DequantizeLinear, and one of the QLinear kind."""
    node, byte = helper.make_node, np.int8
    weight = np.random.default_rng(0).integers(-9, 9, (6, 4, 3, 3)).astype(byte)
    nodes = [
        node("QuantizeLinear", ["x", "step", "zero"], ["xq"], "quantize"),
        node("QLinearConv", ["xq", "step", "zero", "w", "fine", "zero", "wide", "zero"], ["c"], "conv", pads=[1] * 4),
        node("DequantizeLinear", ["c", "wide", "zero"], ["d"], "dequantize"),
        node("Relu", ["d"], ["y"], "relu"),
    ]
    weights = [
        *_scales(),
        numpy_helper.from_array(np.array(0, byte), "zero"),
        numpy_helper.from_array(weight, "w"),
    ]
    return _model(nodes, weights, (1, 4, 8, 8))


def _rescaled() -> bytes:
    """A scale computed at run time, integers that are convolved, resized, padded, joined and multiplied."""
    node, byte = helper.make_node, np.int8
    weight = np.random.default_rng(0).integers(-9, 9, (6, 4, 3, 3)).astype(byte)
    nodes = [
        node("DynamicQuantizeLinear", ["x"], ["xq", "xs", "xz"], "quantize"),
        node("Mul", ["xs", "fine"], ["f"], "scales"),
        node("ConvInteger", ["xq", "w", "xz", "zero"], ["i"], "conv", pads=[1] * 4),
        node("Cast", ["i"], ["c"], "cast", to=1),
        node("Mul", ["c", "f"], ["m"], "scaled"),
        node("QuantizeLinear", ["m", "wide", "zero"], ["q"], "again"),
        node("Resize", ["q", "", "up"], ["r"], "resize", mode="linear"),
        node("Pad", ["r", "pads", "zero"], ["p"], "pad"),
        node("Concat", ["p", "p"], ["k"], "join", axis=1),
        node("QLinearMatMul", ["k", "wide", "zero", "k", "wide", "zero", "step", "zero"], ["t"], "product"),
        node("DequantizeLinear", ["t", "step", "zero"], ["y"], "dequantize"),
    ]
    weights = [
        *_scales(),
        numpy_helper.from_array(np.array(0, byte), "zero"),
        numpy_helper.from_array(weight, "w"),
        numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "up"),
        _integers("pads", 0, 0, 1, 1, 0, 0, 1, 1),
    ]
    return _model(nodes, weights, (1, 4, 8, 8))


def _scales() -> list[onnx.TensorProto]:
    names = ("step", "fine", "wide")
    return [numpy_helper.from_array(np.array(v, np.float32), n) for n, v in zip(names, _STEPS, strict=True)]


def _upwards() -> bytes:
    """A transposed convolution, BatchNormalization, LRN, reductions, a skip."""
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w1"], ["a"], "down", strides=[2, 2], pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        node("BatchNormalization", ["a", "s", "b", "m", "v"], ["n"], "bn", epsilon=1e-5),
        node("Clip", ["n", "low", "high"], ["r"], "relu6"),
        node("ConvTranspose", ["r", "w2"], ["u"], "up", strides=[2, 2], kernel_shape=[2, 2]),
        node("LRN", ["u"], ["l"], "lrn", size=3),
        node("Add", ["l", "x"], ["z"], "skip"),
        node("ReduceMean", ["z"], ["y"], "mean", axes=[2, 3], keepdims=0),
    ]
    scalars = [numpy_helper.from_array(np.array(v, np.float32), n) for n, v in (("low", 0.0), ("high", 6.0))]
    vectors = [numpy_helper.from_array(np.ones(6, np.float32), name) for name in "sbmv"]
    return _model(nodes, [_floats("w1", 6, 4, 3, 3), _floats("w2", 6, 4, 2, 2), *scalars, *vectors], (1, 4, 8, 8))


def _tiny() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.onnx"
        zoo.export("tiny", path, batchnorm=True)
        return path.read_bytes()


_SMALL: Mapping[str, Callable[[], bytes]] = {
    "tiny": _tiny, "gated": _gated, "moved": _moved, "viewed": _viewed, "attention": _attention,
    "quantized": _quantized, "rescaled": _rescaled, "upwards": _upwards,
}  # fmt: skip
SMALL = tuple(_SMALL)


@cache
def model(name: str) -> bytes:
    """A sound model's file."""
    return _SMALL[name]() if name in _SMALL else (ROOT / "tests" / "data" / "models" / f"{name}.onnx").read_bytes()


@cache
def descriptions() -> tuple[str, ...]:
    """All presets' files."""
    return tuple(path.read_text(encoding="utf-8") for path in sorted((ROOT / "hw_configs").glob("*.yaml")))


MAPPING = """\
layers:
  conv*:
    tile: {OY: 8, OX: 16, K: 8, C: 3}
    order: SKC
    hold: [weights]
  fc:
    tile: {K: 5}
    order: KSC
"""
