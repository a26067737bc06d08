"""Which instruction must wait for which: RAW, WAR and WAW on exact byte overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from accelsim.program.accesses import Access, Region
from accelsim.program.layout import layout_of, meet
from accelsim.program.records import Instruction, MemoryKind, Operand, Program


class HazardKind(IntEnum):
    """Why an instruction waits for an earlier one."""

    RAW = 0
    WAR = 1
    WAW = 2


@dataclass(frozen=True, slots=True)
class Hazard:
    """`after` may start only when `before` has completed."""

    before: int
    after: int
    kind: HazardKind


def hazards(program: Program) -> tuple[Hazard, ...]:
    """What every instruction of a Program must wait for beyond its own unit, in program order.

    A unit with one instruction in flight orders its own; one with several outstanding issues and completes in order
    but may start a transfer before the previous one has completed, so hazards inside it count.

    The relation is complete up to transitivity: two instructions with conflicting accesses are always ordered by a
    path of hazards and same-unit order. Of several instructions of one unit only the last counts, since it completes
    last; of several reasons to wait for it, the strongest (RAW before WAW before WAR).

    Linear in the length of the Program: the accesses looked at are those still standing at the same addresses.
    """
    found: list[Hazard] = []
    overlapping = [unit.outstanding > 1 for unit in program.units]
    regions = _Regions(program)
    for position, instruction in enumerate(program.instructions):
        latest: _Latest = {}
        reads, writes = regions.accesses(position, instruction)
        for region, access in reads:
            _wait_for(latest, region.writes.near(access.low, access.high), access, HazardKind.RAW)
        near = [(r.reads.near(a.low, a.high), r.writes.near(a.low, a.high)) for r, a in writes]
        for (_, access), (old_reads, old_writes) in zip(writes, near, strict=True):
            _wait_for(latest, old_writes, access, HazardKind.WAW)
            _wait_for(latest, old_reads, access, HazardKind.WAR)
        for region, access in reads:
            region.read(access)
        for (region, access), (old_reads, old_writes) in zip(writes, near, strict=True):
            region.write(access, old_reads, old_writes)
        if not overlapping[instruction.unit]:
            latest.pop(instruction.unit, None)
        found.extend([Hazard(before, position, kind) for before, kind in sorted(latest.values())])
    return tuple(found)


_STRENGTH = (2, 0, 1)
_Latest = dict[int, tuple[int, HazardKind]]
_Accesses = list[tuple[Region, Access]]


def _wait_for(latest: _Latest, candidates: list[Access], access: Access, kind: HazardKind) -> None:
    """Keep, of the candidates near an access that share a byte with it, the last instruction of every unit."""
    base, layout = access.base, access.layout
    strided = bool(layout.counts)
    for earlier in candidates:
        known = latest.get(earlier.unit)
        if known is not None:
            before, old = known
            if before > earlier.instruction or (before == earlier.instruction and _STRENGTH[old] >= _STRENGTH[kind]):
                continue
        if not (strided or earlier.layout.counts) or meet(earlier.layout, layout, base - earlier.base):
            latest[earlier.unit] = (earlier.instruction, kind)


class _Regions:
    """The regions of a Program: one per on-chip memory, one per DRAM range that is ever written.

    A memory that a single unit uses, one instruction after the other, has none: partial sums mostly lie in such a one.
    """

    def __init__(self, program: Program) -> None:
        self._dram = [memory.kind is MemoryKind.DRAM for memory in program.memories]
        self._private = [True] * len(program.memories)
        self._written: set[int] = set()
        users = [-1] * len(program.memories)
        for instruction in program.instructions:
            unit = instruction.unit
            for operand in instruction.writes:
                self._written.add(operand.range)
            for operand in (*instruction.reads, *instruction.writes):
                if users[operand.memory] != unit:
                    self._private[operand.memory] &= users[operand.memory] < 0 and program.units[unit].outstanding == 1
                    users[operand.memory] = unit
        self._regions: dict[tuple[int, int], Region] = {}

    def accesses(self, position: int, instruction: Instruction) -> tuple[_Accesses, _Accesses]:
        """The reads and the writes of an instruction that can take part in a hazard, with their regions."""
        unit = instruction.unit
        return self._of(position, unit, instruction.reads), self._of(position, unit, instruction.writes)

    def _of(self, position: int, unit: int, operands: tuple[Operand, ...]) -> _Accesses:
        found = []
        for operand in operands:
            memory = operand.memory
            dram = self._dram[memory]
            if self._private[memory] or (dram and operand.range not in self._written):
                continue
            key = (memory, operand.range if dram else -1)
            region = self._regions.get(key)
            if region is None:
                region = self._regions[key] = Region()
            layout = layout_of(operand.shape, operand.strides, operand.element_bytes)
            found.append((region, Access(operand.address, layout, position, unit)))
        return found


def predecessors(count: int, found: Sequence[Hazard]) -> list[list[Hazard]]:
    """Hazards by the instruction that waits, for a Program of `count` instructions."""
    table: list[list[Hazard]] = [[] for _ in range(count)]
    for hazard in found:
        table[hazard.after].append(hazard)
    return table
