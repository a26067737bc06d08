"""Operators in plain numpy, one obvious loop each, in float64: a second oracle that shares nothing with onnxruntime."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

__all__ = ["execute"]

Arrays = list[Any]
Attributes = Mapping[str, Any]


def execute(model: onnx.ModelProto, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the outputs of a model, computed node by node in the file's order."""
    values: dict[str, Any] = {"": None}
    values |= {tensor.name: _wide(numpy_helper.to_array(tensor)) for tensor in model.graph.initializer}
    values |= {name: _wide(array) for name, array in feeds.items()}
    for node in model.graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        results = OPERATORS[node.op_type]([values[name] for name in node.input], attributes)
        several = isinstance(results, list)
        values |= zip(node.output, results if several else [results], strict=True)
    return {output.name: values[output.name] for output in model.graph.output}


def _wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64) if array.dtype == np.float32 else array


def _window(a: Attributes, kernel: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    return a.get("strides", [1, 1]), a.get("dilations", [1, 1]), a.get("pads", [0, 0, 0, 0])


def _taps(size: int, kernel: int, stride: int, dilation: int, before: int, after: int, roof: bool) -> list[list[int]]:
    """Return, for each output position along one axis, the input positions it looks at (they may lie outside)."""
    extent = dilation * (kernel - 1) + 1
    positions = (size + before + after - extent) / stride
    count = (ceil(positions) if roof else floor(positions)) + 1
    starts = [index * stride - before for index in range(count)]
    # a window that begins behind the input and its first pad is left out
    starts = [start for start in starts if not roof or start < size]
    return [[start + dilation * k for k in range(kernel)] for start in starts]


def _axes(x: np.ndarray, a: Attributes, kernel: Sequence[int], roof: bool = False) -> list[list[list[int]]]:
    strides, dilations, pads = _window(a, kernel)
    return [_taps(x.shape[i + 2], kernel[i], strides[i], dilations[i], pads[i], pads[i + 2], roof) for i in range(2)]


def conv(inputs: Arrays, a: Attributes) -> np.ndarray:
    x, w = inputs[:2]
    groups = a.get("group", 1)
    rows, columns = _axes(x, a, w.shape[2:])
    result = np.zeros((x.shape[0], w.shape[0], len(rows), len(columns)))
    per_group, filters = w.shape[1], w.shape[0] // groups
    for y, taps_y in enumerate(rows):
        for z, taps_x in enumerate(columns):
            for k in range(w.shape[0]):
                first = k // filters * per_group
                for i, row in enumerate(taps_y):
                    for j, column in enumerate(taps_x):
                        if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                            result[:, k, y, z] += x[:, first : first + per_group, row, column] @ w[k, :, i, j]
    return result if len(inputs) < 3 else result + inputs[2].reshape(1, -1, 1, 1)


def conv_transpose(inputs: Arrays, a: Attributes) -> np.ndarray:
    x, w = inputs[:2]
    strides, dilations, pads = _window(a, w.shape[2:])
    extra, groups = a.get("output_padding", [0, 0]), a.get("group", 1)
    full = [strides[i] * (x.shape[i + 2] - 1) + extra[i] + dilations[i] * (w.shape[i + 2] - 1) + 1 for i in range(2)]
    per_group = x.shape[1] // groups
    result = np.zeros((x.shape[0], w.shape[1] * groups, *full))
    for c in range(x.shape[1]):
        first = c // per_group * w.shape[1]
        for k in range(w.shape[1]):
            for y, row in enumerate(x[0, c]):
                for z, value in enumerate(row):
                    for i in range(w.shape[2]):
                        for j in range(w.shape[3]):
                            at = (y * strides[0] + i * dilations[0], z * strides[1] + j * dilations[1])
                            result[0, first + k, at[0], at[1]] += value * w[c, k, i, j]
    result = result[:, :, pads[0] : full[0] - pads[2], pads[1] : full[1] - pads[3]]
    return result if len(inputs) < 3 else result + inputs[2].reshape(1, -1, 1, 1)


def max_pool(inputs: Arrays, a: Attributes) -> np.ndarray:
    x = inputs[0]
    rows, columns = _axes(x, a, a["kernel_shape"], bool(a.get("ceil_mode", 0)))
    result = np.full((*x.shape[:2], len(rows), len(columns)), -np.inf)
    for y, taps_y in enumerate(rows):
        for z, taps_x in enumerate(columns):
            for row in taps_y:
                for column in taps_x:
                    if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                        result[:, :, y, z] = np.maximum(result[:, :, y, z], x[:, :, row, column])
    return result


def average_pool(inputs: Arrays, a: Attributes) -> np.ndarray:
    x = inputs[0]
    rows, columns = _axes(x, a, a["kernel_shape"], bool(a.get("ceil_mode", 0)))
    pads = a.get("pads", [0, 0, 0, 0])
    # with count_include_pad what lies in the pads counts, what ceil_mode reaches beyond them does not
    margin = pads if a.get("count_include_pad", 0) else [0, 0, 0, 0]
    result = np.zeros((*x.shape[:2], len(rows), len(columns)))
    for y, taps_y in enumerate(rows):
        for z, taps_x in enumerate(columns):
            counted = 0
            for row in taps_y:
                for column in taps_x:
                    if -margin[0] <= row < x.shape[2] + margin[2] and -margin[1] <= column < x.shape[3] + margin[3]:
                        counted += 1
                    if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                        result[:, :, y, z] += x[:, :, row, column]
            result[:, :, y, z] /= counted
    return result


def resize(inputs: Arrays, a: Attributes) -> np.ndarray:
    x = inputs[0]
    if len(inputs) > 3 and inputs[3] is not None:
        sizes = [int(n) for n in inputs[3]]
        scales = [size / side for size, side in zip(sizes, x.shape, strict=True)]
    else:
        scales = [float(s) for s in inputs[2]]
        sizes = [floor(side * scale) for side, scale in zip(x.shape, scales, strict=True)]
    half = a.get("coordinate_transformation_mode", b"half_pixel") == b"half_pixel"
    for axis, (size, scale) in enumerate(zip(sizes, scales, strict=True)):
        where = [(i + 0.5) / scale - 0.5 if half else i / scale for i in range(size)]
        # round_prefer_floor: halves go down
        nearest = [ceil(p - 0.5) if half else floor(p) for p in where]
        x = np.take(x, np.clip(nearest, 0, x.shape[axis] - 1), axis)
    return x


def slice_(inputs: Arrays, a: Attributes) -> np.ndarray:
    x, starts, stops = inputs[:3]
    axes = inputs[3] if len(inputs) > 3 and inputs[3] is not None else range(len(starts))
    paces = inputs[4] if len(inputs) > 4 and inputs[4] is not None else [1] * len(starts)
    region = [slice(None)] * x.ndim
    for start, stop, axis, pace in zip(starts, stops, axes, paces, strict=True):
        region[int(axis)] = slice(int(start), int(stop), int(pace))
    return x[tuple(region)]


def pad(inputs: Arrays, a: Attributes) -> np.ndarray:
    x, pads = inputs[:2]
    value = 0.0 if len(inputs) < 3 or inputs[2] is None else float(inputs[2])
    half = len(pads) // 2
    pairs = list(zip(pads[:half], pads[half:], strict=True))
    x = np.pad(x, [(max(before, 0), max(after, 0)) for before, after in pairs], constant_values=value)
    # negative pads crop
    return x[
        tuple(slice(max(-before, 0), n - max(-after, 0)) for (before, after), n in zip(pairs, x.shape, strict=True))
    ]


def split(inputs: Arrays, a: Attributes) -> Arrays:
    bounds = np.cumsum(inputs[1])[:-1]
    return list(np.split(inputs[0], bounds, a.get("axis", 0)))


def batch_norm(inputs: Arrays, a: Attributes) -> np.ndarray:
    x, scale, bias, mean, variance = (v if i == 0 else v.reshape(1, -1, 1, 1) for i, v in enumerate(inputs))
    return scale * (x - mean) / np.sqrt(variance + a.get("epsilon", 1e-5)) + bias


def gemm(inputs: Arrays, a: Attributes) -> np.ndarray:
    x, w = (v.T if a.get(key, 0) else v for v, key in zip(inputs, ("transA", "transB"), strict=False))
    return x @ w + (inputs[2] if len(inputs) > 2 else 0)


OPERATORS: dict[str, Callable[[Arrays, Attributes], Any]] = {
    "Abs": lambda v, a: np.abs(v[0]),
    "Add": lambda v, a: v[0] + v[1],
    "AveragePool": average_pool,
    "BatchNormalization": batch_norm,
    "Clip": lambda v, a: np.clip(v[0], v[1], v[2]),
    "Concat": lambda v, a: np.concatenate(v, a["axis"]),
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "MatMul": lambda x, a: x[0] @ x[1],
    "Transpose": lambda x, a: x[0].transpose(a["perm"]),
    "Reshape": lambda x, a: x[0].reshape(x[1]),
    "Flatten": lambda v, a: v[0].reshape(v[0].shape[0], -1),
    "Gemm": gemm,
    "GlobalAveragePool": lambda v, a: v[0].mean((2, 3), keepdims=True),
    "HardSigmoid": lambda v, a: np.clip(np.float32(0.2) * v[0] + 0.5, 0, 1),
    "Identity": lambda v, a: v[0],
    "LeakyRelu": lambda v, a: np.where(v[0] < 0, a["alpha"] * v[0], v[0]),
    "MaxPool": max_pool,
    "Mul": lambda v, a: v[0] * v[1],
    "Neg": lambda v, a: -v[0],
    "Pad": pad,
    "Relu": lambda v, a: np.maximum(v[0], 0),
    "Resize": resize,
    "Slice": slice_,
    "Split": split,
    "Sub": lambda v, a: v[0] - v[1],
    "Sum": lambda v, a: sum(v),
}
