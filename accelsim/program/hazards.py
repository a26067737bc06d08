"""Which instruction must wait for which: RAW, WAR and WAW on exact byte overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from accelsim.program.accesses import Access, Region
from accelsim.program.layout import Layout, layout_of, meet
from accelsim.program.records import MemoryKind, Operand, Program


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
        unit = instruction.unit
        reads, writes = regions.boxes(instruction.reads), regions.boxes(instruction.writes)
        for region, base, layout in reads:
            _wait_for(latest, region.before_read(base, layout), base, layout, HazardKind.RAW)
        near = [region.before_write(base, layout) for region, base, layout in writes]
        for (_, base, layout), (old_reads, old_writes) in zip(writes, near, strict=True):
            _wait_for(latest, old_writes, base, layout, HazardKind.WAW)
            _wait_for(latest, old_reads, base, layout, HazardKind.WAR)
        for region, base, layout in reads:
            region.read(base, layout, position, unit)
        for box in writes:
            region, base, layout = box
            alone = not any(_touch(box, other) for other in (*reads, *writes) if other is not box)
            # What the first of several writes has covered in part is another access now.
            old_reads, old_writes = near[0] if box is writes[0] else region.before_write(base, layout)
            region.write(base, layout, position, unit, old_reads, old_writes, alone=alone)
        if not overlapping[instruction.unit]:
            latest.pop(instruction.unit, None)
        found.extend([Hazard(before, position, kind) for before, kind in sorted(latest.values())])
    return tuple(found)


_STRENGTH = (2, 0, 1)
_Latest = dict[int, tuple[int, HazardKind]]
_Box = tuple[Region, int, Layout]


def _touch(one: _Box, other: _Box) -> bool:
    """Whether the intervals of two boxes meet."""
    (region, base, layout), (its_region, its_base, its_layout) = one, other
    return region is its_region and base < its_base + its_layout.span_bytes and its_base < base + layout.span_bytes


def _wait_for(latest: _Latest, candidates: list[Access], base: int, layout: Layout, kind: HazardKind) -> None:
    """Keep, of the candidates near a box that share a byte with it, the last instruction of every unit."""
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

    def boxes(self, operands: tuple[Operand, ...]) -> list[_Box]:
        """Base and layout of the operands that can take part in a hazard, with their regions."""
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
            found.append((region, operand.address, layout))
        return found


def predecessors(count: int, found: Sequence[Hazard]) -> list[list[Hazard]]:
    """Hazards by the instruction that waits, for a Program of `count` instructions."""
    table: list[list[Hazard]] = [[] for _ in range(count)]
    for hazard in found:
        table[hazard.after].append(hazard)
    return table
