"""Why the PE array works or waits, cycle by cycle: a partition of the run into segments, each with one cause.

While the array works, the cause is in its instruction. A gap before an array instruction is explained backwards in time
along the chain of last-finishing predecessors: whatever the chain is doing at an instant is that instant's cause. A
transfer first is issued, then waits for the DRAM's latency or behind other transfers on the bus (then the cause is what
those move), then moves bytes. After the last array instruction nothing is queued for the array: idle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelsim.program import ArrayWork, Opcode, Program, TensorKind, UnitKind
from accelsim.results.accesses import Ints
from accelsim.results.causes import ArrayCause
from accelsim.trace import Trace

__all__ = ["CAUSES", "Attribution", "attribute"]

CAUSES = tuple(ArrayCause)
_CODE = {cause: code for code, cause in enumerate(CAUSES)}
_LOADED = {TensorKind.WEIGHT: ArrayCause.WEIGHTS, TensorKind.PARTIAL: ArrayCause.PARTIAL_SUMS}
_STORED = {TensorKind.PARTIAL: ArrayCause.PARTIAL_SUMS}


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Stretches of cycles with one cause each.

    Attributes:
        begin, end: [begin, end) in cycles, never empty.
        cause: index into CAUSES.
        instruction: whom the chain had reached.
    """

    begin: Ints
    end: Ints
    cause: Ints
    instruction: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """Every cycle of the run.

    Attributes:
        segments: from cycle 0 to the end of the last array instruction, in no particular order.
        tail_begin: end of the last array instruction; the array is idle from there on.
        tail: what the chain of the last instruction to complete is doing while the array is idle.
    """

    segments: Segments
    tail_begin: int
    tail: Segments


def attribute(program: Program, trace: Trace, issue_cycles: int) -> Attribution:
    """Explain every cycle of a run.

    Args:
        program: the Program; it has one array.
        trace: its run.
        issue_cycles: cycles at the beginning of every instruction in which it is only issued.
    """
    walk = _Walk(program, trace, issue_cycles)
    now = 0
    for position in _array_instructions(program):
        walk.wait(position, now, walk.start[position])
        walk.work(position)
        now = walk.end[position]
    segments = walk.take()
    if now < trace.latency_cycles:
        last = int(np.argmax(trace.end))
        walk.wait(last, now, walk.running(last, now, trace.latency_cycles))
    return Attribution(segments, now, walk.take())


def _array_instructions(program: Program) -> list[int]:
    arrays = {number for number, unit in enumerate(program.units) if unit.kind is UnitKind.ARRAY}
    return [position for position, instruction in enumerate(program.instructions) if instruction.unit in arrays]


class _Walk:
    """Collects segments; `take` hands them over and begins anew."""

    def __init__(self, program: Program, trace: Trace, issue_cycles: int) -> None:
        self.start: list[int] = trace.start.tolist()
        self.end: list[int] = trace.end.tolist()
        self._released_by: list[int] = trace.released_by.tolist()
        self._bus_start: list[int] = trace.bus_start.tolist()
        self._bus_after: list[int] = trace.bus_after.tolist()
        self._program = program
        self._issue_cycles = issue_cycles
        self._moves = _what_moves(program)
        self._found: list[tuple[int, int, int, int]] = []

    def take(self) -> Segments:
        """What was found since the last call."""
        columns = np.array(self._found, np.int64).reshape(-1, 4)
        self._found = []
        return Segments(*columns.T)

    def work(self, position: int) -> None:
        """The array works on an instruction: issue, then filling and draining, then computing."""
        work = self._program.instructions[position].work
        begin, end = self.start[position], self.end[position]
        computes = max(begin, end - (work.compute_cycles if isinstance(work, ArrayWork) else 0))
        fills = max(begin, computes - (work.fill_drain_cycles if isinstance(work, ArrayWork) else 0))
        self._add(begin, fills, ArrayCause.ISSUE, position)
        self._add(fills, computes, ArrayCause.FILL_DRAIN, position)
        self._add(computes, end, ArrayCause.COMPUTE, position)

    def wait(self, position: int, low: int, high: int) -> None:
        """An instruction had not started during [low, high): follow what released it, and what released that."""
        while high > low:
            before = self._released_by[position]
            if before < 0:
                self._add(low, high, ArrayCause.ISSUE, position)
                return
            finished = max(low, min(high, self.end[before]))
            self._add(finished, high, ArrayCause.ISSUE, position)
            high = self.running(before, low, finished)
            position = before

    def running(self, position: int, low: int, high: int) -> int:
        """What an instruction was doing from its start, but not before `low`, up to `high`; returns where it began."""
        begin = max(low, min(high, self.start[position]))
        issued = max(begin, min(high, self.start[position] + self._issue_cycles))
        if self._moves[position] < 0:
            self._add(issued, high, ArrayCause.VECTOR, position)
        else:
            self._transfer(position, issued, high)
        self._add(begin, issued, ArrayCause.ISSUE, position)
        return begin

    def _transfer(self, position: int, low: int, high: int) -> None:
        """A transfer moves bytes; before, others do, or nothing does and the DRAM's latency passes."""
        while high > low:
            moved = max(low, min(high, self._bus_start[position]))
            self._add(moved, high, CAUSES[self._moves[position]], position)
            high, ahead = moved, self._bus_after[position]
            if ahead < 0:
                self._add(low, high, ArrayCause.DRAM_LATENCY, position)
                return
            position = ahead

    def _add(self, begin: int, end: int, cause: ArrayCause, position: int) -> None:
        if begin < end:
            self._found.append((begin, end, _CODE[cause], position))


def _what_moves(program: Program) -> list[int]:
    """For each transfer the code of the cause it stands for while it moves bytes; -1 for other instructions."""
    found = []
    for instruction in program.instructions:
        if instruction.opcode is Opcode.LOAD:
            kind = program.tensors[instruction.reads[0].tensor].kind
            found.append(_CODE[_LOADED.get(kind, ArrayCause.ACTIVATIONS)])
        elif instruction.opcode is Opcode.STORE:
            kind = program.tensors[instruction.reads[0].tensor].kind
            found.append(_CODE[_STORED.get(kind, ArrayCause.STORE)])
        else:
            found.append(-1)
    return found
