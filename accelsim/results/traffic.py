"""DRAM traffic: what every transfer asks for, what the bursts move, and the cause of every byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from accelsim.program import MemoryKind, Opcode, Operand, Program, TensorKind, VectorKernel
from accelsim.results.accesses import Accesses, Bools, Ints, table_of
from accelsim.results.causes import DramCause
from accelsim.results.cells import Grid

__all__ = ["CAUSES", "COMPULSORY", "Traffic", "traffic_of"]

CAUSES = tuple(DramCause)
COMPULSORY = (DramCause.COMPULSORY_WEIGHTS, DramCause.COMPULSORY_INPUT, DramCause.NETWORK_OUTPUT)
"""What no schedule can avoid: the bytes of the DRAM bound."""

_COPY = "Copy"
_FIRST = {TensorKind.WEIGHT: DramCause.COMPULSORY_WEIGHTS, TensorKind.INPUT: DramCause.COMPULSORY_INPUT}
_WRITTEN = {TensorKind.OUTPUT: DramCause.NETWORK_OUTPUT, TensorKind.PARTIAL: DramCause.PARTIAL_SUM}


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """One row per transfer, in Program order.

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


def traffic_of(program: Program, burst_bytes: int) -> Traffic:
    """All transfers of a Program.

    Args:
        program: the Program.
        burst_bytes: the DRAM's aligned smallest transfer.
    """
    rows = list(_transfers(program))
    table = table_of(rows)
    layer = np.fromiter((program.instructions[row[0]].layer for row in rows), np.int64, len(rows))
    moved = np.fromiter((row[2].box.burst_aligned_bytes(burst_bytes) for row in rows), np.int64, len(rows))
    by_cause = _by_cause(program, table, layer)
    return Traffic(table.instruction, layer, table.tensor, table.write, by_cause, moved - table.bytes)


def _transfers(program: Program) -> Iterator[tuple[int, bool, Operand]]:
    """(position, whether it writes, the DRAM operand) of every access to DRAM."""
    dram = [memory.kind is MemoryKind.DRAM for memory in program.memories]
    for position, instruction in enumerate(program.instructions):
        if instruction.opcode in (Opcode.LOAD, Opcode.STORE):
            yield from ((position, False, operand) for operand in instruction.reads if dram[operand.memory])
            yield from ((position, True, operand) for operand in instruction.writes if dram[operand.memory])


def _by_cause(program: Program, table: Accesses, layer: Ints) -> Ints:
    kinds = np.array([list(TensorKind).index(tensor.kind) for tensor in program.tensors], np.int64)[table.tensor]
    copies = np.array(_copy_layers(program), np.bool_)[layer]
    counted = np.zeros((len(table), len(CAUSES)), np.int64)
    size = table.bytes
    for number, kind in enumerate(TensorKind):
        mine = (kinds == number) & ~copies
        writes, reads = mine & table.write, mine & ~table.write
        counted[writes, CAUSES.index(_WRITTEN.get(kind, DramCause.SPILL))] = size[writes]
        if kind is TensorKind.PARTIAL:
            counted[reads, CAUSES.index(DramCause.PARTIAL_SUM)] = size[reads]
        else:
            first = _first_bytes(table.take(reads), None if kind in _FIRST else layer[reads])
            again = DramCause.REFETCH_WEIGHTS if kind is TensorKind.WEIGHT else DramCause.REFETCH_ACTIVATIONS
            counted[reads, CAUSES.index(_FIRST.get(kind, DramCause.SPILL_RELOAD))] = first
            counted[reads, CAUSES.index(again)] = size[reads] - first
    counted[copies, CAUSES.index(DramCause.LAYOUT_COPY)] = size[copies]
    return counted


def _copy_layers(program: Program) -> list[bool]:
    """Which layers only move a tensor into another layout."""
    copies = [layer.operator == _COPY for layer in program.layers]
    computes: dict[int, bool] = {}
    for instruction in program.instructions:
        if instruction.opcode in (Opcode.ARRAY, Opcode.VECTOR) and instruction.kernel >= 0:
            kernel = program.kernels[instruction.kernel]
            copy = isinstance(kernel, VectorKernel) and kernel.operator == _COPY and not kernel.post
            computes[instruction.layer] = computes.get(instruction.layer, True) and copy
    return [copy or computes.get(number, False) for number, copy in enumerate(copies)]


def _first_bytes(reads: Accesses, layer: Ints | None) -> Ints:
    """Bytes of each read that no earlier read of the same tensor (by the same layer, if layers are given) had.

    Exact: the boxes of a tensor are cut into cells, and a cell belongs to the first read that meets it.
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
