"""DRAM traffic: what every transfer asks for, what the bursts move, and the cause of every byte."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelsim.program import Opcode, TensorKind, VectorKernel
from accelsim.results.causes import DramCause
from accelsim.results.cells import Grid
from accelsim.results.columns import TENSOR_KINDS, Accesses, Bools, Columns, Ints

__all__ = ["CAUSES", "COMPULSORY", "Traffic", "traffic_of"]

CAUSES = tuple(DramCause)
COMPULSORY = (DramCause.COMPULSORY_WEIGHTS, DramCause.COMPULSORY_INPUT, DramCause.NETWORK_OUTPUT)
"""What no schedule can avoid: the bytes of the DRAM bound."""

_COPIES = frozenset({"Copy", "Rearrange"})
_FIRST = {TensorKind.WEIGHT: DramCause.COMPULSORY_WEIGHTS, TensorKind.INPUT: DramCause.COMPULSORY_INPUT}
_WRITTEN = {TensorKind.OUTPUT: DramCause.NETWORK_OUTPUT, TensorKind.PARTIAL: DramCause.PARTIAL_SUM}


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """One row per access to DRAM, in Program order.

    Attributes:
        instruction, layer, tensor: position, and indices into the Program's tables.
        write: whether it writes to DRAM.
        by_cause: requested bytes, one column per DramCause.
        padding: bytes moved on top.
    """

    instruction: Ints
    layer: Ints
    tensor: Ints
    write: Bools
    by_cause: Ints
    padding: Ints

    @property
    def bytes(self) -> Ints:
        """Requested bytes."""
        total: Ints = self.by_cause.sum(axis=1)
        return total

    def column(self, cause: DramCause) -> Ints:
        """Requested bytes of one cause."""
        column: Ints = self.by_cause[:, CAUSES.index(cause)]
        return column


def traffic_of(columns: Columns, burst_bytes: int) -> Traffic:
    """All transfers of a Program.

    Args:
        columns: the Program.
        burst_bytes: the DRAM's aligned smallest transfer.
    """
    used = columns.accesses
    moves = columns.runs(Opcode.LOAD, Opcode.STORE)
    used = used.take(~columns.on_chip[used.memory] & moves[used.instruction])
    numbers, place = np.unique(used.operand, return_inverse=True)
    sizes = [columns.operands[number].burst_aligned_bytes(burst_bytes) for number in numbers.tolist()]
    moved = np.array(sizes, np.int64)[place]
    layer = columns.layer[used.instruction]
    by_cause = _by_cause(columns, used, layer)
    return Traffic(used.instruction, layer, used.tensor, used.write, by_cause, moved - used.bytes)


def _by_cause(columns: Columns, used: Accesses, layer: Ints) -> Ints:
    kinds = columns.tensor_kind[used.tensor]
    copies = _copy_layers(columns)[layer]
    counted = np.zeros((len(used), len(CAUSES)), np.int64)
    size = used.bytes
    for number, kind in enumerate(TENSOR_KINDS):
        mine = (kinds == number) & ~copies
        writes, reads = mine & used.write, mine & ~used.write
        counted[writes, CAUSES.index(_WRITTEN.get(kind, DramCause.SPILL))] = size[writes]
        if kind is TensorKind.PARTIAL:
            counted[reads, CAUSES.index(DramCause.PARTIAL_SUM)] = size[reads]
        else:
            first = _first_bytes(used.take(reads), None if kind in _FIRST else layer[reads])
            again = DramCause.REFETCH_WEIGHTS if kind is TensorKind.WEIGHT else DramCause.REFETCH_ACTIVATIONS
            counted[reads, CAUSES.index(_FIRST.get(kind, DramCause.SPILL_RELOAD))] = first
            counted[reads, CAUSES.index(again)] = size[reads] - first
    counted[copies, CAUSES.index(DramCause.LAYOUT_COPY)] = size[copies]
    return counted


def _copy_layers(columns: Columns) -> Bools:
    """Which layers only move a tensor into another layout: by name, or all their work is a copy."""
    program = columns.program
    named = np.array([layer.operator in _COPIES for layer in program.layers], np.bool_)
    is_copy = [isinstance(k, VectorKernel) and k.operator in _COPIES and not k.post for k in program.kernels]
    works = columns.runs(Opcode.ARRAY, Opcode.VECTOR)
    copies = np.array([*is_copy, False], np.bool_)[columns.kernel] & works
    some, others = np.zeros(len(named), np.bool_), np.zeros(len(named), np.bool_)
    some[columns.layer[copies]] = True
    others[columns.layer[works & ~copies]] = True
    return named | (some & ~others)


def _first_bytes(reads: Accesses, layer: Ints | None) -> Ints:
    """Bytes of each read that no earlier read of the same tensor (by the same layer, if layers are given) had.

    Exact where no region has steps (see `table_of`): the boxes of a tensor are cut into cells, and a cell belongs to
    the first read that meets it.
    """
    if not len(reads):
        return np.zeros(0, np.int64)
    key = reads.tensor if layer is None else reads.tensor * (int(layer.max()) + 1) + layer
    group = np.unique(key, return_inverse=True)[1]
    cells = Grid(group, reads.start, reads.stop).cells(group, reads.start, reads.stop)
    first = np.unique(cells.cell, return_index=True)[1]
    counted = np.zeros(len(reads), np.int64)
    np.add.at(counted, cells.box[first], cells.volume[first])
    return counted * reads.element_bytes
