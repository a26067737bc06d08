"""From a graph to its network of ops."""

from itertools import pairwise
from typing import Any

from restructure import dtypes, operators
from restructure.errors import PlanError
from restructure.fields import ROW_AXIS, Reach, RowMap, Same, Whole, axes_of, extent, reach
from restructure.graph import Graph, Node
from restructure.profile import Definition
from restructure.profile.cells import cell_shape, inner_elements
from restructure.profile.definition import DTYPE_BITS
from restructure.profile.storages import cell_bytes
from restructure.profile.views import View, view_of
from restructure.streaming.bands import Banded, Span, banded
from restructure.streaming.network import Network, Op, TensorRows
from restructure.streaming.settings import Cuts
from restructure.streaming.sums import Sum, sum_of

__all__ = ["network_of"]


def network_of(graph: Graph, definition: Definition, cuts: Cuts = Cuts()) -> Network:  # noqa: B008
    """Return the network of a graph whose nodes are taken apart as `cuts` say.

    Args:
        definition: of active memory; gives the bytes of a row.

    Raises:
        PlanError: nodes cannot be taken apart like that.
    """
    return _Builder(graph, definition, cuts).build()


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

    def __init__(self, graph: Graph, definition: Definition, cuts: Cuts) -> None:
        self.graph, self.definition, self.cuts = graph, definition, cuts
        self.placed = definition.layout == "placed"
        if self.placed and (cuts.bands or cuts.axis != ROW_AXIS):
            raise PlanError("plan: under the placed layout parts are rows; leave bands and columns out")
        self.axes = axes_of(graph, cuts.axis, not self.placed)
        self.across = axes_of(graph, cuts.across, not self.placed)
        self.groups = dict(cuts.groups)
        self.sums = {cut.node: cut.parts for cut in cuts.sums}
        self.tensors: list[TensorRows] = []
        self.ids: dict[str, int] = {}
        self.parts: dict[str, list[int]] = {}
        self.bounds: dict[str, list[tuple[int, int]]] = {}
        self.apart: dict[str, str] = {}
        self.taken_apart: dict[int, tuple[str, ...]] = {}
        self.banded: dict[str, Banded] = {}
        self.bands: dict[str, tuple[Banded, list[int]]] = {}
        self.cropped: dict[tuple[str, int, Span], int] = {}
        self.ops: list[Op] = []
        self.followers = {node.index for node in graph.nodes if self._follows(node)}

    def build(self) -> Network:
        graph = self.graph
        inputs = tuple(self._tensor(name) for name in graph.inputs if name in graph.tensors)
        chains = [self._chain(node) for node in graph.nodes if node.index not in self.followers]
        self._plan_bands(chains)
        for chain in chains:
            self._add(chain)
        for name in [name for name in (*self.parts, *self.bands) if name in graph.outputs]:
            self._operand(name)
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
            self.cuts,
            frozenset(tensor for op in self.ops if op.lent for tensor in op.results),
            self.taken_apart,
            self.definition,
        )

    def _follows(self, node: Node) -> bool:
        """Whether a node always overwrites the result of the one before it."""
        if not in_place(self.graph, node):
            return False
        (name,) = activations(self.graph, node)
        made = self.graph.producer(name)
        if made is None or name in self.graph.outputs or len(self.graph.consumers(name)) > 1:
            return False
        if self._is_view(made) or len(made.outputs) > 1 or len(node.outputs) > 1:
            return False
        return not self._reach(node).reason or self._rows(name) == 1

    def _is_view(self, node: Node) -> bool:
        return self.graph.spec(node).is_view or (self.placed and view_of(self.graph, node) is not None)

    def _reach(self, node: Node) -> Reach:
        # Placed cells are rows along axis 2, wherever the network's own may lie.
        return reach(self.graph, node, self.cuts.axis, not self.placed)

    def _rows(self, name: str) -> int:
        return extent(self.graph.tensors[name].shape, self.axes[name])

    def _columns(self, name: str) -> int:
        return extent(self.graph.tensors[name].shape, self.across[name])

    def _chain(self, node: Node) -> tuple[Node, ...]:
        chain = [node]
        while len(chain[-1].outputs) == 1:
            readers = self.graph.consumers(chain[-1].outputs[0])
            if len(readers) != 1 or readers[0].index not in self.followers:
                break
            chain.append(readers[0])
        return tuple(chain)

    def _tensor(self, name: str, channels: Span | None = None, columns: Span | None = None, part: str = "") -> int:
        tensor = self.graph.tensors[name]
        rows = self._rows(name)
        elements = tensor.elements // rows
        if columns is not None:
            elements = elements // self._columns(name) * (columns[1] - columns[0])
        if channels is not None:
            elements = elements // tensor.shape[1] * (channels[1] - channels[0])
        dtype = self.definition.dtype
        bits = DTYPE_BITS[dtype] if dtype is not None else dtypes.bits(tensor.dtype)
        octets = -(-elements * bits // 8)
        n, c, _ = cell_shape(tensor.shape)
        cells = (n, c if channels is None else channels[1] - channels[0])
        if self.placed:
            octets = n * cells[1] * cell_bytes(inner_elements(tensor.shape), tensor.dtype, self.definition)
        own = channels is None and columns is None and not part
        self.tensors.append(
            TensorRows(name, rows, elements, octets, channels,
                       own and name in self.graph.inputs, own and name in self.graph.outputs, columns, part, cells,
                       self.axes[name], self.across[name])
        )  # fmt: skip
        if own:
            self.ids[name] = len(self.tensors) - 1
        return len(self.tensors) - 1

    def _add(self, chain: tuple[Node, ...]) -> None:
        node = chain[0]
        field = self._reach(node)
        if node.name in self.banded:
            self._add_bands(chain, field, self.banded[node.name])
            return
        if node.name in self.sums:
            self._add_sum(chain, field)
            return
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
        self._append(chain, field, operands, results, self._rows(result))

    def _plan_bands(self, chains: list[tuple[Node, ...]]) -> None:
        """Find the columns that every band of every band cut makes."""
        for cut in self.cuts.bands:
            named = set(cut.nodes)
            chosen = [chain for chain in chains if chain[0].name in named]
            unknown = named - {node.name for chain in chosen for node in chain}
            if unknown or not chosen:
                raise PlanError(f"plan: cannot cut {sorted(unknown)} into bands: not the graph's; make the plan again")
            for name in named & {*self.groups, *self.banded}:
                raise PlanError(f"plan: node {name!r} is cut twice; leave one of the cuts out")
            found = banded(self.graph, chosen, cut, self.cuts.across)
            self.banded |= {chain[0].name: found for chain in chosen}

    def _add_bands(self, chain: tuple[Node, ...], field: Reach, found: Banded) -> None:
        """Add one op per band, behind the crops that all of them read."""
        node, names = chain[0], [name for name in chain[-1].outputs if name]
        across, spans = found.reaches[node.name], found.spans[names[0]]
        operands = [
            tuple((self._stretch(node.inputs[i], across.maps[i].need(*span), across.maps[i].slack, found, band),
                   field.maps[i], i) for i in sorted(field.maps))
            for band, span in enumerate(spans)
        ]  # fmt: skip
        for name in names:
            self.bands[name] = found, [self._tensor(name, columns=span) for span in spans]
        for band, span in enumerate(spans):
            results = tuple(self.bands[name][1][band] for name in names)
            self._append(chain, field, operands[band], results, self._rows(names[0]), columns=span,
                         across=across.maps.get(0), band=0 if found.cut.by_rows else band)  # fmt: skip

    def _stretch(self, name: str, span: Span, slack: int, reader: Banded, band: int) -> int:
        """Return a tensor with these columns of another, or up to `slack` more at their end."""
        low, high = span
        if name not in self.bands:
            width = self._columns(name)
            operand = self._operand(name)
            return operand if low == 0 and high <= width <= high + slack else self._crop(operand, name, span, reader)
        source, tensors = self.bands[name]
        spans = source.spans[name]
        # Inside a cut a band reads its own columns; from another cut's, those of a band that has them all.
        order = [band] if source is reader else sorted(range(len(spans)), key=lambda other: abs(other - band))
        for other in order:
            a, b = spans[other]
            if a <= low and high <= b:
                fits = a == low and b <= high + slack
                return tensors[other] if fits else self._crop(tensors[other], name, span, reader)
        return self._gather(name, span, reader)

    def _gather(self, name: str, span: Span, reader: Banded | None = None) -> int:
        """Join columns of a tensor out of the bands' shares."""
        low, high = span
        source, tensors = self.bands[name]
        pieces = []
        for (a, b), made, tensor in zip(source.shares[name], source.spans[name], tensors, strict=True):
            piece = max(a, low), min(b, high)
            if piece[0] < piece[1]:
                pieces.append(tensor if piece == made else self._crop(tensor, name, piece, reader))
        result = self._tensor(name, columns=None if reader is None else span)
        operands = tuple((piece, Same(), i) for i, piece in enumerate(pieces))
        self.ops.append(
            Op(len(self.ops), (), operands, (result,), 1, 0, 1, kind="join", joins=self.across[name],
               lent=reader is not None)
        )  # fmt: skip
        return result

    def _crop(self, tensor: int, name: str, span: Span, reader: Banded | None) -> int:
        key = reader.cut.nodes[0] if reader else "", tensor, span
        if key in self.cropped:
            return self.cropped[key]
        result = self._tensor(name, columns=span)
        operands = ((tensor, Same(), 0),)
        self.ops.append(Op(len(self.ops), (), operands, (result,), 1, 0, 1, kind="crop", columns=span, lent=True))
        self.cropped[key] = result
        return result

    def _add_sum(self, chain: tuple[Node, ...], field: Reach) -> None:
        """Add one op per share of a sum and those that add them up, one after another; the last has the followers."""
        node, found = chain[0], sum_of(self.graph, chain[0])
        if node.name in self.groups:
            raise PlanError(f"plan: node {node.name!r} is cut twice; leave one of the cuts out")
        shares = [] if found.reason else self._shares(node, found, field)
        if len(shares) < 2:
            reason = found.reason or "its operand is not made in parts"
            raise PlanError(f"plan: the sum of node {node.name!r} cannot be taken part by part: {reason}")
        total = -1
        for number, (tensor, rows, channels) in enumerate(shares):
            made = self._tensor(node.outputs[0], part=f".p{number}")
            self._append((node,), field, ((tensor, rows, 0),), (made,), self._rows(node.outputs[0]), kind="share",
                         sum=found, share=channels, part=f".p{number}")  # fmt: skip
            if number == 0:
                total = made
                continue
            last = number == len(shares) - 1
            part = "" if last else f".t{number}"
            operands = (total, Same(), 0), (made, Same(), 1)
            total = self._tensor(chain[-1].outputs[0] if last else node.outputs[0], part=part)
            self.ops.append(
                Op(len(self.ops), chain if last else (node,), operands, (total,), field.granule, 0, 1, kind="total",
                   sum=found, part=part, nodes_more=int(last and found.kind == "mean"))
            )  # fmt: skip

    def _shares(self, node: Node, found: Sum, field: Reach) -> list[tuple[int, RowMap, Span | None]]:
        """Return what each share of a sum reads: a tensor, its rows, and the input channels it stands for."""
        name = node.inputs[0]
        if found.kind == "product":
            self._note_apart(name)
            return [
                (tensor, field.maps[0], span)
                for tensor, span in zip(self.parts.get(name, ()), self.bounds.get(name, ()), strict=True)
            ]
        height, count = self._rows(name), 1
        if self.axes[name] in found.axes:
            count = min(self.sums[node.name], height)
        bounds = [height * i // count for i in range(count + 1)]
        return [(tensor, Whole(b, a), None) for tensor in self._pieces(name, found) for a, b in pairwise(bounds)]

    def _pieces(self, name: str, found: Sum) -> list[int]:
        """Return what a tensor is made in that a sum can be taken of: its bands' own columns, or all of it."""
        if name not in self.bands or self.across[name] not in found.axes:
            return [self._operand(name)]
        source, tensors = self.bands[name]
        shares = zip(source.shares[name], source.spans[name], tensors, strict=True)
        return [tensor if own == made else self._crop(tensor, name, own, None) for own, made, tensor in shares]

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
        rows = self._rows(name)
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
        if node.op_type in ("Gemm", "MatMul"):
            return True
        return self.graph.spec(node).category == "conv" and operators.conv_geometry(node, self.graph).groups == 1

    def _append(
        self,
        chain: tuple[Node, ...],
        field: Reach,
        operands: tuple[tuple[int, RowMap, int], ...],
        results: tuple[int, ...],
        rows: int,
        channels: Span | None = None,
        total: int = 1,
        columns: Span | None = None,
        across: RowMap | None = None,
        band: int = 0,
        **sums: Any,
    ) -> None:
        node, graph = chain[0], self.graph
        macs = sum(graph.macs_of(n) for n in chain)
        by_operand = node.op_type == "ConvTranspose" and not field.reason
        if channels is not None:
            macs = macs * (channels[1] - channels[0]) // total
        if sums.get("share") is not None:
            low, high = sums["share"]
            macs = macs * (high - low) // graph.tensors[node.inputs[0]].shape[1]
        if columns is not None:
            macs = self._macs_of_columns(node, macs, columns, across)
        view = graph.spec(node).is_view
        source = self.tensors[operands[0][0]] if operands else None
        overwrites = in_place(graph, node)
        self.ops.append(
            Op(len(self.ops), chain, operands, results, field.granule, macs,
               source.height if by_operand and source is not None else rows, by_operand,
               view or overwrites, view, channels, field.reason, columns=columns, across=across, band=band,
               view=view_of(graph, node) if self.placed else None, **sums)
        )  # fmt: skip

    def _macs_of_columns(self, node: Node, macs: int, columns: Span, across: RowMap | None) -> int:
        """Return the share of a node's MACs that some columns of its result cost."""
        if node.op_type != "ConvTranspose" or across is None:
            return macs * (columns[1] - columns[0]) // self._columns(node.outputs[0])
        low, high = across.need(*columns)
        return macs * (high - low) // self._columns(node.inputs[0])

    def _operand(self, name: str) -> int:
        if name not in self.ids:
            self._join(name)
        return self.ids[name]

    def _join(self, name: str) -> None:
        """Add the Concat that makes a tensor whole again out of its channel groups or bands."""
        if name in self.bands:
            self._gather(name, (0, self._columns(name)))
            return
        parts = self.parts[name]
        self._note_apart(name)
        result = self._tensor(name)
        operands = tuple((part, Same(), i) for i, part in enumerate(parts))
        view = View("joined", ()) if self.placed else None
        self.ops.append(Op(len(self.ops), (), operands, (result,), 1, 0, 1, kind="join", view=view))

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
