"""Which on-chip bytes hold a value that is still to be read, and from when to when.

A *piece* is what one write operand wrote into a range. It is occupied from the start of the instruction that writes it
to the end of the last instruction that reads any of it; one that nobody reads, to the end of its writer. Where a later
write replaces (part of) it, that part ends at the start of the later write at the latest, so that no byte counts twice:
accumulators read and written by one instruction, and results written in place of an operand.

On-chip contents before the first instruction (weights that are resident in the warm state) are occupied from cycle 0 to
the end of the run; network outputs left on chip, to the end of the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from accelsim.program import MemoryKind, Operand, Program
from accelsim.results.accesses import Accesses, Bools, Ints, table_of
from accelsim.results.cells import Cells, Grid
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


def fragments_of(program: Program, trace: Trace) -> Fragments:
    """All fragments in on-chip memories, in time linear (up to sorting) in the pieces that accesses meet."""
    rows = list(_accesses(program))
    table = table_of([row[:3] for row in rows])
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
    which = ~np.fromiter((row[3] for row in rows), np.bool_, len(rows))
    return _cut(table, meetings, begin, piece_end, which)


_Row = tuple[int, bool, Operand, bool]


def _accesses(program: Program) -> Iterator[_Row]:
    """(position, whether it writes, operand, whether it only ends what was there) of every on-chip access."""
    on_chip = [memory.kind is not MemoryKind.DRAM for memory in program.memories]
    yield from ((-1, True, image, False) for image in program.images if on_chip[image.memory])
    for position, instruction in enumerate(program.instructions):
        reads = [operand for operand in instruction.reads if on_chip[operand.memory]]
        writes = [operand for operand in instruction.writes if on_chip[operand.memory]]
        yield from ((position, False, operand, False) for operand in reads)
        yield from ((position, True, operand, False) for operand in writes)
        yield from ((position, True, operand, True) for operand in _replaced_in_place(program, reads, writes))
    last = len(program.instructions)
    pieces = (piece.operand for output in program.outputs for piece in output.pieces)
    yield from ((last, False, operand, False) for operand in pieces if on_chip[operand.memory])


def _replaced_in_place(program: Program, reads: list[Operand], writes: list[Operand]) -> Iterator[Operand]:
    """Operands whose bytes the same instruction overwrites with another tensor."""
    for read in reads:
        held = program.ranges[read.range]
        for write in writes:
            other = program.ranges[write.range]
            apart = held.address + held.size_bytes <= other.address or other.address + other.size_bytes <= held.address
            if read.memory == write.memory and read.range != write.range and not apart and _covers(write, read):
                yield read
                break


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
