"""From a graph to its network of ops."""

from collections.abc import Mapping

from restructure import dtypes, operators
from restructure.fields import Reach, RowMap, Same, height, reach
from restructure.graph import Graph, Node
from restructure.profile import Definition
from restructure.profile.definition import DTYPE_BITS
from restructure.streaming.network import Network, Op, TensorRows

__all__ = ["network_of"]


def network_of(graph: Graph, definition: Definition, groups: Mapping[str, int] | None = None) -> Network:
    """Return the network of a graph.

    Args:
        definition: of active memory; gives the bytes of a row.
        groups: node name → channel groups it and what follows it per channel are cut into.
    """
    return _Builder(graph, definition, groups or {}).build()


def in_place(graph: Graph, node: Node) -> bool:
    """Whether a node is element-wise on one activation of the result's shape and bytes, so that it may overwrite it."""
    spec = graph.spec(node)
    if spec.is_view or not (spec.elementwise and spec.in_place):
        return False
    operands = activations(graph, node)
    if len(operands) != 1:
        return False
    before, after = graph.tensors[operands[0]], graph.tensors[node.outputs[0]]
    return before.shape == after.shape and before.bytes == after.bytes


def activations(graph: Graph, node: Node) -> list[str]:
    """Return a node's operands that are no constants, each once."""
    return [name for name in dict.fromkeys(node.inputs) if name and not graph.is_constant(name)]


class _Builder:
    """Walks the nodes once; ends in `build`."""

    def __init__(self, graph: Graph, definition: Definition, groups: Mapping[str, int]) -> None:
        self.graph, self.definition, self.groups = graph, definition, groups
        self.tensors: list[TensorRows] = []
        self.ids: dict[str, int] = {}
        self.parts: dict[str, list[int]] = {}
        self.bounds: dict[str, list[tuple[int, int]]] = {}
        self.apart: dict[str, str] = {}
        self.taken_apart: dict[int, tuple[str, ...]] = {}
        self.ops: list[Op] = []
        self.followers = {node.index for node in graph.nodes if self._follows(node)}

    def build(self) -> Network:
        graph = self.graph
        inputs = tuple(self._tensor(name) for name in graph.inputs if name in graph.tensors)
        for node in graph.nodes:
            if node.index not in self.followers:
                self._add(self._chain(node))
        for name in [name for name in self.parts if name not in self.ids and name in graph.outputs]:
            self._join(name)
        producer = [-1] * len(self.tensors)
        for op in self.ops:
            for tensor in op.results:
                producer[tensor] = op.index
        outputs = tuple(self.ids[name] for name in dict.fromkeys(graph.outputs) if name in self.ids)
        consumers = self._consumers()
        return Network(
            tuple(self.tensors),
            tuple(self.ops),
            tuple(producer),
            consumers,
            self._goals(consumers, outputs),
            inputs,
            outputs,
            dict(self.groups),
            self.taken_apart,
        )

    def _follows(self, node: Node) -> bool:
        """Whether a node always overwrites the result of the one before it."""
        if not in_place(self.graph, node):
            return False
        (name,) = activations(self.graph, node)
        made = self.graph.producer(name)
        if made is None or name in self.graph.outputs or len(self.graph.consumers(name)) > 1:
            return False
        if self.graph.spec(made).is_view or len(made.outputs) > 1 or len(node.outputs) > 1:
            return False
        return not reach(self.graph, node).reason or height(self.graph.tensors[name].shape) == 1

    def _chain(self, node: Node) -> tuple[Node, ...]:
        chain = [node]
        while len(chain[-1].outputs) == 1:
            readers = self.graph.consumers(chain[-1].outputs[0])
            if len(readers) != 1 or readers[0].index not in self.followers:
                break
            chain.append(readers[0])
        return tuple(chain)

    def _tensor(self, name: str, channels: tuple[int, int] | None = None) -> int:
        tensor = self.graph.tensors[name]
        rows = height(tensor.shape)
        elements = tensor.elements // rows
        if channels is not None:
            elements = elements // tensor.shape[1] * (channels[1] - channels[0])
        dtype = self.definition.dtype
        bits = DTYPE_BITS[dtype] if dtype is not None else dtypes.bits(tensor.dtype)
        own = channels is None
        self.tensors.append(
            TensorRows(name, rows, elements, -(-elements * bits // 8), channels,
                       own and name in self.graph.inputs, own and name in self.graph.outputs)
        )  # fmt: skip
        if own:
            self.ids[name] = len(self.tensors) - 1
        return len(self.tensors) - 1

    def _add(self, chain: tuple[Node, ...]) -> None:
        node = chain[0]
        field = reach(self.graph, node)
        result = chain[-1].outputs[0]
        shape = self.graph.tensors[result].shape
        count = min(self.groups.get(node.name, 1), shape[1] if len(shape) > 1 else 1)
        if count > 1 and node.op_type == "Concat" and len(chain) == 1:
            self._take_apart(node)
            return
        if count > 1:
            self._add_groups(chain, field, count)
            return
        operands = tuple((self._operand(node.inputs[i]), field.maps[i], i) for i in sorted(field.maps))
        names = chain[-1].outputs if len(chain) > 1 else node.outputs
        results = tuple(self._tensor(name) for name in names if name)
        self._append(chain, field, operands, results, height(self.graph.tensors[result].shape))

    def _take_apart(self, node: Node) -> None:
        """Let the operands of a Concat of channels stand for its result, group by group."""
        name, first = node.outputs[0], 0
        self.apart[name] = node.name
        self.parts[name], self.bounds[name] = [], []
        for operand in node.inputs:
            last = first + self.graph.tensors[operand].shape[1]
            self.parts[name].append(self._operand(operand))
            self.bounds[name].append((first, last))
            first = last

    def _add_groups(self, chain: tuple[Node, ...], field: Reach, count: int) -> None:
        """Add one op per channel group; a node that keeps channels apart takes over its operand's groups."""
        node, name = chain[0], chain[-1].outputs[0]
        total = self.graph.tensors[name].shape[1]
        rows = height(self.graph.tensors[name].shape)
        source = None if self._mixes_channels(node) else self.parts.get(node.inputs[0])
        bounds = (
            self.bounds[node.inputs[0]]
            if source
            else [(total * i // count, total * (i + 1) // count) for i in range(count)]
        )
        made = []
        self._note_apart(node.inputs[0] if source else "")
        for index, channels in enumerate(bounds):
            operand = source[index] if source else self._operand(node.inputs[0])
            made.append(self._tensor(name, channels))
            self._append(chain, field, ((operand, field.maps[0], 0),), (made[-1],), rows, channels, total)
        self.parts[name], self.bounds[name] = made, bounds

    def _note_apart(self, name: str) -> None:
        """Remember that the op added next is the first to do without a Concat."""
        if name in self.apart:
            index = len(self.ops)
            self.taken_apart[index] = (*self.taken_apart.get(index, ()), self.apart.pop(name))

    def _mixes_channels(self, node: Node) -> bool:
        return self.graph.spec(node).category == "conv" and operators.conv_geometry(node, self.graph).groups == 1

    def _append(
        self,
        chain: tuple[Node, ...],
        field: Reach,
        operands: tuple[tuple[int, RowMap, int], ...],
        results: tuple[int, ...],
        rows: int,
        channels: tuple[int, int] | None = None,
        total: int = 1,
    ) -> None:
        node, graph = chain[0], self.graph
        macs = sum(graph.macs_of(n) for n in chain)
        if channels is not None:
            macs = macs * (channels[1] - channels[0]) // total
        by_operand = node.op_type == "ConvTranspose" and not field.reason
        view = graph.spec(node).is_view
        source = self.tensors[operands[0][0]] if operands else None
        overwrites = in_place(graph, node)
        self.ops.append(
            Op(len(self.ops), chain, operands, results, field.granule, macs,
               source.height if by_operand and source is not None else rows, by_operand,
               view or overwrites, view, channels, field.reason)
        )  # fmt: skip

    def _operand(self, name: str) -> int:
        if name not in self.ids:
            self._join(name)
        return self.ids[name]

    def _join(self, name: str) -> None:
        """Add the Concat that makes a tensor whole again out of its channel groups."""
        parts = self.parts[name]
        self._note_apart(name)
        result = self._tensor(name)
        operands = tuple((part, Same(), i) for i, part in enumerate(parts))
        self.ops.append(Op(len(self.ops), (), operands, (result,), 1, 0, 1))

    def _consumers(self) -> tuple[tuple[tuple[int, RowMap], ...], ...]:
        found: list[list[tuple[int, RowMap]]] = [[] for _ in self.tensors]
        for op in self.ops:
            for tensor, field, _ in op.operands:
                found[tensor].append((op.index, field))
        return tuple(tuple(entry) for entry in found)

    def _goals(
        self, consumers: tuple[tuple[tuple[int, RowMap], ...], ...], outputs: tuple[int, ...]
    ) -> tuple[int, ...]:
        goals = [0] * len(self.tensors)
        for tensor in outputs:
            goals[tensor] = self.tensors[tensor].height
        for op in reversed(self.ops):
            rows = max((goals[tensor] for tensor in op.results), default=0)
            rows = max(-(-rows // op.granule) * op.granule, op.granule)
            for tensor in op.results:
                goals[tensor] = min(rows, self.tensors[tensor].height)
            for tensor, field, _ in op.operands:
                goals[tensor] = max(goals[tensor], field.need(0, rows)[1])
        return tuple(goals)
