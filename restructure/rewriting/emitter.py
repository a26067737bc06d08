"""From a program's steps to ONNX nodes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from restructure import operators
from restructure.fields import PER_CHANNEL, Whole, extent
from restructure.graph import Graph, Node
from restructure.graph.names import fresh
from restructure.rewriting.constants import Constants, Cut
from restructure.rewriting.parts import Changes, Stretch, changes_of
from restructure.streaming import CONCAT, SLICE, Network, Op, Program
from restructure.streaming.network import TensorRows, stretch
from restructure.streaming.sums import Sum

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["Emitter"]

_CHANNEL_AXIS = 1
_AXES_OPERAND_OPSET = 13
"""From this operator set on a ReduceSum takes its axes as an operand."""


class Emitter:
    """One pass over a program; `nodes` grows by the nodes of a step at a time.

    Attributes:
        values: block → its value.
    """

    def __init__(self, graph: Graph, network: Network, program: Program, inputs: "dict[str, ir.Value]") -> None:
        taken = {str(v.name) for v in graph.model.graph.initializers.values()} | set(graph.tensors)
        taken |= {str(v.name) for node in graph.model.graph for v in node.outputs}
        self.graph, self.network, self.program = graph, network, program
        self.constants = Constants(graph, taken)
        self.nodes: list[ir.Node] = []
        self.values: dict[int, ir.Value] = {}
        self._delivered = {block: tensor for tensor, block in program.delivered.items()}
        self._node_names: set[str] = set()
        self._used: set[str] = set(graph.outputs) | set(inputs)
        made = {block for _, blocks, _ in program.steps for block in blocks}
        for block, (tensor, _, _) in enumerate(program.blocks):
            if block not in made and network.tensors[tensor].is_input:
                self.values[block] = inputs[network.tensors[tensor].name]

    def run(self) -> None:
        """Emit every step."""
        for index, made, read in self.program.steps:
            if index == SLICE:
                self._slice(made[0], read[0])
            elif index == CONCAT:
                self._concat(made[0], read, self._entry(made[0]).axis)
            else:
                self._run(self.network.ops[index], made, read)

    def _run(self, op: Op, made: tuple[int, ...], read: tuple[int, ...]) -> None:
        if op.kind == "join":
            self._concat(made[0], read, op.joins)
        elif op.kind == "crop":
            self._slice(made[0], read[0])
        else:
            self._op(op, made, read)

    def _entry(self, block: int) -> TensorRows:
        return self.network.tensors[self.program.blocks[block][0]]

    def _value(self, block: int) -> "ir.Value":
        import onnx_ir as ir

        tensor, start, stop = self.program.blocks[block]
        entry = self.network.tensors[tensor]
        if block in self._delivered:
            name = entry.name
        else:
            whole = start == 0 and stop == entry.height
            name = self._fresh(entry.label + ("" if whole else f".{start}-{stop}"))
        self.values[block] = ir.Value(name=name)
        return self.values[block]

    def _fresh(self, name: str) -> str:
        """Return the graph's own name for a tensor if it is still free, else one that nobody has."""
        if name in self.graph.tensors and name not in self._used:
            self._used.add(name)
            return name
        return self.constants.fresh(name)

    def _append(
        self, domain: str, op_type: str, inputs: "list[ir.Value | None]", attributes: "list[ir.Attr]",
        outputs: "list[ir.Value]", name: str,
    ) -> None:  # fmt: skip
        import onnx_ir as ir

        while inputs and inputs[-1] is None:
            inputs.pop()
        self.nodes.append(
            ir.Node(domain, op_type, inputs, attributes, outputs=outputs, name=fresh(name, self._node_names))
        )

    def _slice(self, made: int, read: int) -> None:
        import onnx_ir as ir

        taken = self._taken(made, read)
        bounds = {
            "starts": [start for _, start, _ in taken],
            "ends": [stop for _, _, stop in taken],
            "axes": [axis for axis, _, _ in taken],
        }
        value = self._value(made)
        inputs: list[ir.Value | None] = [self.values[read]]
        attributes: list[ir.Attr] = []
        if self.graph.opsets.get("", 1) < 10:
            attributes = [ir.AttrInt64s(key, numbers) for key, numbers in bounds.items()]
        else:
            inputs += [self.constants.integers(numbers) for numbers in bounds.values()]
        self._append("", "Slice", inputs, attributes, [value], f"{value.name}.slice")

    def _taken(self, made: int, read: int) -> list[tuple[int, int, int]]:
        """Return per axis that is cut (axis, start, stop) of what one block takes of another."""
        entry = self._entry(made)
        source, low, high = self.program.blocks[read]
        result, start, stop = self.program.blocks[made]
        taken = [(entry.axis, start - low, stop - low)] if (start, stop) != (low, high) else []
        (first, last), (left, right) = self._columns(source), self._columns(result)
        if (left, right) != (first, last):
            taken.append((entry.across, left - first, right - first))
        return sorted(taken)

    def _columns(self, tensor: int) -> tuple[int, int]:
        """Return the columns of the graph's tensor that one of the network's has."""
        entry = self.network.tensors[tensor]
        return entry.columns or (0, extent(self.graph.tensors[entry.name].shape, entry.across))

    def _concat(self, made: int, read: tuple[int, ...], axis: int) -> None:
        import onnx_ir as ir

        value = self._value(made)
        inputs: list[ir.Value | None] = [self.values[block] for block in read]
        self._append("", "Concat", inputs, [ir.AttrInt64("axis", axis)], [value], f"{value.name}.concat")

    def _op(self, op: Op, made: tuple[int, ...], read: tuple[int, ...]) -> None:
        import onnx_ir as ir

        _, start, stop = self.program.blocks[made[0]]
        suffix = self._suffix(op, start, stop)
        values: dict[int, ir.Value] = {
            position: self.values[b] for (_, _, position), b in zip(op.operands, read, strict=True)
        }
        for node in op.nodes:
            last = node is op.nodes[-1]
            changes = self._changes(op, node, start, stop, read)
            if last:
                blocks = iter(made)
                outputs = [self._value(next(blocks)) if name else ir.Value(name="") for name in node.outputs]
            else:
                outputs = [ir.Value(name=self._fresh(node.outputs[0] + suffix))]
            if node is op.nodes[0] and op.sum is not None and not op.is_itself:
                self._sum(op, op.sum, list(values.values()), outputs[0], node.name + suffix)
            else:
                rows = (start, stop)
                inputs = [self._input(op, node, i, values, changes, rows) for i in range(self._arity(node, changes))]
                self._append(
                    node.domain, node.op_type, inputs, self._attributes(op, node, changes), outputs, node.name + suffix
                )
            if not last:
                following = op.nodes[op.nodes.index(node) + 1]
                values = {i: outputs[0] for i, name in enumerate(following.inputs) if name == node.outputs[0]}

    def _sum(self, op: Op, found: Sum, operands: "list[ir.Value | None]", output: "ir.Value", name: str) -> None:
        """Emit what stands for a node whose sum is taken part by part: a share's own sum, or an Add and the scale."""
        import onnx_ir as ir

        tensor = op.nodes[0].outputs[0]
        if op.kind == "share":
            attributes = [ir.AttrInt64("keepdims", int(found.keepdims))]
            if self.graph.opsets.get("", 1) < _AXES_OPERAND_OPSET:
                attributes.append(ir.AttrInt64s("axes", found.axes))
            else:
                operands = [*operands, self.constants.integers(found.axes)]
            self._append("", "ReduceSum", operands, attributes, [output], name)
            return
        total = ir.Value(name=self._fresh(f"{tensor}.sum")) if op.nodes_more else output
        self._append("", "Add", operands, [], [total], f"{name}.add")
        if op.nodes_more:
            terms = self.constants.number(found.terms, self.graph.tensors[tensor].dtype)
            self._append("", "Div", [total, terms], [], [output], f"{name}.scale")

    def _suffix(self, op: Op, start: int, stop: int) -> str:
        whole = start == 0 and stop == self.network.tensors[op.results[0]].height
        return stretch("c", op.channels) + stretch("w", op.columns) + op.part + ("" if whole else f".{start}-{stop}")

    def _changes(self, op: Op, node: Node, start: int, stop: int, read: tuple[int, ...]) -> Changes:
        if node is not op.nodes[0] or not op.operands:
            return Changes()
        tensor, field, _ = op.operands[0]
        _, low, high = self.program.blocks[read[0]]
        operand, result = self.network.tensors[tensor], self.network.tensors[op.results[0]]
        part = [Stretch(operand.axis, result.axis, field, start, stop, low, high)]
        if op.across is not None and op.columns is not None:
            part.append(Stretch(operand.across, result.across, op.across, *op.columns, *self._columns(tensor)))
        return changes_of(self.graph, node, [cut for cut in part if self._is_cut(cut, operand.name, result.name)])

    def _is_cut(self, part: Stretch, operand: str, result: str) -> bool:
        """Whether a part is less than all along its axis."""
        if isinstance(part.field, Whole):
            return False
        operand_extent = extent(self.graph.tensors[operand].shape, part.axis)
        result_extent = extent(self.graph.tensors[result].shape, part.of_result)
        return (part.start, part.stop, part.low, part.high) != (0, result_extent, 0, operand_extent)

    def _arity(self, node: Node, changes: Changes) -> int:
        return max([len(node.inputs), *(position + 1 for position in changes.integers)])

    def _input(
        self, op: Op, node: Node, index: int, values: "dict[int, ir.Value]", changes: Changes, rows: tuple[int, int]
    ) -> "ir.Value | None":
        if index in changes.integers:
            numbers = changes.integers[index]
            return None if numbers is None else self.constants.integers(numbers)
        if index in values:
            return values[index]
        name = node.inputs[index] if index < len(node.inputs) else ""
        if not name:
            return None
        if op.share is not None and op.sum is not None:
            # The bias is added once, with the first channels.
            first = self.constants.get(name) if op.share[0] == 0 else None
            return first if index > 1 else self.constants.part(name, [(op.sum.axes[0], *op.share)])
        return self.constants.part(name, list(self._cuts(op, node, index, rows)))

    def _cuts(self, op: Op, node: Node, index: int, rows: tuple[int, int]) -> Iterator[Cut]:
        """Yield what a part of a node needs of a constant operand, along each axis of which it is not all."""
        channels = self._channel_axis(op, node, index)
        if channels is not None and op.channels is not None:
            yield channels, *op.channels
        if not self.graph.spec(node).elementwise or node.op_type in PER_CHANNEL:
            return
        shape, made = self.graph.tensors[node.inputs[index]].shape, self.network.tensors[op.results[0]]
        missing = len(self.graph.tensors[node.outputs[0]].shape) - len(shape)
        for axis, part in ((made.axis - missing, rows), (made.across - missing, op.columns)):
            if part is not None and axis >= 0 and axis < len(shape) and 1 < shape[axis] != part[1] - part[0]:
                yield axis, *part

    def _channel_axis(self, op: Op, node: Node, index: int) -> int | None:
        """Return the axis of a constant operand that the op's channel group is taken from, or None."""
        if op.channels is None:
            return None
        shape = self.graph.tensors[node.inputs[index]].shape
        if self.graph.spec(node).category == "matmul" and index == 1:
            return 0 if node.op_type == "Gemm" and self.graph.call(node).integer("transB", 0) else 1
        if self.graph.spec(node).category == "conv" or node.op_type == "BatchNormalization":
            return 0
        result = self.graph.tensors[node.outputs[0]].shape
        axis = _CHANNEL_AXIS - (len(result) - len(shape))
        return axis if 0 <= axis < len(shape) and shape[axis] > 1 else None

    def _attributes(self, op: Op, node: Node, changes: Changes) -> "list[ir.Attr]":
        import onnx_ir as ir

        original = self.graph.original(node)
        kept = {name: attribute for name, attribute in original.attributes.items() if name not in changes.attributes}
        new: dict[str, Any] = {name: value for name, value in changes.attributes.items() if value is not None}
        if op.channels is not None and self.graph.spec(node).category == "conv":
            g = operators.conv_geometry(node, self.graph)
            if g.groups > 1:
                kept.pop("group", None)
                new["group"] = (op.channels[1] - op.channels[0]) * g.groups // g.filters
        return [*kept.values(), *(_attribute(ir, name, value) for name, value in new.items())]


def _attribute(ir: Any, name: str, value: Any) -> "ir.Attr":
    if isinstance(value, int):
        return ir.AttrInt64(name, value)  # type: ignore[no-any-return]
    return ir.AttrInt64s(name, list(value))  # type: ignore[no-any-return]
