"""Which instructions still wait for which, in counters; and the clock readings of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from accelsim.program import Hazard, Program

if TYPE_CHECKING:
    import simpy

_READY = 0


class Scoreboard:
    """Counts, for every instruction, the completions it still waits for.

    An instruction may start (its unit is told, if it waits) once its counter is zero. Room in a unit is a
    completion like any other: of the instruction `outstanding` places before in the same unit.

    Attributes:
        waiting_for: completions an instruction still waits for.
        start, end: cycles, filled in as the run goes; -1 before.
    """

    __slots__ = ("_sleepers", "_successors", "end", "start", "waiting_for")

    def __init__(self, program: Program, hazards: Sequence[Hazard], queues: Sequence[Sequence[int]]) -> None:
        count = len(program.instructions)
        self.start = [-1] * count
        self.end = [-1] * count
        self.waiting_for = [0] * count
        self._successors: list[list[int]] = [[] for _ in range(count)]
        self._sleepers: dict[int, simpy.Event] = {}
        for hazard in hazards:
            self._link(hazard.before, hazard.after)
        for unit, queue in zip(program.units, queues, strict=True):
            for before, after in zip(queue, queue[unit.outstanding :], strict=False):
                self._link(before, after)

    def _link(self, before: int, after: int) -> None:
        self._successors[before].append(after)
        self.waiting_for[after] += 1

    def sleep(self, instruction: int, event: simpy.Event) -> simpy.Event:
        """Have `event` triggered when `instruction` has nothing left to wait for."""
        self._sleepers[instruction] = event
        return event

    def complete(self, instruction: int, now: int) -> None:
        """Note the end of an instruction and wake the units it releases."""
        self.end[instruction] = now
        for after in self._successors[instruction]:
            self.waiting_for[after] -= 1
            if self.waiting_for[after] == _READY and after in self._sleepers:
                self._sleepers.pop(after).succeed()
