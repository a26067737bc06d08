"""Which on-chip bytes hold a value that is still to be read, and from when to when.

A byte is occupied from the start of the instruction that writes it to the end of the last instruction that reads that
value of it; if nobody does, to the end of its writer. Rows that no one will read again are free at once, however many
came with them. Where a later write replaces the value it ends, at the latest, when that write starts, so that no byte
counts twice: accumulators read and written by one instruction, and results written in place of an operand.

On-chip contents before the first instruction (weights that are resident in the warm state) are occupied from cycle 0 to
the end of the run; network outputs left on chip, to the end of the run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelsim.program import Operand
from accelsim.results.cells import Cells, Grid
from accelsim.results.columns import Accesses, Bools, Columns, Ints, table_of
from accelsim.trace import Trace

__all__ = ["Fragments", "fragments_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Fragments:
    """Parts of tensors that are occupied during one stretch of time, [begin, end) in cycles.

    Attributes:
        memory, tensor: indices into the Program's tables.
        writer: position of the instruction that wrote it; -1 if it was there from the beginning.
        begin, end: cycles.
        bytes: its size.
    """

    memory: Ints
    tensor: Ints
    writer: Ints
    begin: Ints
    end: Ints
    bytes: Ints

    def of_memory(self, memory: int) -> Fragments:
        """Those in one memory."""
        mine = self.memory == memory
        columns = (self.memory, self.tensor, self.writer, self.begin, self.end, self.bytes)
        return Fragments(*(column[mine] for column in columns))


def fragments_of(columns: Columns, trace: Trace) -> Fragments:
    """All fragments in on-chip memories.

    The boxes of a range's accesses are cut into cells; within a cell, accesses in Program order are values, each
    written once and then read. Time is linear (up to sorting) in the cells that accesses meet.
    """
    table, lasting = _accesses(columns)
    if not len(table):
        return Fragments(*(np.empty(0, np.int64) for _ in range(6)))
    moment = table.instruction + 1
    begin = np.concatenate(([0], trace.start, [trace.latency_cycles]))[moment]
    end = np.concatenate(([trace.latency_cycles], trace.end, [trace.latency_cycles]))[moment]
    return _values(table, _cells(table), begin, end, lasting)


def _cells(table: Accesses) -> Cells:
    """The cells that accesses meet: one in a range that is always accessed as the same box, as buffers are."""
    some = np.zeros(int(table.range.max()) + 1, np.int64)
    some[table.range] = np.arange(len(table))  # any one access of each range
    like = some[table.range]
    other = ((table.start != table.start[like]) | (table.stop != table.stop[like])).any(axis=1)
    cut = np.zeros(len(some), np.bool_)
    cut[table.range[other]] = True
    apart = cut[table.range]
    whole, parted = np.flatnonzero(~apart), np.flatnonzero(apart)
    group, start, stop = table.range[parted], table.start[parted], table.stop[parted]
    cells = Grid(group, start, stop).cells(group, start, stop)
    return Cells(
        np.concatenate((whole, parted[cells.box])),
        np.concatenate((-1 - table.range[whole], cells.cell)),
        np.concatenate((np.prod(table.stop[whole] - table.start[whole], axis=1), cells.volume)),
    )


def _values(table: Accesses, cells: Cells, begin: Ints, end: Ints, lasting: Bools) -> Fragments:
    """The values of all cells; rows of the table are in Program order, an instruction's reads before its writes."""
    order = np.argsort(cells.cell, kind="stable")
    row, cell = cells.box[order], cells.cell[order]
    anew = np.append(True, cell[1:] != cell[:-1])
    first = np.flatnonzero(anew | table.write[row])
    until = np.maximum.reduceat(end[row], first)
    replaced = np.append(~anew[first[1:]], False)
    until[replaced] = np.minimum(until[replaced], begin[row[first[1:][replaced[:-1]]]])
    writer = row[first]
    made = table.write[writer] & lasting[writer]
    writer = writer[made]
    return Fragments(
        table.memory[writer],
        table.tensor[writer],
        table.instruction[writer],
        begin[writer],
        np.maximum(until[made], begin[writer]),
        cells.volume[order][first][made] * table.element_bytes[writer],
    )


def _accesses(columns: Columns) -> tuple[Accesses, Bools]:
    """On-chip accesses in Program order, and which of the writes make a value.

    Contents at cycle 0 are written at position -1, network outputs read behind the last instruction, and an operand
    that its instruction overwrites in place is written once more, by a write that makes no value of its own.
    """
    program, used = columns.program, columns.accesses
    used = used.take(columns.on_chip[used.memory])
    images = [image for image in program.images if columns.on_chip[image.memory]]
    outputs = [p.operand for output in program.outputs for p in output.pieces if columns.on_chip[p.operand.memory]]
    replaced = used.take(_replaced_in_place(columns, used))
    replaced.write[:] = True
    table = Accesses.joined(
        _outside(images, -1, True, used.start.shape[1]),
        used,
        replaced,
        _outside(outputs, len(columns), False, used.start.shape[1]),
    )
    lasting = np.repeat([True, False, True], (len(images) + len(used), len(replaced), len(outputs)))
    order = np.argsort(table.instruction, kind="stable")
    return table.take(order), lasting[order]


def _outside(operands: list[Operand], position: int, write: bool, axes: int) -> Accesses:
    """Accesses before the first instruction or behind the last."""
    count = len(operands)
    return table_of(np.full(count, position), np.full(count, write), operands, axes)[0]


def _replaced_in_place(columns: Columns, used: Accesses) -> Ints:
    """Reads whose bytes the same instruction overwrites with another tensor, as rows of `used`."""
    reads, writes = _pairs(used)
    ranges, operands = columns.program.ranges, columns.operands
    address = np.array([r.address for r in ranges], np.int64)
    stop = address + np.array([r.size_bytes for r in ranges], np.int64)
    a, b = used.range[reads], used.range[writes]
    near = (used.memory[reads] == used.memory[writes]) & (a != b) & (address[a] < stop[b]) & (address[b] < stop[a])
    reads, writes = reads[near], writes[near]
    pairs = zip(used.operand[reads].tolist(), used.operand[writes].tolist(), strict=True)
    covered = [_covers(operands[write], operands[read]) for read, write in pairs]
    return np.unique(reads[np.array(covered, np.bool_)])


def _pairs(used: Accesses) -> tuple[Ints, Ints]:
    """All (read, write) pairs within one instruction, as rows of `used`."""
    reads, writes = np.flatnonzero(~used.write), np.flatnonzero(used.write)
    low = np.searchsorted(used.instruction[writes], used.instruction[reads])
    count = np.searchsorted(used.instruction[writes], used.instruction[reads], side="right") - low
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(reads, count), writes[np.repeat(low, count) + place]


def _covers(write: Operand, read: Operand) -> bool:
    outer, inner = write.box, read.box
    return outer == inner or (outer.contiguous and outer.base <= inner.base and inner.end <= outer.end)
