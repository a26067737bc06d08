"""A second machine, slow and obvious: looks at every cycle, keeps the bus in fractions and the bytes in sets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

from accelsim.machine import Timing
from accelsim.program import ArrayWork, Hazard, HazardKind, Opcode, Operand, Program, UnitKind
from accelsim.trace import Wait

Row = tuple[int, int, int, Wait, int, int]
ORDER = [Wait.RAW, Wait.WAR, Wait.WAW, Wait.UNIT, Wait.ISSUE]
WAIT = {HazardKind.RAW: Wait.RAW, HazardKind.WAR: Wait.WAR, HazardKind.WAW: Wait.WAW}


@dataclass
class SlowMachine:
    """Everything by instruction number; a missing key means not yet."""

    program: Program
    timing: Timing
    hazards: Sequence[Hazard]
    start: dict[int, int] = field(default_factory=dict)
    end: dict[int, int] = field(default_factory=dict)
    bus: dict[int, tuple[int, int]] = field(default_factory=dict)
    bus_free: Fraction = Fraction(0)
    bus_last: int = -1
    path_width: int = 0
    path_free: int = 0
    path_last: int = -1

    def run(self) -> list[Row]:
        """One row per instruction: start, end, released_by, wait, bus_start, bus_after."""
        cycle = 0
        while len(self.end) < len(self.program.instructions):
            started = []
            while new := [i for i in range(len(self.program.instructions)) if self.may_start(i, cycle)]:
                self.begin(new[0], cycle)
                started.append(new[0])
            transfers = [i for i in started if self.is_transfer(i)]
            for i in sorted(transfers, key=lambda i: (self.program.instructions[i].unit, i)):
                self.serve(i, cycle)
            cycle += 1
        return [self.row(i) for i in range(len(self.program.instructions))]

    def is_transfer(self, i: int) -> bool:
        return self.program.units[self.program.instructions[i].unit].kind is UnitKind.DMA

    def unit_before(self, i: int) -> list[int]:
        unit = self.program.instructions[i].unit
        return [j for j in range(i) if self.program.instructions[j].unit == unit]

    def over(self, i: int, cycle: int) -> bool:
        return i in self.end and self.end[i] <= cycle

    def may_start(self, i: int, cycle: int) -> bool:
        earlier = self.unit_before(i)
        if i in self.start or any(j not in self.start for j in earlier):
            return False
        if any(not self.lets_go(h, cycle) for h in self.hazards if h.after == i):
            return False
        in_flight = [j for j in earlier if not self.over(j, cycle)]
        if len(in_flight) >= self.program.units[self.program.instructions[i].unit].outstanding:
            return False
        return not earlier or cycle >= self.start[earlier[-1]] + self.timing.issue_cycles

    def lets_go(self, hazard: Hazard, cycle: int) -> bool:
        """Whether the second instruction may start now; of what a LOAD brings it, enough blocks must be there."""
        load, taker = (self.program.instructions[i] for i in (hazard.before, hazard.after))
        in_blocks = isinstance(taker.work, ArrayWork) and taker.work.blocks > 1
        if hazard.kind is not HazardKind.RAW or load.opcode is not Opcode.LOAD or not in_blocks:
            return self.over(hazard.before, cycle)
        if hazard.before not in self.end:
            return False
        begin, end, blocks = self.bus[hazard.before][0], self.end[hazard.before], taker.work.blocks
        first_is_there = cycle >= begin + Fraction(end - begin, blocks)
        last_turn = cycle + taker.work.cycles - math.ceil(Fraction(taker.work.cycles, blocks))
        return first_is_there and last_turn >= end

    def let_go_at(self, hazard: Hazard) -> int:
        """The first cycle in which it does."""
        return next(cycle for cycle in range(self.end[hazard.before] + 1) if self.lets_go(hazard, cycle))

    def begin(self, i: int, cycle: int) -> None:
        self.start[i] = cycle
        work = self.program.instructions[i].work
        if not self.is_transfer(i):
            self.end[i] = cycle + self.timing.issue_cycles + (work.cycles if work else 0)

    def serve(self, i: int, cycle: int) -> None:
        instruction = self.program.instructions[i]
        operand = (instruction.writes if instruction.opcode is Opcode.STORE else instruction.reads)[0]
        ready = Fraction(cycle + self.timing.issue_cycles + self.timing.latency_cycles)
        begin = max(ready, self.bus_free)
        self.bus[i] = (math.floor(begin), self.bus_last if begin > ready else -1)
        self.bus_free = begin + moved_bytes(operand, self.timing.burst_bytes) / self.timing.bytes_per_cycle
        self.bus_last = i
        self.end[i] = math.ceil(self.bus_free)
        if self.path_width and instruction.opcode is Opcode.LOAD:
            self.pass_path(i, operand)
        # A channel completes in order: a store may have moved its bytes before the load in front has passed the path.
        self.end[i] = max([self.end[i], *(self.end[j] for j in self.unit_before(i))])

    def pass_path(self, i: int, operand: Operand) -> None:
        """Runs of bytes one after another, so many bytes a cycle."""
        if self.path_free > self.bus[i][0]:
            self.bus[i] = (self.path_free, self.path_last)
        cycles = sum(math.ceil(Fraction(run, self.path_width)) for run in runs(operand))
        self.path_free = self.end[i] = max(self.end[i], self.bus[i][0] + cycles)
        self.path_last = i

    def row(self, i: int) -> Row:
        start = self.start[i]
        bus_start, bus_after = self.bus.get(i, (start, -1))
        released = [(ORDER.index(w), j) for w, j in self.releases(i)]
        if start == 0 or not released:
            return start, self.end[i], -1, Wait.NONE, bus_start, bus_after
        rank, by = min(released)
        return start, self.end[i], by, ORDER[rank], bus_start, bus_after

    def releases(self, i: int) -> list[tuple[Wait, int]]:
        start, earlier = self.start[i], self.unit_before(i)
        outstanding = self.program.units[self.program.instructions[i].unit].outstanding
        found = [(WAIT[h.kind], h.before) for h in self.hazards if h.after == i and self.let_go_at(h) == start]
        if len(earlier) >= outstanding and self.end[earlier[-outstanding]] == start:
            found.append((Wait.UNIT, earlier[-outstanding]))
        if earlier and self.start[earlier[-1]] + self.timing.issue_cycles == start:
            found.append((Wait.ISSUE, earlier[-1]))
        return found


def moved_bytes(operand: Operand, burst: int) -> int:
    """Bytes on the bus when every contiguous run is rounded out to bursts."""
    return sum(((last // burst) - first // burst + 1) * burst for first, last in _stretches(operand))


def runs(operand: Operand) -> list[int]:
    """The bytes of each contiguous run."""
    return [last - first + 1 for first, last in _stretches(operand)]


def _stretches(operand: Operand) -> list[tuple[int, int]]:
    found = sorted(
        operand.address + sum(i * s for i, s in zip(index, operand.strides, strict=True)) + byte
        for index in product(*(range(n) for n in operand.shape))
        for byte in range(operand.element_bytes)
    )
    stretches, first = [], found[0]
    for byte, following in zip(found, [*found[1:], -1], strict=True):
        if following != byte + 1:
            stretches.append((first, byte))
            first = following
    return stretches
