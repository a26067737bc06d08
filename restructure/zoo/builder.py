"""Builds onnx-ir models layer by layer, the way an inference export looks."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from restructure.operators import Shape
from restructure.zoo.weights import WeightKind, lazy_weight

__all__ = ["Builder"]

OPSET = 17
IR_VERSION = 8

Size = int | tuple[int, int]
Attribute = int | float | Sequence[int]


def _pair(size: Size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def _attribute(name: str, value: Attribute) -> ir.Attr:
    if isinstance(value, float):
        return ir.AttrFloat32(name, value)
    return ir.AttrInt64(name, value) if isinstance(value, int) else ir.AttrInt64s(name, value)


class Builder:
    """A model under construction. Starts with its input, grows by a layer per call, ends in `finish`.

    Args:
        batchnorm: keep BatchNormalization as a node of its own, as in training; by default it is folded into the
            convolution before it (one bias per filter), as inference exports have it.
    """

    def __init__(self, name: str, input_shape: Shape, batchnorm: bool = False) -> None:
        self.name = name
        self.batchnorm = batchnorm
        self.input = self._value("input", input_shape)
        self.nodes: list[ir.Node] = []
        self.initializers: dict[str, ir.Value] = {}
        self._channels: dict[int, int] = {id(self.input): input_shape[1]}

    @staticmethod
    def _value(name: str, shape: Shape) -> ir.Value:
        return ir.Value(name=name, type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape(shape))

    def channels(self, value: ir.Value) -> int:
        """Return the extent of axis 1."""
        return self._channels[id(value)]

    def emit(
        self,
        op_type: str,
        name: str,
        inputs: Sequence[ir.Value],
        channels: int,
        attributes: Mapping[str, Attribute] | None = None,
    ) -> ir.Value:
        """Append any operator with one output; `channels` is the extent of the output's axis 1."""
        return self.emit_parts(op_type, name, inputs, [channels], attributes)[0]

    def emit_parts(
        self,
        op_type: str,
        name: str,
        inputs: Sequence[ir.Value],
        channels: Sequence[int],
        attributes: Mapping[str, Attribute] | None = None,
    ) -> list[ir.Value]:
        """Append any operator, with an output for each of `channels`."""
        names = [name] if len(channels) == 1 else [f"{name}.{part}" for part in range(len(channels))]
        outputs = [ir.Value(name=each) for each in names]
        listed = [_attribute(key, value) for key, value in (attributes or {}).items()]
        self.nodes.append(ir.Node("", op_type, inputs, listed, outputs=outputs, name=name))
        self._channels.update((id(output), extent) for output, extent in zip(outputs, channels, strict=True))
        return outputs

    def _initializer(self, name: str, tensor: ir.TensorProtocol) -> ir.Value:
        if name not in self.initializers:
            value = ir.Value(name=name, type=ir.TensorType(tensor.dtype), shape=tensor.shape, const_value=tensor)  # type: ignore[arg-type]
            self.initializers[name] = value
        return self.initializers[name]

    def constant(self, name: str, value: float | Sequence[int]) -> ir.Value:
        """Return a float32 scalar or a list of integers, one initializer for each name."""
        dtype: npt.DTypeLike = np.float32 if isinstance(value, float) else np.int64
        return self._initializer(name, ir.Tensor(np.array(value, dtype), name=name))

    def weight(self, name: str, shape: Shape, kind: WeightKind) -> ir.Value:
        """Return a learned value, made when somebody asks."""
        return self._initializer(name, lazy_weight(name, shape, kind))

    def conv(
        self,
        x: ir.Value,
        filters: int,
        kernel: Size,
        name: str,
        *,
        stride: int = 1,
        padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
    ) -> ir.Value:
        """Append a convolution; `padding` is (vertical, horizontal), the same at both ends."""
        size, (vertical, horizontal) = _pair(kernel), _pair(padding)
        operands = [x, self.weight(f"{name}.weight", (filters, self.channels(x) // groups, *size), "filter")]
        if bias:
            operands.append(self.weight(f"{name}.bias", (filters,), "bias"))
        attributes: Mapping[str, Attribute] = {
            "dilations": (1, 1),
            "group": groups,
            "kernel_shape": size,
            "pads": (vertical, horizontal, vertical, horizontal),
            "strides": (stride, stride),
        }
        return self.emit("Conv", name, operands, filters, attributes)

    def conv_bn(
        self,
        x: ir.Value,
        filters: int,
        kernel: Size,
        name: str,
        *,
        stride: int = 1,
        padding: Size = 0,
        groups: int = 1,
    ) -> ir.Value:
        """Append a convolution with BatchNorm: folded into a bias, or as a node of its own."""
        y = self.conv(x, filters, kernel, name, stride=stride, padding=padding, groups=groups, bias=not self.batchnorm)
        return self.batch_norm(y, f"{name}.bn") if self.batchnorm else y

    def batch_norm(self, x: ir.Value, name: str) -> ir.Value:
        kinds: dict[str, WeightKind] = {"weight": "scale", "bias": "bias", "mean": "mean", "var": "variance"}
        channels = self.channels(x)
        weights = [self.weight(f"{name}.{part}", (channels,), kind) for part, kind in kinds.items()]
        return self.emit("BatchNormalization", name, [x, *weights], channels)

    def relu(self, x: ir.Value) -> ir.Value:
        return self.activation("Relu", x)

    def activation(self, op_type: str, x: ir.Value, attributes: Mapping[str, Attribute] | None = None) -> ir.Value:
        """Append a function of one element."""
        return self.emit(op_type, f"{x.name}.{op_type.lower()}", [x], self.channels(x), attributes)

    def relu6(self, x: ir.Value) -> ir.Value:
        bounds = [self.constant("relu6.min", 0.0), self.constant("relu6.max", 6.0)]
        return self.emit("Clip", f"{x.name}.relu6", [x, *bounds], self.channels(x))

    def _pool(self, op_type: str, x: ir.Value, name: str, attributes: Mapping[str, Attribute]) -> ir.Value:
        return self.emit(op_type, name, [x], self.channels(x), attributes)

    def max_pool(
        self, x: ir.Value, kernel: int, name: str, *, stride: int, padding: int = 0, ceil_mode: bool = False
    ) -> ir.Value:
        attributes: Mapping[str, Attribute] = {
            "ceil_mode": int(ceil_mode),
            "kernel_shape": (kernel, kernel),
            "pads": (padding,) * 4,
            "strides": (stride, stride),
        }
        return self._pool("MaxPool", x, name, attributes)

    def average_pool(self, x: ir.Value, kernel: int, name: str, *, stride: int, padding: int = 0) -> ir.Value:
        """Append an average over the padded window (pads count, as PyTorch's default has it)."""
        attributes: Mapping[str, Attribute] = {
            "count_include_pad": 1,
            "kernel_shape": (kernel, kernel),
            "pads": (padding,) * 4,
            "strides": (stride, stride),
        }
        return self._pool("AveragePool", x, name, attributes)

    def global_average_pool(self, x: ir.Value, name: str) -> ir.Value:
        return self._pool("GlobalAveragePool", x, name, {})

    def add(self, left: ir.Value, right: ir.Value, name: str) -> ir.Value:
        return self.emit("Add", name, [left, right], self.channels(left))

    def mul(self, left: ir.Value, right: ir.Value, name: str) -> ir.Value:
        return self.emit("Mul", name, [left, right], self.channels(left))

    def concat(self, parts: Sequence[ir.Value], name: str) -> ir.Value:
        return self.emit("Concat", name, parts, sum(self.channels(part) for part in parts), {"axis": 1})

    def flatten(self, x: ir.Value, name: str, features: int | None = None) -> ir.Value:
        """Append Flatten; `features` is the length of a row where the input is more than 1×1."""
        return self.emit("Flatten", name, [x], features or self.channels(x), {"axis": 1})

    def gemm(self, x: ir.Value, features: int, name: str) -> ir.Value:
        """Append a fully connected layer with bias."""
        weights = self.weight(f"{name}.weight", (features, self.channels(x)), "filter")
        bias = self.weight(f"{name}.bias", (features,), "bias")
        return self.emit("Gemm", name, [x, weights, bias], features, {"transB": 1})

    def finish(self, output: ir.Value, shape: Shape) -> ir.Model:
        """Name the output and return the model."""
        output.name, output.shape, output.type = "output", ir.Shape(shape), ir.TensorType(ir.DataType.FLOAT)
        graph = ir.Graph(
            [self.input],
            [output],
            nodes=self.nodes,
            initializers=list(self.initializers.values()),
            opset_imports={"": OPSET},
            name=self.name,
        )
        return ir.Model(graph, ir_version=IR_VERSION, producer_name="restructure.zoo")
