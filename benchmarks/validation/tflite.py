"""A network of ours as the int8 TFLite file that Vela compiles.

Weights are random bytes, scales are arbitrary: an estimate of cycles does not depend on values. Pads become TFLite's
SAME where the sizes of maps agree, which may shift a window by a row, and VALID otherwise.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from restructure import operators
from restructure.graph import Graph, Node

if TYPE_CHECKING:
    from restructure.operators import Window

__all__ = ["write"]

_ACTIVATIONS = {"Relu": "RELU", "Clip": "RELU6"}
_INT8, _INT32 = "INT8", "INT32"
_SCALE = 0.05


def write(graph: Graph, path: Path) -> None:
    """Write an int8 version of a network of convolutions, pools, residual Adds, Concats and matrix products.

    Raises:
        ValueError: it holds another operator.
    """
    import flatbuffers

    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(_Writer(graph).model().Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))


class _Writer:
    """Walks the nodes once; ends in `model`."""

    def __init__(self, graph: Graph) -> None:
        from ai_edge_litert import schema_py_generated

        self.schema: Any = schema_py_generated
        self.graph = graph
        self.random = np.random.default_rng(0)
        self.buffers = [self.schema.BufferT()]
        self.tensors: list[Any] = []
        self.operators: list[Any] = []
        self.codes: dict[int, int] = {}
        self.ids: dict[str, int] = {}

    def model(self) -> Any:
        graph, schema = self.graph, self.schema
        for name in graph.inputs:
            self._activation(name)
        fused = set[int]()
        for node in graph.nodes:
            if node.index not in fused:
                last = self._follower(node)
                fused.update([] if last is node else [last.index])
                self._add(node, last)
        part = schema.SubGraphT()
        part.tensors, part.operators, part.name = self.tensors, self.operators, graph.name.encode()
        part.inputs = [self.ids[name] for name in graph.inputs]
        part.outputs = [self.ids[name] for name in graph.outputs]
        model = schema.ModelT()
        model.version, model.subgraphs, model.buffers = 3, [part], self.buffers
        model.operatorCodes = []
        for builtin in self.codes:
            code = schema.OperatorCodeT()
            code.builtinCode, code.deprecatedBuiltinCode, code.version = builtin, min(builtin, 127), 1
            model.operatorCodes.append(code)
        return model

    def _follower(self, node: Node) -> Node:
        """Return the activation that a node's result goes into, and nothing else does; else the node itself."""
        readers = self.graph.consumers(node.outputs[0])
        alone = len(readers) == 1 and node.outputs[0] not in self.graph.outputs
        fuses = node.op_type in ("Conv", "Gemm", "Add") and alone and readers[0].op_type in _ACTIVATIONS
        return readers[0] if fuses else node

    def _tensor(self, name: str, shape: tuple[int, ...], dtype: str = _INT8, data: bytes | None = None) -> int:
        tensor, quantisation = self.schema.TensorT(), self.schema.QuantizationParametersT()
        quantisation.scale, quantisation.zeroPoint = [_SCALE if dtype == _INT8 else _SCALE**2], [0]
        tensor.name, tensor.shape, tensor.type = name.encode(), list(shape), getattr(self.schema.TensorType, dtype)
        tensor.quantization, tensor.buffer = quantisation, 0
        if data is not None:
            buffer = self.schema.BufferT()
            buffer.data = np.frombuffer(data, np.uint8)
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def _activation(self, name: str) -> int:
        if name not in self.ids:
            shape = self.graph.tensors[name].shape
            n, c, *rest = shape
            self.ids[name] = self._tensor(name, (n, *rest, c) if len(shape) == 4 else shape)
        return self.ids[name]

    def _weight(self, name: str, shape: tuple[int, ...]) -> int:
        return self._tensor(name, shape, data=self.random.integers(-127, 128, shape).astype(np.int8).tobytes())

    def _bias(self, node: Node, count: int) -> int:
        return self._tensor(f"{node.name}.bias", (count,), _INT32, bytes(4 * count))

    def _emit(self, builtin: str, options: Any, inputs: list[int], output: str) -> None:
        code = getattr(self.schema.BuiltinOperator, builtin)
        made = self.schema.OperatorT()
        made.opcodeIndex = self.codes.setdefault(code, len(self.codes))
        made.inputs, made.outputs = inputs, [self._activation(output)]
        made.builtinOptionsType = getattr(self.schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        made.builtinOptions = options
        self.operators.append(made)

    def _add(self, node: Node, last: Node) -> None:
        rules = {
            "Conv": self._conv,
            "Gemm": self._gemm,
            "MaxPool": self._pool,
            "AveragePool": self._pool,
            "GlobalAveragePool": self._pool,
            "Add": self._sum,
            "Concat": self._concat,
            "Flatten": self._reshape,
            "Reshape": self._reshape,
        }
        if node.op_type not in rules:
            raise ValueError(f"{node.name!r}: must be one of {', '.join(rules)}, got {node.op_type}")
        rules[node.op_type](node, last)

    def _fused(self, options: Any, node: Node, last: Node) -> Any:
        kinds = self.schema.ActivationFunctionType
        options.fusedActivationFunction = kinds.NONE if last is node else getattr(kinds, _ACTIVATIONS[last.op_type])
        return options

    def _padding(self, g: Window) -> int:
        same = all(-(-size // s) == out for size, s, out in zip(g.in_spatial, g.strides, g.out_spatial, strict=True))
        return int(self.schema.Padding.SAME if same and any(g.pads) else self.schema.Padding.VALID)

    def _conv(self, node: Node, last: Node) -> None:
        g = operators.conv_geometry(node, self.graph)
        depthwise = g.depthwise
        options = self.schema.DepthwiseConv2DOptionsT() if depthwise else self.schema.Conv2DOptionsT()
        options.padding = self._padding(g)
        options.strideH, options.strideW = g.strides
        options.dilationHFactor, options.dilationWFactor = 1, 1
        if depthwise:
            options.depthMultiplier = g.filters // g.channels
        shape = (1, *g.kernel, g.filters) if depthwise else (g.filters, *g.kernel, g.channels // g.groups)
        operands = [self._activation(node.inputs[0]), self._weight(node.inputs[1], shape), self._bias(node, g.filters)]
        kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        self._emit(kind, self._fused(options, node, last), operands, last.outputs[0])

    def _gemm(self, node: Node, last: Node) -> None:
        options = self._fused(self.schema.FullyConnectedOptionsT(), node, last)
        shape = self.graph.tensors[node.inputs[1]].shape
        turned = bool(self.graph.call(node).integer("transB", 0))
        filters, channels = shape if turned else shape[::-1]
        weight = self._weight(node.inputs[1], (filters, channels))
        operands = [self._activation(node.inputs[0]), weight, self._bias(node, filters)]
        self._emit("FULLY_CONNECTED", options, operands, last.outputs[0])

    def _pool(self, node: Node, last: Node) -> None:
        g = operators.pool_geometry(node, self.graph)
        options = self._fused(self.schema.Pool2DOptionsT(), node, last)
        options.padding = self._padding(g)
        options.filterHeight, options.filterWidth = g.in_spatial if g.is_global else g.kernel
        options.strideH, options.strideW = g.strides
        kind = "MAX_POOL_2D" if node.op_type == "MaxPool" else "AVERAGE_POOL_2D"
        self._emit(kind, options, [self._activation(node.inputs[0])], last.outputs[0])

    def _sum(self, node: Node, last: Node) -> None:
        operands = [self._activation(name) for name in node.inputs]
        self._emit("ADD", self._fused(self.schema.AddOptionsT(), node, last), operands, last.outputs[0])

    def _concat(self, node: Node, last: Node) -> None:
        options = self._fused(self.schema.ConcatenationOptionsT(), node, last)
        options.axis = 3
        self._emit("CONCATENATION", options, [self._activation(name) for name in node.inputs], last.outputs[0])

    def _reshape(self, node: Node, last: Node) -> None:
        options = self.schema.ReshapeOptionsT()
        options.newShape = list(self.graph.tensors[node.outputs[0]].shape)
        self._emit("RESHAPE", options, [self._activation(node.inputs[0])], last.outputs[0])
