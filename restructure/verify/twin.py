"""A twin of a model: the same operators, attributes, wiring and order, on synthetic weights.

All floating-point types become float32. Weights are found by name; one that the restructured model derives from a
weight of the original (a slice of it) is derived in the twin as well. In the integer-valued twin element-wise
reductions follow the operators that `exactness` names; nothing else is added, removed or moved.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from restructure import dtypes
from restructure.graph import Graph, Node
from restructure.operators import Array
from restructure.verify.exactness import Reduction, reduction_of
from restructure.verify.roles import FLOATS
from restructure.verify.store import WeightStore
from restructure.verify.values import MODULUS, power_of_two

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["compared_outputs", "make_twin", "write_twin"]

_QUANTISING = ("QuantizeLinear", "DequantizeLinear")


def compared_outputs(graph: Graph) -> list[str]:
    """Return the outputs that some node computes (a weight handed out unchanged proves nothing)."""
    return [name for name in dict.fromkeys(graph.outputs) if graph.producer(name) is not None]


def make_twin(graph: Graph, store: WeightStore, integer: bool, on_grid: bool = False) -> "ir.Model":
    """Return the twin of a model whose weights are those of `store`.

    Args:
        integer: bring every result back to small integers.
        on_grid: let the scales of quantised values be powers of two.
    """
    return _Twin(graph, store, integer, on_grid).build()


def write_twin(graph: Graph, store: WeightStore, path: Path, integer: bool, on_grid: bool = False) -> None:
    """Write the twin of a model to a file in the store's folder; large weights stay in the store's."""
    import onnx_ir as ir

    path.write_bytes(ir.to_proto(make_twin(graph, store, integer, on_grid)).SerializeToString())


class _Twin:
    """A twin under construction: values by name, nodes in order."""

    def __init__(self, graph: Graph, store: WeightStore, integer: bool, on_grid: bool) -> None:
        self.graph, self.store, self.integer = graph, store, integer
        self.scales = {n.inputs[1] for n in graph.nodes if n.op_type in _QUANTISING} if on_grid else set()
        self.values: dict[str, ir.Value] = {}
        self.initializers: dict[str, ir.Value] = {}
        self.nodes: list[ir.Node] = []
        self.made = {str(v.name): n for n in graph.model.graph for v in n.outputs if v.name}

    def build(self) -> "ir.Model":
        import onnx_ir as ir

        inputs = [self._typed(name) for name in self.graph.inputs]
        for node in self.graph.nodes:
            self._copy(node)
        outputs = [self._typed(name) for name in compared_outputs(self.graph)]
        graph = ir.Graph(
            inputs,
            outputs,
            nodes=self.nodes,
            initializers=list(self.initializers.values()),
            opset_imports=dict(self.graph.model.opset_imports),
            name="twin",
        )
        return ir.Model(graph, ir_version=self.graph.model.ir_version)

    def _typed(self, name: str) -> "ir.Value":
        import onnx_ir as ir

        value, tensor = self._value(name), self.graph.tensors[name]
        dtype = ir.DataType.FLOAT if tensor.dtype in FLOATS else ir.DataType(dtypes.to_onnx(tensor.dtype))
        value.type, value.shape = ir.TensorType(dtype), ir.Shape(tensor.shape)
        return value

    def _value(self, name: str) -> "ir.Value":
        import onnx_ir as ir

        value = self.values.get(name)
        if value is None:
            value = self.values[name] = ir.Value(name=name)
        return value

    def _copy(self, node: Node) -> None:
        reduction = reduction_of(self.graph, node) if self.integer else None
        operands = [self._operand(name) if name else None for name in node.inputs]
        attributes = list(_widened(self.graph.original(node)))
        if reduction is None:
            self._emit(node.op_type, node.domain, operands, attributes, node.outputs, node.name)
            return
        raw = [f"{name}::raw" if name else "" for name in node.outputs]
        self._emit(node.op_type, node.domain, operands, attributes, raw, node.name)
        for name in filter(None, node.outputs):
            self._reduce(name, reduction)

    def _emit(
        self,
        op_type: str,
        domain: str,
        operands: "list[ir.Value | None]",
        attributes: "list[ir.Attr]",
        outputs: Iterable[str],
        name: str,
    ) -> None:
        import onnx_ir as ir

        results = [self._value(output) if output else ir.Value(name="") for output in outputs]
        self.nodes.append(ir.Node(domain, op_type, operands, attributes, outputs=results, name=name))

    def _reduce(self, name: str, reduction: Reduction) -> None:
        """Append x·scale, rounded, then x − 31·⌊x/31 + ½⌋; x is `name`::raw."""
        x = f"{name}::raw"
        if reduction.scale is not None:
            x = self._step("Mul", x, self._scalar(reduction.scale), f"{name}::scaled")
            x = self._step("Add", x, self._scalar(0.5), f"{name}::half")
            x = self._step("Floor", x, None, f"{name}::integer")
        quotient = self._step("Mul", x, self._scalar(1 / MODULUS), f"{name}::quotient")
        quotient = self._step("Add", quotient, self._scalar(0.5), f"{name}::shifted")
        quotient = self._step("Floor", quotient, None, f"{name}::floor")
        multiple = self._step("Mul", quotient, self._scalar(MODULUS), f"{name}::multiple")
        self._step("Sub", x, self._value(multiple), name)

    def _step(self, op_type: str, x: str, other: "ir.Value | None", result: str) -> str:
        operands = [self._value(x)] if other is None else [self._value(x), other]
        self._emit(op_type, "", list(operands), [], [result], "")
        return result

    def _scalar(self, number: float) -> "ir.Value":
        import onnx_ir as ir

        name = f"reduce::{number}"
        return self._initializer(name, ir.Tensor(np.array(number, np.float32), name=name))

    def _operand(self, name: str) -> "ir.Value":
        if name in self.values or not self.graph.is_constant(name):
            return self._value(name)
        if name in self.store:
            return self._initializer(name, self.store.tensor(name))
        if self._derived(name):
            return self._value(name)
        actual = self.graph.weight(name)
        return self._initializer(name, _actual(power_of_two(actual) if name in self.scales else actual, name))

    def _initializer(self, name: str, tensor: "ir.TensorProtocol") -> "ir.Value":
        value = self._value(name)
        value.const_value = tensor
        self.initializers[name] = value
        return value

    def _derived(self, name: str) -> bool:
        """Copy the nodes that make weight `name` out of weights of the store, if there are any."""
        node = self.made.get(name)
        operands = [str(v.name) for v in node.inputs if v is not None] if node is not None else []
        if node is None or not any(self._rests_on_store(operand) for operand in operands):
            return False
        inputs = [None if v is None else self._operand(str(v.name)) for v in node.inputs]
        self._emit(node.op_type, node.domain, inputs, list(_widened(node)), [str(v.name) for v in node.outputs], "")
        return True

    def _rests_on_store(self, name: str) -> bool:
        if name in self.store:
            return True
        node = self.made.get(name)
        return node is not None and any(v is not None and self._rests_on_store(str(v.name)) for v in node.inputs)


def _widened(node: "ir.Node") -> "Iterator[ir.Attr]":
    """Yield a node's attributes, casts to any floating-point type made casts to float32."""
    import onnx_ir as ir

    for name, attribute in node.attributes.items():
        if node.op_type == "Cast" and name == "to" and dtypes.from_onnx(int(attribute.value)) in FLOATS:
            yield ir.AttrInt64("to", ir.DataType.FLOAT.value)
        else:
            yield attribute


def _actual(array: Array, name: str) -> "ir.TensorProtocol":
    import onnx_ir as ir

    floating = np.issubdtype(array.dtype, np.floating) or array.dtype.name == "bfloat16"
    return ir.tensor(array.astype(np.float32) if floating else array, name=name)
