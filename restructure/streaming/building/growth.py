"""A network that grows op by op: its tensors and ops so far, and in which pieces the graph's tensors are there."""

from typing import Any

from restructure import dtypes
from restructure.errors import PlanError
from restructure.fields import ROW_AXIS, Reach, RowMap, Same, axes_of, extent, reach
from restructure.graph import Graph, Node
from restructure.profile import Definition
from restructure.profile.cells import cell_shape, inner_elements
from restructure.profile.definition import DTYPE_BITS
from restructure.profile.storages import cell_bytes
from restructure.profile.views import View, view_of
from restructure.streaming.bands import Banded, Span
from restructure.streaming.network import Op, TensorRows
from restructure.streaming.settings import Cuts

__all__ = ["Growth", "activations", "in_place"]


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


class Growth:
    """What is there of a network while it is built.

    Attributes:
        groups: node → channel groups it is cut into.
        tensors, ops: so far.
        ids: graph tensor that is there whole → its number.
        parts, bounds: graph tensor that is there as groups of channels → their numbers, and their channels.
        bands: graph tensor that is there as bands of columns → the cut that made them, and their numbers.
        apart: Concat of channels that nobody needed so far, by its result.
        taken_apart: op → the Concats that it, as the first, does without.
    """

    def __init__(self, graph: Graph, definition: Definition, cuts: Cuts) -> None:
        self.graph, self.definition, self.cuts = graph, definition, cuts
        self.placed = definition.layout == "placed"
        if self.placed and (cuts.bands or cuts.axis != ROW_AXIS):
            raise PlanError("plan: under the placed layout parts are rows; leave bands and columns out")
        self.axes = axes_of(graph, cuts.axis, not self.placed)
        self.across = axes_of(graph, cuts.across, not self.placed)
        self.groups = dict(cuts.groups)
        self.tensors: list[TensorRows] = []
        self.ops: list[Op] = []
        self.ids: dict[str, int] = {}
        self.parts: dict[str, list[int]] = {}
        self.bounds: dict[str, list[tuple[int, int]]] = {}
        self.bands: dict[str, tuple[Banded, list[int]]] = {}
        self.apart: dict[str, str] = {}
        self.taken_apart: dict[int, tuple[str, ...]] = {}
        self._cropped: dict[tuple[str, int, Span], int] = {}

    def reach(self, node: Node) -> Reach:
        """Return which rows of its operands a node needs."""
        # Placed cells are rows along axis 2, wherever the network's own may lie.
        return reach(self.graph, node, self.cuts.axis, not self.placed)

    def rows(self, name: str) -> int:
        """Return the rows of a graph tensor."""
        return extent(self.graph.tensors[name].shape, self.axes[name])

    def columns(self, name: str) -> int:
        """Return the columns of a graph tensor."""
        return extent(self.graph.tensors[name].shape, self.across[name])

    def tensor(self, name: str, channels: Span | None = None, columns: Span | None = None, part: str = "") -> int:
        """Add a graph tensor, or a stretch or share of it, and return its number."""
        tensor = self.graph.tensors[name]
        rows = self.rows(name)
        elements = tensor.elements // rows
        if columns is not None:
            elements = elements // self.columns(name) * (columns[1] - columns[0])
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

    def append(
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
        """Add an op that stands for a node and its followers; `sums` as in `Op`."""
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
            return macs * (columns[1] - columns[0]) // self.columns(node.outputs[0])
        low, high = across.need(*columns)
        return macs * (high - low) // self.columns(node.inputs[0])

    def operand(self, name: str) -> int:
        """Return the number of a graph tensor as a whole, which is joined first if it is there in pieces."""
        if name not in self.ids:
            self._join(name)
        return self.ids[name]

    def _join(self, name: str) -> None:
        """Add the Concat that makes a tensor whole again out of its channel groups or bands."""
        if name in self.bands:
            self.gather(name, (0, self.columns(name)))
            return
        parts = self.parts[name]
        self.note_apart(name)
        result = self.tensor(name)
        operands = tuple((part, Same(), i) for i, part in enumerate(parts))
        view = View("joined", ()) if self.placed else None
        self.ops.append(Op(len(self.ops), (), operands, (result,), 1, 0, 1, kind="join", view=view))

    def gather(self, name: str, span: Span, reader: Banded | None = None) -> int:
        """Join columns of a tensor out of the bands' shares."""
        low, high = span
        source, tensors = self.bands[name]
        pieces = []
        for (a, b), made, tensor in zip(source.shares[name], source.spans[name], tensors, strict=True):
            piece = max(a, low), min(b, high)
            if piece[0] < piece[1]:
                pieces.append(tensor if piece == made else self.crop(tensor, name, piece, reader))
        result = self.tensor(name, columns=None if reader is None else span)
        operands = tuple((piece, Same(), i) for i, piece in enumerate(pieces))
        self.ops.append(
            Op(len(self.ops), (), operands, (result,), 1, 0, 1, kind="join", joins=self.across[name],
               lent=reader is not None)
        )  # fmt: skip
        return result

    def crop(self, tensor: int, name: str, span: Span, reader: Banded | None) -> int:
        """Return some columns of a tensor, the same ones for all readers of one cut."""
        key = reader.cut.nodes[0] if reader else "", tensor, span
        if key in self._cropped:
            return self._cropped[key]
        result = self.tensor(name, columns=span)
        operands = ((tensor, Same(), 0),)
        self.ops.append(Op(len(self.ops), (), operands, (result,), 1, 0, 1, kind="crop", columns=span, lent=True))
        self._cropped[key] = result
        return result

    def note_apart(self, name: str) -> None:
        """Remember that the op added next is the first to do without a Concat."""
        if name in self.apart:
            index = len(self.ops)
            self.taken_apart[index] = (*self.taken_apart.get(index, ()), self.apart.pop(name))
