"""Which on-chip bytes hold a value that is still to be read, and from when to when.

A *piece* is what one write operand wrote into a range. It is occupied from the start of the instruction that writes it
to the end of the last instruction that reads any of it; one that nobody reads, to the end of its writer. Where a later
write replaces (part of) it, that part ends at the start of the later write at the latest, so that no byte counts twice:
accumulators read and written by one instruction, and results written in place of an operand.

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
    """Parts of pieces that are occupied during one stretch of time, [begin, end) in cycles.

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
    """All fragments in on-chip memories, in time linear (up to sorting) in the pieces that accesses meet."""
    table, piece = _accesses(columns)
    if not table.write.any():
        return Fragments(*(np.empty(0, np.int64) for _ in range(6)))
    moment = table.instruction + 1
    begin = np.concatenate(([0], trace.start, [trace.latency_cycles]))[moment]
    end = np.concatenate(([trace.latency_cycles], trace.end, [trace.latency_cycles]))[moment]
    written = table.take(table.write)
    grid = Grid(written.range, written.start, written.stop)
    meetings = _Meetings.of(grid.cells(table.range, table.start, table.stop), table)
    piece_end = np.where(table.write, end, 0)
    reads, sources = meetings.reads_with_sources()
    np.maximum.at(piece_end, sources, end[reads])
    return _cut(table, meetings, begin, piece_end, piece)


def _accesses(columns: Columns) -> tuple[Accesses, Bools]:
    """On-chip accesses in Program order, and which of the writes make a piece.

    Contents at cycle 0 are written at position -1, network outputs read behind the last instruction, and an operand
    that its instruction overwrites in place is written once more, by a write that makes no piece.
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
    piece = np.repeat([True, False, True], (len(images) + len(used), len(replaced), len(outputs)))
    order = np.argsort(table.instruction, kind="stable")
    return table.take(order), piece[order]


def _outside(operands: list[Operand], position: int, write: bool, axes: int) -> Accesses:
    """Accesses before the first instruction or behind the last."""
    count = len(operands)
    return table_of(np.full(count, position), np.full(count, write), operands, axes)[0]


def _replaced_in_place(columns: Columns, used: Accesses) -> Ints:
    """Reads whose bytes the same instruction overwrites with another tensor, as rows of `used`."""
    reads, writes = _pairs(used)
    ranges, operand = columns.program.ranges, [columns.operands[number] for number in used.operand.tolist()]
    address = np.array([r.address for r in ranges], np.int64)
    stop = address + np.array([r.size_bytes for r in ranges], np.int64)
    a, b = used.range[reads], used.range[writes]
    near = (used.memory[reads] == used.memory[writes]) & (a != b) & (address[a] < stop[b]) & (address[b] < stop[a])
    found = [
        read
        for read, write in zip(reads[near].tolist(), writes[near].tolist(), strict=True)
        if _covers(operand[write], operand[read])
    ]
    return np.unique(np.array(found, np.int64))


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


@dataclass(frozen=True, slots=True, eq=False)
class _Meetings:
    """Incidences of accesses and cells, ordered by cell, then Program order, an instruction's reads before its writes.

    Attributes:
        row: the access.
        cell: the cell.
        volume: elements in the cell.
        write: whether the access writes.
    """

    row: Ints
    cell: Ints
    volume: Ints
    write: Bools

    @classmethod
    def of(cls, cells: Cells, table: Accesses) -> _Meetings:
        """The incidences in order; rows of the table are in Program order already."""
        order = np.argsort(cells.cell, kind="stable")
        row = cells.box[order]
        return cls(row, cells.cell[order], cells.volume[order], table.write[row])

    def reads_with_sources(self) -> tuple[Ints, Ints]:
        """Each read, and the write whose value it reads, as rows; reads of what nobody wrote are left out."""
        places = np.arange(len(self.row))
        source = np.maximum.accumulate(np.where(self.write, places, -1))
        found = ~self.write & (source >= 0)
        found &= self.cell[source] == self.cell
        return self.row[found], self.row[source[found]]

    def next_writes(self) -> Ints:
        """For each incidence the row of the next write to the same cell; -1 if there is none."""
        count = len(self.row)
        places = np.append(np.where(self.write, np.arange(count), count), count)
        following = np.minimum.accumulate(places[::-1])[::-1][1:]
        same = following < count
        same[same] = self.cell[following[same]] == self.cell[same]
        return np.where(same, self.row[np.minimum(following, count - 1)], -1)


def _cut(table: Accesses, meetings: _Meetings, begin: Ints, piece_end: Ints, piece: Bools) -> Fragments:
    """Pieces cut where later writes replace them."""
    following = meetings.next_writes()
    end = np.where(following >= 0, np.minimum(piece_end[meetings.row], begin[following]), piece_end[meetings.row])
    mine = meetings.write & piece[meetings.row]
    row = meetings.row[mine]
    return Fragments(
        table.memory[row],
        table.tensor[row],
        table.instruction[row],
        begin[row],
        np.maximum(end[mine], begin[row]),
        meetings.volume[mine] * table.element_bytes[row],
    )
