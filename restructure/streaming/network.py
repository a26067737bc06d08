"""A graph as the streamer sees it: operators that make rows from rows, numbered tensors.

An *op* is a node with the in-place element-wise nodes that follow it (BatchNorm, activations): they overwrite its
result and never decide a peak. A convolution cut by channels becomes one op per group, its followers likewise, and a
Concat that no node of the graph stands for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from restructure.fields import RowMap
from restructure.graph import Node

__all__ = ["Network", "Op", "TensorRows"]


@dataclass(frozen=True, slots=True)
class TensorRows:
    """A tensor, or a group of its channels, as rows.

    Attributes:
        name: of the graph's tensor.
        channels: first and last + 1 of the group; None for all.
        row_bytes: of one row, under the definition's element type (rounded up).
    """

    name: str
    height: int
    row_elements: int
    row_bytes: int
    channels: tuple[int, int] | None = None
    is_input: bool = False
    is_output: bool = False

    @property
    def label(self) -> str:
        """The tensor's name, with the channels if it is a group of them."""
        return self.name if self.channels is None else f"{self.name}.c{self.channels[0]}-{self.channels[1]}"

    @property
    def bytes(self) -> int:
        return self.height * self.row_bytes


@dataclass(frozen=True, slots=True)
class Op:
    """What makes some tensors from others.

    Attributes:
        nodes: the node and its in-place followers; empty for the Concat that joins channel groups.
        operands: (tensor, receptive field, operand position of the first node).
        granule: rows made at least together.
        macs: of all rows; `macs_rows` is the number of rows they are spread over.
        macs_of_operand: whether they are spread over operand rows (transposed convolutions).
        takes_over: whether its result may overwrite, or is a view of, its operand; `is_view` tells which.
        channels: the group of output channels it makes; None for all.
        reason: why it cannot be cut by rows; empty if it can.
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


@dataclass(frozen=True, slots=True)
class Network:
    """Ops in topological order.

    Attributes:
        producer: tensor → op index, −1 for network inputs.
        consumers: tensor → (op index, receptive field), in order.
        goals: tensor → rows that are ever needed (windows may leave trailing rows unused).
        groups: node name → channel groups, as asked for.
        taken_apart: op index → names of the Concats whose operands it reads, or joins, in their stead.
    """

    tensors: tuple[TensorRows, ...]
    ops: tuple[Op, ...]
    producer: tuple[int, ...]
    consumers: tuple[tuple[tuple[int, RowMap], ...], ...]
    goals: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    groups: Mapping[str, int] = field(default_factory=dict, hash=False)
    taken_apart: Mapping[int, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def names(self, start: int, stop: int) -> list[str]:
        """Return the names of the nodes that ops start..stop−1 stand for, each once, by the op they first belong to."""
        found: dict[str, None] = {}
        for op in self.ops[start:stop]:
            found.update(dict.fromkeys(node.name for node in op.nodes))
            found.update(dict.fromkeys(self.taken_apart.get(op.index, ())))
        return list(found)
