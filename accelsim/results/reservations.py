"""Reserved addresses over time: ranges that are in use, each address counted once however many ranges share it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from accelsim.results.columns import Bools, Columns, Ints
from accelsim.trace import Trace

__all__ = ["Reservations", "reservations_of", "stacked"]

_MOST_PAIRS = 1 << 20
"""Pairs of reservations that are looked at together."""


@dataclass(frozen=True, slots=True, eq=False)
class Reservations:
    """When each range that is used is reserved: from the start of the first access to the end of the last.

    Attributes:
        memory: index of its memory.
        low, high: its addresses [low, high).
        begin, end: cycles.
    """

    memory: Ints
    low: Ints
    high: Ints
    begin: Ints
    end: Ints

    def of_memory(self, memory: int) -> Reservations:
        """Those in one memory that last."""
        return self._take((self.memory == memory) & (self.begin < self.end))

    def bytes_at(self, cycles: Ints) -> Ints:
        """Reserved bytes from each of the cycles on; they include all cycles at which a reservation begins or ends."""
        sharing = self._sharing()
        alone = stacked(cycles, self.begin[~sharing], self.end[~sharing], (self.high - self.low)[~sharing])
        return np.asarray(alone + self._take(sharing)._counted_once(cycles))

    def _take(self, which: Bools) -> Reservations:
        return Reservations(*(getattr(self, item.name)[which] for item in fields(self)))

    def _sharing(self) -> Bools:
        """Which of them share an address with another one at some time: few, or none at all.

        Looks at every pair of which one begins while the other lasts.
        """
        order = np.argsort(self.begin, kind="stable")
        low, high, begin, end = self.low[order], self.high[order], self.begin[order], self.end[order]
        sharing = np.zeros(len(order), np.bool_)
        later = np.searchsorted(begin, end) - np.arange(1, len(order) + 1)
        whole = np.flatnonzero(later > 0)
        for some in np.array_split(whole, 1 + int(later.sum()) // _MOST_PAIRS):
            one = np.repeat(some, later[some])
            other = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(later[some]) - later[some], later[some])
            both = (low[one] < high[other]) & (low[other] < high[one])
            sharing[order[one[both]]] = sharing[order[other[both]]] = True
        return sharing

    def _counted_once(self, cycles: Ints) -> Ints:
        """`bytes_at` for some that share addresses: one step per beginning and end over the addresses in between."""
        cuts = np.unique(np.concatenate((self.low, self.high)))
        width = np.diff(cuts)
        covered = np.zeros(len(width), np.int64)
        change = np.zeros(len(cycles), np.int64)
        low, high = np.searchsorted(cuts, self.low).tolist(), np.searchsorted(cuts, self.high).tolist()
        steps = np.concatenate((np.searchsorted(cycles, self.end), np.searchsorted(cycles, self.begin)))
        signs = np.repeat([-1, 1], len(self.low))
        for event in np.argsort(steps, kind="stable").tolist():
            number, sign = event % len(low), int(signs[event])
            part = covered[low[number] : high[number]]
            alone = part == (1 if sign < 0 else 0)
            part += sign
            change[steps[event]] += sign * int(width[low[number] : high[number]][alone].sum())
        return np.cumsum(change)


def stacked(cycles: Ints, begin: Ints, end: Ints, size: Ints) -> Ints:
    """Sum of sizes over the intervals [begin, end) that hold at each of the cycles."""
    change = np.zeros(len(cycles), np.int64)
    np.add.at(change, np.searchsorted(cycles, begin), size)
    np.subtract.at(change, np.searchsorted(cycles, end), size)
    return np.cumsum(change)


def reservations_of(columns: Columns, trace: Trace) -> Reservations:
    """The reservations of all ranges that an instruction touches; contents that are there at cycle 0 stay."""
    program, used = columns.program, columns.accesses
    count, latency = len(program.ranges), trace.latency_cycles
    begin, end = np.full(count, latency), np.zeros(count, np.int64)
    np.minimum.at(begin, used.range, trace.start[used.instruction])
    np.maximum.at(end, used.range, trace.end[used.instruction])
    images = [image.range for image in program.images]
    begin[images], end[images] = 0, latency
    end[[piece.operand.range for output in program.outputs for piece in output.pieces]] = latency
    memory = np.fromiter((item.memory for item in program.ranges), np.int64, count)
    low = np.fromiter((item.address for item in program.ranges), np.int64, count)
    size = np.fromiter((item.size_bytes for item in program.ranges), np.int64, count)
    return Reservations(memory, low, low + size, begin, np.maximum(end, begin))
