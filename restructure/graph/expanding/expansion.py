"""What a node is said in: nodes under construction, with constants that are nodes too."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from restructure.operators import Array, Call, Shape

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["Expansion", "Rule"]

_AXES_OPERAND_OPSET = 13


@dataclass(slots=True)
class Expansion:
    """Nodes that stand for one, in running order; constants are nodes too.

    Attributes:
        value: of operand i if it is known before the model runs.
        fresh: gives a tensor a name that nobody has.
    """

    original: "ir.Node"
    value: Callable[[int], Array | None]
    fresh: Callable[[str], str]
    nodes: "list[ir.Node]" = field(default_factory=list)

    def add(
        self, op_type: str, inputs: Sequence[str], attributes: Mapping[str, Any] | None = None, result: str = ""
    ) -> str:
        """Append a node and return its result's name, a new one if none is given."""
        result = result or self._named(op_type.lower())
        self._append(op_type, inputs, attributes or {}, result)
        return result

    def constant(self, label: str, value: Array) -> str:
        """Append a constant and return its name."""
        import onnx_ir as ir

        name = self._named(label)
        self._append("Constant", (), {"value": ir.Tensor(value, name=name)}, name)
        return name

    def _named(self, label: str) -> str:
        return self.fresh(f"{self.original.outputs[0].name}.{label}")

    def _append(self, op_type: str, inputs: Sequence[str], attributes: Mapping[str, Any], result: str) -> None:
        import onnx_ir as ir

        operands = [ir.Value(name=name) for name in inputs]
        given = ir.convenience.convert_attributes(dict(attributes))
        label = f"{self.original.name or self.original.op_type}.{op_type.lower()}"
        self.nodes.append(ir.Node("", op_type, operands, given, outputs=[ir.Value(name=result)], name=label))

    def reshape(self, name: str, before: Shape, after: Shape) -> str:
        if before == after:
            return name
        return self.add("Reshape", [name, self.constant("shape", np.array(after, np.int64))])

    def transpose(self, name: str, order: Sequence[int]) -> str:
        if list(order) == sorted(order):
            return name
        return self.add("Transpose", [name], {"perm": list(order)})

    def end(self, name: str) -> None:
        """Let a result made here carry the original's name."""
        result = str(self.original.outputs[0].name)
        if self.nodes and self.nodes[-1].outputs[0].name == name:
            self.nodes[-1].outputs[0].name = result
        else:
            self.add("Identity", [name], result=result)

    def part(self, name: str, axis: int, start: int, stop: int) -> str:
        """Append a Slice of one axis."""
        bounds = [
            self.constant(label, np.array([number], np.int64))
            for label, number in (("start", start), ("stop", stop), ("axis", axis))
        ]
        return self.add("Slice", [name, *bounds])

    def summed(self, name: str, axes: Sequence[int], opset: int) -> str:
        """Append a sum over some axes, which vanish."""
        if opset < _AXES_OPERAND_OPSET:
            return self.add("ReduceSum", [name], {"axes": list(axes), "keepdims": 0})
        return self.add("ReduceSum", [name, self.constant("axes", np.array(axes, np.int64))], {"keepdims": 0})


Rule = Callable[[Expansion, Sequence[str], Call], bool]
"""Appends what a call with operands of these names is said in; False if it cannot be."""
