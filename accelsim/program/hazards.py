"""Which instruction must wait for which: RAW, WAR and WAW on exact byte overlap.

An access is forgotten once later accesses stand for it: a write that covers it (whoever meets the old bytes meets
the write), or a later access of the same unit to the same box (units complete in order).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from accelsim.program.box import Box
from accelsim.program.records import MemoryKind, Program


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


@dataclass(slots=True)
class _Access:
    """An access that still matters: the bytes [low, high) of `box` that no later write has covered."""

    low: int
    high: int
    box: Box
    instruction: int
    unit: int
    write: bool


class _Region:
    """The accesses that still matter in one memory (scratchpads) or one range (DRAM, whose ranges are disjoint)."""

    __slots__ = ("accesses",)

    def __init__(self) -> None:
        self.accesses: list[_Access] = []

    def meet(self, box: Box, write: bool) -> list[tuple[int, HazardKind]]:
        """Earlier instructions an access of `box` must wait for."""
        low, high = box.base, box.end
        found = []
        for a in self.accesses:
            if a.low < high and low < a.high and (write or a.write) and a.box.overlaps(box):
                kind = (HazardKind.WAW if write else HazardKind.RAW) if a.write else HazardKind.WAR
                found.append((a.instruction, kind))
        return found

    def record(self, access: _Access) -> None:
        """Add an access and forget what it stands for."""
        if access.write and access.box.contiguous:
            self._cover(access.low, access.high)
        else:
            self.accesses = [
                a
                for a in self.accesses
                if a.unit != access.unit or a.write != access.write or a.low != access.low or a.box != access.box
            ]
        self.accesses.append(access)

    def _cover(self, low: int, high: int) -> None:
        kept: list[_Access] = []
        for a in self.accesses:
            if a.high <= low or high <= a.low:
                kept.append(a)
                continue
            if a.low < low:
                kept.append(_Access(a.low, low, a.box, a.instruction, a.unit, a.write))
            if high < a.high:
                kept.append(_Access(high, a.high, a.box, a.instruction, a.unit, a.write))
        self.accesses = kept


def hazards(program: Program) -> tuple[Hazard, ...]:
    """All hazards of a Program that in-order units do not already imply, in program order.

    A unit with one instruction in flight orders its own; one with several outstanding issues and completes in order
    but may start a transfer before the previous one has completed, so hazards inside it count.

    For one pair of instructions the strongest kind is kept (RAW before WAW before WAR). The relation is complete
    up to transitivity: two instructions with conflicting accesses are always ordered by a path of hazards and
    same-unit order.
    """
    overlapping = [unit.outstanding > 1 for unit in program.units]
    written = {o.range for i in program.instructions for o in i.writes}
    regions: dict[tuple[int, int], _Region] = {}
    found: list[Hazard] = []
    for position, instruction in enumerate(program.instructions):
        accesses = [(o, False) for o in instruction.reads] + [(o, True) for o in instruction.writes]
        waits: dict[int, HazardKind] = {}
        boxes: list[tuple[_Region, Box, bool]] = []
        for operand, write in accesses:
            dram = program.memories[operand.memory].kind is MemoryKind.DRAM
            if dram and operand.range not in written:
                continue
            key = (operand.memory, operand.range if dram else -1)
            region = regions.setdefault(key, _Region())
            box = operand.box
            boxes.append((region, box, write))
            for before, kind in region.meet(box, write):
                if program.instructions[before].unit != instruction.unit or overlapping[instruction.unit]:
                    waits[before] = _stronger(waits.get(before), kind)
        for region, box, write in boxes:
            region.record(_Access(box.base, box.end, box, position, instruction.unit, write))
        found.extend(Hazard(before, position, kind) for before, kind in sorted(waits.items()))
    return tuple(found)


_STRENGTH = {HazardKind.RAW: 2, HazardKind.WAW: 1, HazardKind.WAR: 0}


def _stronger(old: HazardKind | None, new: HazardKind) -> HazardKind:
    return new if old is None or _STRENGTH[new] > _STRENGTH[old] else old


def predecessors(count: int, found: Sequence[Hazard]) -> list[list[Hazard]]:
    """Hazards by the instruction that waits, for a Program of `count` instructions."""
    table: list[list[Hazard]] = [[] for _ in range(count)]
    for hazard in found:
        table[hazard.after].append(hazard)
    return table
