"""Why the PE array works or waits, cycle by cycle: a partition of the run into segments, each with one cause.

While the array works, the cause is in its instruction. A gap before an array instruction is explained backwards in time
along the chain of last-finishing predecessors: whatever the chain is doing at an instant is that instant's cause. A
transfer first is issued, then waits for the DRAM's latency or behind other transfers on the bus (then the cause is what
those move), then moves bytes. After the last array instruction nothing is queued for the array: idle.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from accelsim.program import Opcode, TensorKind, UnitKind
from accelsim.results.causes import ArrayCause
from accelsim.results.columns import TENSOR_KINDS, Columns, Ints
from accelsim.results.records import Activity
from accelsim.trace import Trace

__all__ = ["CAUSES", "Attribution", "activity", "attribute"]

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

    @classmethod
    def joined(cls, *parts: Segments) -> Segments:
        """All segments of the parts that are not empty."""
        columns = ([getattr(part, item.name) for part in parts] for item in fields(cls))
        begin, end, cause, instruction = (np.concatenate(column) for column in columns)
        some = begin < end
        return cls(begin[some], end[some], cause[some], instruction[some])


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


def attribute(columns: Columns, trace: Trace, issue_cycles: int) -> Attribution:
    """Explain every cycle of a run.

    Args:
        columns: the Program; it has one array.
        trace: its run.
        issue_cycles: cycles at the beginning of every instruction in which it is only issued.
    """
    units = np.array([unit.kind is UnitKind.ARRAY for unit in columns.program.units], np.bool_)
    array = np.flatnonzero(units[columns.unit])
    before = np.concatenate(([0], trace.end[array]))
    waits = np.flatnonzero(trace.start[array] > before[:-1])
    walk = _Walk(columns, trace, issue_cycles)
    for position, low, high in np.stack((array, before[:-1], trace.start[array]), axis=1)[waits].tolist():
        walk.wait(position, low, high)
    segments = Segments.joined(walk.take(), _working(columns, trace, array, issue_cycles))
    idle = int(before[-1])
    if idle < trace.latency_cycles:
        last = int(np.argmax(trace.end))
        walk.wait(last, idle, walk.running(last, idle, trace.latency_cycles))
    return Attribution(segments, idle, walk.take())


def _working(columns: Columns, trace: Trace, array: Ints, issue_cycles: int) -> Segments:
    """The array works on an instruction: issue, then waiting for ports, filling and draining, then computing.

    What it takes beyond issue and work, it waited for banks of the scratchpad: that is waiting for ports, too.
    """
    begin, end = trace.start[array], trace.end[array]
    computes = np.maximum(begin, end - columns.work.compute_cycles[array])
    fills = np.maximum(begin, computes - columns.work.fill_drain_cycles[array])
    stalls = np.minimum(begin + issue_cycles, fills)
    parts = (
        (begin, stalls, ArrayCause.ISSUE),
        (stalls, fills, ArrayCause.PORTS),
        (fills, computes, ArrayCause.FILL_DRAIN),
        (computes, end, ArrayCause.COMPUTE),
    )
    return Segments.joined(*(Segments(a, b, np.full(len(array), _CODE[cause]), array) for a, b, cause in parts))


class _Walk:
    """Collects segments; `take` hands them over and begins anew."""

    def __init__(self, columns: Columns, trace: Trace, issue_cycles: int) -> None:
        self._start: list[int] = trace.start.tolist()
        self._end: list[int] = trace.end.tolist()
        self._released_by: list[int] = trace.released_by.tolist()
        self._bus_start: list[int] = trace.bus_start.tolist()
        self._bus_after: list[int] = trace.bus_after.tolist()
        self._issue_cycles = issue_cycles
        self._moves = _what_moves(columns)
        self._found: list[tuple[int, int, int, int]] = []

    def take(self) -> Segments:
        """What was found since the last call."""
        columns = np.array(self._found, np.int64).reshape(-1, 4)
        self._found = []
        return Segments(*columns.T)

    def wait(self, position: int, low: int, high: int) -> None:
        """An instruction had not started during [low, high): follow what released it, and what released that."""
        while high > low:
            before = self._released_by[position]
            if before < 0:
                self._add(low, high, ArrayCause.ISSUE, position)
                return
            finished = max(low, min(high, self._end[before]))
            self._add(finished, high, ArrayCause.ISSUE, position)
            high = self.running(before, low, finished)
            position = before

    def running(self, position: int, low: int, high: int) -> int:
        """What an instruction was doing from its start, but not before `low`, up to `high`; returns where it began."""
        begin = max(low, min(high, self._start[position]))
        issued = max(begin, min(high, self._start[position] + self._issue_cycles))
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


def activity(why: Attribution, latency_cycles: int, most_steps: int) -> Activity:
    """The causes in equal stretches of time, at most `most_steps` of them."""
    edges = np.unique(np.arange(most_steps + 1) * latency_cycles // most_steps)
    spent = {
        cause.value: tuple(np.diff(_spent_before(edges, why.segments, code)).tolist())
        for code, cause in enumerate(CAUSES)
        if cause is not ArrayCause.IDLE and (why.segments.cause == code).any()
    }
    if why.tail_begin < latency_cycles:
        spent[ArrayCause.IDLE.value] = tuple(np.diff(np.maximum(edges, why.tail_begin)).tolist())
    return Activity(tuple(edges.tolist()), spent)


def _spent_before(edges: Ints, segments: Segments, cause: int) -> Ints:
    """Cycles that went into a cause before each edge."""
    order = np.argsort(segments.begin)
    order = order[segments.cause[order] == cause]
    begin, length = segments.begin[order], (segments.end - segments.begin)[order]
    place = np.searchsorted(begin, edges, side="right") - 1
    within = np.minimum(edges - begin[place], length[place])
    before: Ints = np.where(place >= 0, np.cumsum(length)[place] - length[place] + within, 0)
    return before


def _what_moves(columns: Columns) -> list[int]:
    """For each transfer the code of the cause it stands for while it moves bytes; -1 for other instructions."""
    loads = np.array([_CODE[_LOADED.get(kind, ArrayCause.ACTIVATIONS)] for kind in TENSOR_KINDS], np.int64)
    stores = np.array([_CODE[_STORED.get(kind, ArrayCause.STORE)] for kind in TENSOR_KINDS], np.int64)
    moved = np.zeros(len(columns), np.int64)
    moved[columns.accesses.instruction] = columns.tensor_kind[columns.accesses.tensor]
    found = np.where(columns.runs(Opcode.LOAD), loads[moved], -1)
    result: list[int] = np.where(columns.runs(Opcode.STORE), stores[moved], found).tolist()
    return result
