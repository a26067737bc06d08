"""The constants of the rewritten model: the original's weights as they are, and the few small ones that cuts need."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from restructure import dtypes
from restructure.graph import Graph
from restructure.graph.names import fresh
from restructure.operators import Array

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["Constants", "Cut"]

_SMALL = 4096

Cut = tuple[int, int, int]
"""Axis, first position and last + 1."""


class Constants:
    """Initializers by name, made when first asked for. Weights keep their tensors: lazy and external ones stay so.

    Attributes:
        values: the initializers so far, in the order they were needed.
        nodes: nodes that compute large constants from others, as the original has them.
    """

    def __init__(self, graph: Graph, taken: set[str]) -> None:
        self.graph = graph
        self.values: dict[str, ir.Value] = {}
        self.nodes: list[ir.Node] = []
        self._taken = taken
        self._made: dict[str, ir.Value] = {}
        self._cut: dict[tuple[str, tuple[Cut, ...]], ir.Value] = {}
        self._numbers: dict[tuple[str, str], ir.Value] = {}
        self._lists: dict[tuple[str, tuple[float, ...]], ir.Value] = {}
        nodes = (*graph.model.graph, *graph.added)
        self._makers = {str(value.name): node for node in nodes for value in node.outputs}

    def get(self, name: str) -> "ir.Value":
        """Return the constant `name` of the graph."""
        if name not in self._made:
            self._made[name] = self._original(name)
        return self._made[name]

    def _original(self, name: str) -> "ir.Value":
        value = self.graph.model.graph.initializers.get(name)
        if value is not None and value.const_value is not None:
            return self._initializer(name, value.const_value)
        maker = self._makers[name]
        if maker.op_type == "Constant" and "value" in maker.attributes:
            return self._initializer(name, maker.attributes["value"].value)
        small = self.graph.constant(name)
        if small is None:
            return self._computed(name, maker)
        return self._array(name, small)

    def _computed(self, name: str, maker: "ir.Node") -> "ir.Value":
        """Keep the node that computes a large constant, and what it needs."""
        import onnx_ir as ir

        inputs = [None if v is None or not v.name else self.get(str(v.name)) for v in maker.inputs]
        outputs = [ir.Value(name=value.name, type=value.type, shape=value.shape) for value in maker.outputs]
        self.nodes.append(
            ir.Node(maker.domain, maker.op_type, inputs, list(maker.attributes.values()), outputs=outputs,
                    name=maker.name)
        )  # fmt: skip
        for value in outputs:
            self._made[str(value.name)] = value
        return self._made[name]

    def _initializer(self, name: str, tensor: "ir.TensorProtocol") -> "ir.Value":
        import onnx_ir as ir

        value = ir.Value(name=name, type=ir.TensorType(tensor.dtype), shape=tensor.shape, const_value=tensor)  # type: ignore[arg-type]
        self.values[name] = value
        return value

    def _array(self, name: str, array: Array) -> "ir.Value":
        import onnx_ir as ir

        return self._initializer(name, ir.Tensor(np.asarray(array, order="C"), name=name))

    def integers(self, numbers: Sequence[int]) -> "ir.Value":
        """Return a shared int64 list."""
        return self._list("int64", tuple(numbers))

    def _list(self, dtype: str, numbers: tuple[float, ...]) -> "ir.Value":
        key = (dtype, numbers)
        if key not in self._lists:
            name = self.fresh("_".join(["rows", *(str(n).replace("-", "m") for n in numbers)]))
            self._lists[key] = self._array(name, np.array(numbers, dtype=dtype))
        return self._lists[key]

    def number(self, number: int, dtype: str) -> "ir.Value":
        """Return a shared whole number of an element type, cast from an integer before the model runs."""
        import onnx_ir as ir

        key = (str(number), dtype)
        if key not in self._numbers:
            made = ir.Value(name=self.fresh(f"count_{number}_{dtype}"))
            to = ir.AttrInt64("to", dtypes.to_onnx(dtype))
            self.nodes.append(ir.Node("", "Cast", [self.integers([number])], [to], outputs=[made], name=str(made.name)))
            self._numbers[key] = made
        return self._numbers[key]

    def part(self, name: str, cuts: Sequence[Cut]) -> "ir.Value":
        """Return part of a weight, taken by a node that runs before the model does.

        Args:
            cuts: (axis, first position, last + 1) of each axis that is not taken whole; none: all of it.
        """
        import onnx_ir as ir

        if not cuts:
            return self.get(name)
        key = (name, tuple(cuts))
        if key not in self._cut:
            inputs: list[ir.Value] = [self.get(name)]
            cut = ir.Value(name=self.fresh(".".join([name, *(f"{start}-{stop}" for _, start, stop in cuts)])))
            axes, starts, ends = zip(*cuts, strict=True)
            attributes = []
            if self.graph.opsets.get("", 1) < 10:
                bounds = (("starts", starts), ("ends", ends), ("axes", axes))
                attributes = [ir.AttrInt64s(what, list(numbers)) for what, numbers in bounds]
            else:
                inputs += [self.integers(numbers) for numbers in (starts, ends, axes)]
            self.nodes.append(ir.Node("", "Slice", inputs, attributes, outputs=[cut], name=str(cut.name)))
            self._cut[key] = cut
        return self._cut[key]

    def fresh(self, name: str) -> str:
        """Return a name nobody has: `name` itself, or with a number."""
        return fresh(name, self._taken)
