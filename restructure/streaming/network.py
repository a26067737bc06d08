"""A graph as the streamer sees it: operators that make rows from rows, numbered tensors.

An *op* is a node with the in-place element-wise nodes that follow it (BatchNorm, activations): they overwrite its
result and never decide a peak. A convolution cut by channels becomes one op per group, its followers likewise, and a
*join*, a Concat that no node of the graph stands for. Nodes cut into bands become one op per band, behind *crops* that
take a band's columns out of what they read. A sum that is taken part by part becomes one *share* op per part, and
*total* ops that add them up.

Rows are stretches of the axis that parts are cut along, columns stretches of the other one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from restructure.fields import COLUMN_AXIS, ROW_AXIS, RowMap, first_needed
from restructure.graph import Node
from restructure.profile import Definition
from restructure.profile.views import View
from restructure.streaming.settings import Cuts
from restructure.streaming.sums import Sum

__all__ = ["Network", "Op", "TensorRows", "Window", "stretch"]

FirstRows = tuple[int, tuple[tuple[int, tuple[int, ...], int, tuple[int, ...]], ...]]
"""(rows, per consumer (op index, its results, granule, per result row that is needed the first row it reads))"""

Window = tuple[int, int, int, int]
"""(tensor, first row, last row + 1, further rows below that would do no harm)"""


def stretch(letter: str, span: tuple[int, int] | None) -> str:
    """Return how names say that something is only a stretch of channels or columns."""
    return "" if span is None else f".{letter}{span[0]}-{span[1]}"


@dataclass(frozen=True, slots=True)
class TensorRows:
    """A tensor, or a group of its channels, or a band of its columns, as rows.

    Attributes:
        name: of the graph's tensor.
        channels: first and last + 1 of the group; None for all.
        columns: first and last + 1 of the band; None for all.
        part: which share of a sum, or which of its totals; empty for the whole sum.
        row_bytes: of one row, under the definition's element type (rounded up; cell by cell if *placed*).
        cells_per_row: images and channels; see `restructure.profile.cells`.
        axis: of the graph's tensor, along which the rows lie.
        across: along which the columns lie.
    """

    name: str
    height: int
    row_elements: int
    row_bytes: int
    channels: tuple[int, int] | None = None
    is_input: bool = False
    is_output: bool = False
    columns: tuple[int, int] | None = None
    part: str = ""
    cells_per_row: tuple[int, int] = (1, 1)
    axis: int = ROW_AXIS
    across: int = COLUMN_AXIS

    @property
    def label(self) -> str:
        """The tensor's name, with the channels or columns if it is a stretch of them."""
        return self.name + stretch("c", self.channels) + stretch("w", self.columns) + self.part

    @property
    def bytes(self) -> int:
        return self.height * self.row_bytes


@dataclass(frozen=True, slots=True)
class Op:
    """What makes some tensors from others.

    Attributes:
        nodes: the node and its in-place followers; empty for a join or a crop.
        operands: (tensor, receptive field, operand position of the first node).
        granule: rows made at least together.
        macs: of all rows; `macs_rows` is the number of rows they are spread over.
        macs_of_operand: whether they are spread over operand rows (transposed convolutions).
        takes_over: whether its result may overwrite, or is a view of, its operand; `is_view` tells which.
        channels: the group of output channels it makes; None for all.
        reason: why it cannot be cut by rows; empty if it can.
        kind: *node*, or *join* (a Concat of its operands along `joins`), or *crop* (some columns of its operand), or
            *share* (a part of the sum that its first node is) or *total* (an Add of two of them).
        sum: of a share or a total.
        share: the input channels that a share of a product takes.
        part: which share or total it is, for names; empty where it makes the graph's own tensor.
        nodes_more: nodes of one run beyond one per node.
        columns: the columns it makes; None for all.
        across: receptive field of its first operand along the columns, if it makes only some.
        band: bands of lower number are finished first.
        lent: its result is made anew for every reader, like a recomputed one, since that costs no MAC.
        view: under the placed layout, how it is a view of its operands; None if it is none.
    """

    index: int
    nodes: tuple[Node, ...]
    operands: tuple[tuple[int, RowMap, int], ...]
    results: tuple[int, ...]
    granule: int
    macs: int
    macs_rows: int
    macs_of_operand: bool = False
    takes_over: bool = False
    is_view: bool = False
    channels: tuple[int, int] | None = None
    reason: str = ""
    kind: Literal["node", "join", "crop", "share", "total"] = "node"
    joins: int = 1
    columns: tuple[int, int] | None = None
    across: RowMap | None = None
    band: int = 0
    lent: bool = False
    sum: Sum | None = None
    share: tuple[int, int] | None = None
    part: str = ""
    nodes_more: int = 0
    view: View | None = None

    @property
    def is_itself(self) -> bool:
        """Whether its first node is emitted as what it is (a share of a product is, on fewer channels)."""
        return self.kind == "node" or (self.kind == "share" and self.share is not None)


@dataclass(frozen=True, slots=True)
class Network:
    """Ops in topological order.

    Attributes:
        producer: tensor → op index, −1 for network inputs.
        consumers: tensor → (op index, receptive field), in order.
        goals: tensor → rows that are ever needed (windows may leave trailing rows unused).
        cuts: as asked for.
        lent: tensors that are made anew for every reader.
        taken_apart: op index → names of the Concats whose operands it reads, or joins, in their stead.
        definition: of active memory.
        memo: what was worked out before.
    """

    tensors: tuple[TensorRows, ...]
    ops: tuple[Op, ...]
    producer: tuple[int, ...]
    consumers: tuple[tuple[tuple[int, RowMap], ...], ...]
    goals: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    cuts: Cuts = field(default_factory=Cuts)
    lent: frozenset[int] = frozenset()
    taken_apart: Mapping[int, tuple[str, ...]] = field(default_factory=dict, hash=False)
    definition: Definition = field(default_factory=Definition)
    memo: "Memo" = field(default_factory=lambda: Memo(), init=False, repr=False, compare=False)

    @property
    def placed(self) -> bool:
        """Whether Slices and Concats are views, so that what nobody will read again needs no Slice to be let go."""
        return self.definition.layout == "placed"

    @property
    def row_bytes(self) -> list[int]:
        """Bytes of a row, by tensor."""
        if not self.memo.row_bytes:
            self.memo.row_bytes = [entry.row_bytes for entry in self.tensors]
        return self.memo.row_bytes

    @property
    def nodes_of(self) -> list[int]:
        """Nodes that one run of an op is, by op."""
        if not self.memo.nodes_of:
            self.memo.nodes_of = [(len(op.nodes) or 1) + op.nodes_more for op in self.ops]
        return self.memo.nodes_of

    @property
    def own_row_bytes(self) -> list[int]:
        """Bytes of a row that lie nowhere else and are counted, by tensor."""
        if not self.memo.own_row_bytes:
            self.memo.own_row_bytes = self._own_row_bytes()
        return self.memo.own_row_bytes

    def _own_row_bytes(self) -> list[int]:
        shared = {tensor for op in self.ops if op.view is not None for tensor in op.results}
        shared |= set() if self.definition.input_counted else set(self.inputs)
        return [0 if tensor in shared else entry.row_bytes for tensor, entry in enumerate(self.tensors)]

    def windows(self, index: int, start: int, stop: int) -> tuple[Window, ...]:
        """Return the windows an op reads for result rows start..stop−1, one per operand."""
        known = self.memo.windows.get((index, start, stop))
        if known is None:
            operands = self.ops[index].operands
            known = tuple((tensor, *field.need(start, stop), field.slack) for tensor, field, _ in operands)
            self.memo.windows[index, start, stop] = known
        return known

    def first_rows(self, tensor: int) -> FirstRows:
        """Return what tells from which row on a tensor will still be read."""
        known = self.memo.first_rows.get(tensor)
        if known is None:
            known = self.memo.first_rows[tensor] = self._first_rows(tensor)
        return known

    def _first_rows(self, tensor: int) -> FirstRows:
        # The caller's rows are needed to the end.
        height = 0 if self.tensors[tensor].is_output else self.tensors[tensor].height
        readers = []
        for index, reach in self.consumers[tensor]:
            op = self.ops[index]
            readers.append((index, op.results, op.granule, first_needed(reach, self.goals[op.results[0]])))
        return height, tuple(readers)

    def height(self, op: Op) -> int:
        """Return the rows of an op's results, of the highest where they differ, as they may if it is not cut."""
        return max(self.tensors[tensor].height for tensor in op.results)

    def crossing(self, cut: int) -> tuple[int, ...]:
        """Return the tensors that somebody before op `cut` made and an op from `cut` on, or the caller, reads."""
        known = self.memo.crossing.get(cut)
        if known is None:
            if self.memo.spans is None:
                last = [self._last_reader(tensor) for tensor in range(len(self.tensors))]
                self.memo.spans = np.array(self.producer, np.int64), np.array(last, np.int64)
            made, read = self.memo.spans
            known = self.memo.crossing[cut] = tuple(np.flatnonzero((made < cut) & (read >= cut)).tolist())
        return known

    def inner(self, start: int, stop: int) -> tuple[int, ...]:
        """Return the tensors that ops start..stop−1 make and only they read."""
        known = self.memo.inner.get((start, stop))
        if known is None:
            known = self.memo.inner[start, stop] = tuple(self._inner(start, stop))
        return known

    def _inner(self, start: int, stop: int) -> Iterator[int]:
        for op in self.ops[start:stop]:
            readers = [reader for tensor in op.results for reader, _ in self.consumers[tensor]]
            leaves = any(self.tensors[tensor].is_output for tensor in op.results)
            if readers and not leaves and start <= min(readers) and max(readers) < stop:
                yield from op.results

    def _last_reader(self, tensor: int) -> int:
        """Return the last op that reads a tensor, one past all of them if the caller does; −1: nobody does."""
        if self.tensors[tensor].is_output and self.producer[tensor] >= 0:
            return len(self.ops)
        return max([reader for reader, _ in self.consumers[tensor]], default=-1)

    def names(self, start: int, stop: int) -> list[str]:
        """Return the names of the nodes that ops start..stop−1 stand for, each once, by the op they first belong to."""
        found: dict[str, None] = {}
        for op in self.ops[start:stop]:
            found.update(dict.fromkeys(node.name for node in op.nodes))
            found.update(dict.fromkeys(self.taken_apart.get(op.index, ())))
        return list(found)


@dataclass(slots=True)
class Memo:
    """What a network has worked out before, by what was asked."""

    windows: dict[tuple[int, int, int], tuple[Window, ...]] = field(default_factory=dict)
    first_rows: dict[int, FirstRows] = field(default_factory=dict)
    crossing: dict[int, tuple[int, ...]] = field(default_factory=dict)
    inner: dict[tuple[int, int], tuple[int, ...]] = field(default_factory=dict)
    spans: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
    row_bytes: list[int] = field(default_factory=list)
    own_row_bytes: list[int] = field(default_factory=list)
    nodes_of: list[int] = field(default_factory=list)
