"""Small random CNNs with integer weights, for hypothesis: what a user's network may hold, in every odd combination.

Windows have any stride, dilation, asymmetric pads, `ceil_mode`, `count_include_pad` and groups; there are branches,
residual adds, concats, gates, transposed convolutions, nearest resizes, crops, pads and several outputs. Values stay
below 2²⁴ (a Clip follows where they might not), so that float32 is exact wherever nothing is divided.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from hypothesis import strategies as st
from onnx import helper, numpy_helper

__all__ = ["Network", "networks"]

LARGEST_SIDE = 24
LARGEST_VALUE = 2**20
CHANNELS = 6
Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(frozen=True)
class Network:
    """A random model, the inputs to feed it, and whether every value in it is an integer."""

    model: onnx.ModelProto
    feeds: dict[str, np.ndarray]
    exact: bool


@dataclass
class Value:
    """A tensor under construction: its shape 1×C×H×W and a bound on its magnitude."""

    name: str
    channels: int
    height: int
    width: int
    bound: float

    @property
    def sides(self) -> tuple[int, int]:
        return self.height, self.width


@dataclass
class Builder:
    """A network under construction; every draw decides one thing."""

    draw: Draw
    generator: np.random.Generator
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    exact: bool = True

    def integer(self, low: int, high: int) -> int:
        return int(self.draw(st.integers(low, high)))

    def choose(self, options: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(options))

    def flag(self) -> bool:
        return bool(self.draw(st.booleans()))

    def constant(self, array: Any) -> str:
        name = f"k{len(self.weights)}"
        self.weights[name] = np.asarray(array)
        return name

    def small(self, *shape: int) -> str:
        return self.constant(self.generator.integers(-1, 2, shape).astype(np.float32))

    def emit(self, op_type: str, inputs: Sequence[str], outputs: int = 1, **attributes: Any) -> list[str]:
        index = len(self.nodes)
        names = [f"t{index}"] if outputs == 1 else [f"t{index}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op_type, inputs, names, name=f"{op_type.lower()}{index}", **attributes))
        return names

    def window(self, side: int, largest_kernel: int = 4) -> tuple[int, int, int, int, int]:
        """Draw (kernel, stride, dilation, pad before, pad after) that fits into `side` positions."""
        kernel = self.integer(1, largest_kernel)
        dilation = self.integer(1, 2)
        extent = dilation * (kernel - 1) + 1
        before, after = self.integer(0, kernel - 1), self.integer(0, kernel - 1)
        if side + before + after < extent:
            kernel, dilation, extent, before, after = 1, 1, 1, 0, 0
        return kernel, self.integer(1, 3), dilation, before, after

    def tamed(self, x: Value) -> Value:
        if x.bound < LARGEST_VALUE:
            return x
        low, high = self.constant(np.float32(-7)), self.constant(np.float32(7))
        return Value(self.emit("Clip", [x.name, low, high])[0], x.channels, *x.sides, 7)


def steps(side: int, window: tuple[int, int, int, int, int], ceil_mode: bool = False) -> int:
    kernel, stride, dilation, before, after = window
    span = side + before + after - dilation * (kernel - 1) - 1
    count = (-(-span // stride) if ceil_mode else span // stride) + 1
    return count - 1 if ceil_mode and (count - 1) * stride >= side + before else count


def settled(sides: Sequence[int], windows: Sequence[tuple[int, int, int, int, int]]) -> bool:
    """Whether ceil_mode drops no window: where it does, onnxruntime plans with one size and computes another."""
    for side, window in zip(sides, windows, strict=True):
        kernel, stride, dilation, before, after = window
        span = side + before + after - dilation * (kernel - 1) - 1
        if -(-span // stride) * stride >= side + before:
            return False
    return True


def attributes_of(windows: Sequence[tuple[int, int, int, int, int]]) -> dict[str, list[int]]:
    kernels, strides, dilations, before, after = (list(part) for part in zip(*windows, strict=True))
    return {"kernel_shape": kernels, "strides": strides, "dilations": dilations, "pads": [*before, *after]}


def conv(b: Builder, x: Value, same: bool = False) -> Value:
    groups = b.choose([g for g in range(1, x.channels + 1) if x.channels % g == 0])
    filters = x.channels if same else groups * b.integer(1, max(1, CHANNELS // groups))
    windows = [(3, 1, 1, 1, 1)] * 2 if same else [b.window(side) for side in x.sides]
    kernels = [window[0] for window in windows]
    operands = [x.name, b.small(filters, x.channels // groups, *kernels)]
    if b.flag():
        operands.append(b.small(filters))
    bound = x.bound * (x.channels // groups) * kernels[0] * kernels[1] + 1
    name = b.emit("Conv", operands, group=groups, **attributes_of(windows))[0]
    sides = [steps(side, window) for side, window in zip(x.sides, windows, strict=True)]
    return b.tamed(Value(name, filters, sides[0], sides[1], bound))


def depthwise(b: Builder, x: Value) -> Value:
    windows = [b.window(side, 3) for side in x.sides]
    kernels = [window[0] for window in windows]
    filters = x.channels * (b.integer(1, 2) if x.channels <= CHANNELS // 2 else 1)
    name = b.emit("Conv", [x.name, b.small(filters, 1, *kernels)], group=x.channels, **attributes_of(windows))[0]
    sides = [steps(side, window) for side, window in zip(x.sides, windows, strict=True)]
    return b.tamed(Value(name, filters, sides[0], sides[1], x.bound * kernels[0] * kernels[1]))


def conv_transpose(b: Builder, x: Value) -> Value:
    if max(x.sides) > LARGEST_SIDE // 2:
        return conv(b, x)
    kernel, stride, dilation = b.integer(1, 3), b.integer(1, 2), b.integer(1, 2)
    extent = dilation * (kernel - 1) + 1
    pads = [b.integer(0, (extent - 1) // 2) for _ in range(4)]
    extra = b.integer(0, stride - 1)
    sides = [stride * (n - 1) + extra + extent - pads[i] - pads[i + 2] for i, n in enumerate(x.sides)]
    if min(sides) < 1:
        return conv(b, x)
    filters = b.integer(1, CHANNELS)
    name = b.emit(
        "ConvTranspose", [x.name, b.small(x.channels, filters, kernel, kernel)], strides=[stride] * 2,
        dilations=[dilation] * 2, pads=pads, output_padding=[extra] * 2, kernel_shape=[kernel] * 2,
    )[0]  # fmt: skip
    return b.tamed(Value(name, filters, sides[0], sides[1], x.bound * x.channels * kernel * kernel))


def sees_input(side: int, window: tuple[int, int, int, int, int], count: int) -> bool:
    """Whether every window reads at least one position that is not padding: the largest of nothing is no value."""
    kernel, stride, dilation, before, _ = window
    starts = (index * stride - before for index in range(count))
    return all(any(0 <= start + dilation * k < side for k in range(kernel)) for start in starts)


def max_pool(b: Builder, x: Value) -> Value:
    drawn = [(side, b.window(side)) for side in x.sides]
    ceil_mode = b.flag() and settled(x.sides, [window for _, window in drawn])
    windows = [w if sees_input(side, w, steps(side, w, ceil_mode)) else (1, 2, 1, 0, 0) for side, w in drawn]
    ceil_mode = ceil_mode and settled(x.sides, windows)
    name = b.emit("MaxPool", [x.name], ceil_mode=int(ceil_mode), **attributes_of(windows))[0]
    sides = [steps(side, window, ceil_mode) for side, window in zip(x.sides, windows, strict=True)]
    return Value(name, x.channels, sides[0], sides[1], x.bound)


def average_pool(b: Builder, x: Value) -> Value:
    plain = [(kernel, stride, 1, 0, 0) if side + before + after < kernel else (kernel, stride, 1, before, after)
             for side in x.sides for kernel, stride, _, before, after in [b.window(side, 3)]]  # fmt: skip
    windows = [window if side >= window[0] else (1, 1, 1, 0, 0) for side, window in zip(x.sides, plain, strict=True)]
    ceil_mode, include = b.flag() and settled(x.sides, windows), b.flag()
    attributes = attributes_of(windows)
    del attributes["dilations"]
    name = b.emit("AveragePool", [x.name], ceil_mode=int(ceil_mode), count_include_pad=int(include), **attributes)[0]
    b.exact = False
    sides = [steps(side, window, ceil_mode) for side, window in zip(x.sides, windows, strict=True)]
    return Value(name, x.channels, sides[0], sides[1], x.bound)


def activation(b: Builder, x: Value) -> Value:
    kind = b.choose(["Relu", "Clip", "BatchNormalization", "Neg", "Abs", "LeakyRelu"])
    if kind == "Clip":
        operands, bound = [x.name, b.constant(np.float32(0)), b.constant(np.float32(6))], 6.0
        return Value(b.emit("Clip", operands)[0], x.channels, *x.sides, bound)
    if kind == "BatchNormalization":
        ones = b.constant(np.ones(x.channels, np.float32))
        operands = [x.name, b.small(x.channels), b.small(x.channels), b.small(x.channels), ones]
        name = b.emit(kind, operands, epsilon=0.0)[0]
        return b.tamed(Value(name, x.channels, *x.sides, x.bound + 2))
    attributes = {"alpha": 0.5} if kind == "LeakyRelu" else {}
    b.exact = b.exact and kind != "LeakyRelu"
    return Value(b.emit(kind, [x.name], **attributes)[0], x.channels, *x.sides, x.bound)


def residual(b: Builder, x: Value) -> Value:
    branch = conv(b, x, same=True)
    if b.flag():
        branch = activation(b, branch)
    if b.flag():
        branch = conv(b, branch, same=True)
    operands = [x.name, branch.name] if b.flag() else [branch.name, x.name]
    return b.tamed(Value(b.emit("Add", operands)[0], x.channels, *x.sides, x.bound + branch.bound))


def branches(b: Builder, x: Value) -> Value:
    """Two or three ways through, of equal stride, joined by channels; one may be the input itself."""
    parts = [same_sides(b, x) for _ in range(b.integer(2, 3))]
    channels, bound = sum(part.channels for part in parts), max(part.bound for part in parts)
    joined = Value(b.emit("Concat", [part.name for part in parts], axis=1)[0], channels, *x.sides, bound)
    if channels <= 2 * CHANNELS:
        return joined
    return b.tamed(Value(b.emit("Conv", [joined.name, b.small(3, channels, 1, 1)])[0], 3, *x.sides, bound * channels))


def same_sides(b: Builder, x: Value) -> Value:
    kind = b.choose(["itself", "conv", "pool", "pointwise"])
    if kind == "conv":
        return conv(b, x, same=True)
    if kind == "pool":
        name = b.emit("MaxPool", [x.name], kernel_shape=[3, 3], pads=[1, 1, 1, 1])[0]
        return Value(name, x.channels, *x.sides, x.bound)
    if kind == "pointwise":
        filters = b.integer(1, 3)
        name = b.emit("Conv", [x.name, b.small(filters, x.channels, 1, 1)])[0]
        return b.tamed(Value(name, filters, *x.sides, x.bound * x.channels))
    return x


def gate(b: Builder, x: Value) -> Value:
    """Squeeze and excite: every element depends on the whole tensor."""
    squeezed = b.emit("GlobalAveragePool", [x.name])[0]
    excited = b.emit("Conv", [squeezed, b.small(x.channels, x.channels, 1, 1)])[0]
    opened = b.emit("HardSigmoid", [excited])[0]
    b.exact = False
    return Value(b.emit("Mul", [x.name, opened])[0], x.channels, *x.sides, x.bound)


def by_position(b: Builder, x: Value) -> Value:
    """A constant that differs by row, by column or both is added."""
    rows, columns = x.sides
    shapes = [(columns,), (rows, 1), (rows, columns), (x.channels, rows, 1), (1, x.channels, rows, columns)]
    made = b.emit("Add", [x.name, b.small(*b.choose(shapes))])[0]
    return b.tamed(Value(made, x.channels, *x.sides, x.bound + 1))


def resize(b: Builder, x: Value) -> Value:
    if max(x.sides) > LARGEST_SIDE // 2:
        return max_pool(b, x)
    factors = [b.integer(1, 3), b.integer(1, 3)]
    sides = [min(side * factor, LARGEST_SIDE) for side, factor in zip(x.sides, factors, strict=True)]
    coordinates, rounding = b.choose([("asymmetric", "floor"), ("half_pixel", "round_prefer_floor")])
    if [side * factor for side, factor in zip(x.sides, factors, strict=True)] == sides and b.flag():
        operands = [x.name, "", b.constant(np.array([1, 1, *factors], np.float32))]
    else:
        operands = [x.name, "", "", b.constant(np.array([1, x.channels, *sides]))]
    name = b.emit(
        "Resize", operands, mode="nearest", coordinate_transformation_mode=coordinates, nearest_mode=rounding
    )[0]
    return Value(name, x.channels, sides[0], sides[1], x.bound)


def crop(b: Builder, x: Value) -> Value:
    axis = b.choose([2, 3])
    side = x.sides[axis - 2]
    start = b.integer(0, side - 1)
    stop = b.integer(start + 1, side)
    operands = [x.name, *(b.constant(np.array([n])) for n in (start, stop, axis))]
    sides = [stop - start if index + 2 == axis else n for index, n in enumerate(x.sides)]
    return Value(b.emit("Slice", operands)[0], x.channels, sides[0], sides[1], x.bound)


def pad(b: Builder, x: Value) -> Value:
    amounts = [b.integer(0, 2) for _ in range(4)]
    value = b.constant(np.float32(b.integer(-2, 2)))
    pads = b.constant(np.array([0, 0, *amounts[:2], 0, 0, *amounts[2:]]))
    sides = [n + amounts[i] + amounts[i + 2] for i, n in enumerate(x.sides)]
    return Value(b.emit("Pad", [x.name, pads, value])[0], x.channels, sides[0], sides[1], x.bound + 2)


def split(b: Builder, x: Value) -> Value:
    """Split channels, take the parts different ways and join them the other way round."""
    if x.channels < 2:
        return activation(b, x)
    first = b.integer(1, x.channels - 1)
    names = b.emit("Split", [x.name, b.constant(np.array([first, x.channels - first]))], 2, axis=1)
    parts = [Value(name, n, *x.sides, x.bound) for name, n in zip(names, (first, x.channels - first), strict=True)]
    ways = [same_sides(b, part) for part in parts][::-1]
    name = b.emit("Concat", [way.name for way in ways], axis=1)[0]
    return Value(name, sum(way.channels for way in ways), *x.sides, max(way.bound for way in ways))


def transposed(b: Builder, name: str, *perm: int) -> str:
    return b.emit("Transpose", [name], perm=perm)[0]


def reshaped(b: Builder, name: str, *shape: int) -> str:
    return b.emit("Reshape", [name, b.constant(np.array(shape))])[0]


def shuffle(b: Builder, x: Value) -> Value:
    """Mix channel groups, as ShuffleNet does."""
    groups = b.choose([g for g in range(1, x.channels + 1) if x.channels % g == 0])
    height = x.height if b.flag() else -1
    apart = reshaped(b, x.name, 1, groups, x.channels // groups, height, x.width)
    name = reshaped(b, transposed(b, apart, 0, 2, 1, 3, 4), 1, -1, x.height, x.width)
    return Value(name, x.channels, *x.sides, x.bound)


def channels_last(b: Builder, x: Value) -> Value:
    """A product over the channels of every position, as ConvNeXt has it."""
    last = transposed(b, x.name, 0, 2, 3, 1)
    filters = b.integer(1, CHANNELS)
    made = b.emit("MatMul", [last, b.small(x.channels, filters)])[0]
    if b.flag():
        made = b.emit("Add", [made, b.small(filters)])[0]
    return b.tamed(Value(transposed(b, made, 0, 3, 1, 2), filters, *x.sides, x.bound * x.channels + 1))


def tokens(b: Builder, x: Value) -> Value:
    """The same on a list of positions; rows end where the list is transposed into a map of its own."""
    listed = transposed(b, reshaped(b, x.name, 1, x.channels, -1), 0, 2, 1)
    filters = b.integer(1, CHANNELS)
    made = b.emit("MatMul", [listed, b.small(x.channels, filters)])[0]
    name = reshaped(b, transposed(b, made, 0, 2, 1), 1, filters, x.height, x.width)
    return b.tamed(Value(name, filters, *x.sides, x.bound * x.channels))


def windows(b: Builder, x: Value) -> Value:
    """Reorder rows inside windows of several."""
    size = b.choose([n for n in range(1, x.height + 1) if x.height % n == 0])
    apart = reshaped(b, x.name, x.channels, x.height // size, size, x.width)
    turned = transposed(b, apart, 1, 0, 2, 3)
    batch = b.emit("Mul", [turned, b.small(size, 1)])[0]
    name = reshaped(b, transposed(b, batch, 1, 0, 2, 3), 1, x.channels, x.height, x.width)
    return Value(name, x.channels, *x.sides, x.bound)


def attention(b: Builder, x: Value) -> Value:
    """Rows against all rows."""
    scores = b.emit("MatMul", [x.name, transposed(b, x.name, 0, 1, 3, 2)])[0]
    return b.tamed(Value(scores, x.channels, x.height, x.height, x.bound**2 * x.width))


LAYERS = (
    conv, conv, conv, depthwise, activation, activation, max_pool, max_pool, average_pool, residual, residual, branches,
    branches, conv_transpose, resize, gate, crop, pad, split, shuffle, channels_last, tokens, windows, attention,
    by_position,
)  # fmt: skip


@st.composite
def networks(draw: Draw, largest: int = 8) -> Network:
    """Return networks of up to `largest` layers (a layer may be several nodes)."""
    builder = Builder(draw, np.random.default_rng(draw(st.integers(0, 2**16))))
    height, width = builder.integer(4, LARGEST_SIDE), builder.integer(1, LARGEST_SIDE)
    x = Value("x", builder.integer(1, 4), height, width, 4)
    feeds = {"x": builder.generator.integers(-4, 5, (1, x.channels, height, width)).astype(np.float32)}
    for _ in range(builder.integer(1, largest)):
        layer = builder.choose(LAYERS)
        if layer is gate and builder.integer(0, 2):
            layer = conv
        x = layer(builder, x)
        if max(x.sides) > LARGEST_SIDE:
            x = max_pool_by_two(builder, x)
    if builder.flag():
        x = classifier(builder, x)
    return Network(_model(builder, feeds, x), feeds, builder.exact)


def max_pool_by_two(b: Builder, x: Value) -> Value:
    name = b.emit("MaxPool", [x.name], kernel_shape=[1, 1], strides=[2, 2])[0]
    return Value(name, x.channels, -(-x.height // 2), -(-x.width // 2), x.bound)


def classifier(b: Builder, x: Value) -> Value:
    pooled = b.emit("GlobalAveragePool", [x.name])[0]
    flat = b.emit("Flatten", [pooled])[0]
    b.exact = False
    return Value(b.emit("Gemm", [flat, b.small(3, x.channels)], transB=1)[0], 3, 1, 1, x.bound * x.channels)


def _model(b: Builder, feeds: dict[str, np.ndarray], last: Value) -> onnx.ModelProto:
    """Return the model; besides the last result up to two inner tensors are outputs."""
    if not b.nodes:
        last = activation(b, last)
    made = [name for node in b.nodes for name in node.output if name != last.name]
    extra = b.draw(st.lists(st.sampled_from(made), max_size=2, unique=True)) if made and b.flag() else []
    inputs = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, a.shape) for n, a in feeds.items()]
    outputs = [onnx.ValueInfoProto(name=name) for name in dict.fromkeys([last.name, *extra])]
    weights = [numpy_helper.from_array(array, name) for name, array in b.weights.items()]
    graph = helper.make_graph(b.nodes, "random", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return onnx.shape_inference.infer_shapes(model, strict_mode=True)
