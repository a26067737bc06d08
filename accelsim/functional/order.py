"""Orders in which a Program may be executed: that of a Trace, and random ones that its hazards allow.

An order is a sequence of steps. An instruction reads when it starts and writes when it ends; one that takes what it
reads block by block, when the last block's turn comes.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from accelsim.program import ArrayWork, Hazard, Program
from accelsim.trace import Trace


class Step(NamedTuple):
    """The start or the end of an instruction."""

    instruction: int
    end: bool


def trace_order(program: Program, trace: Trace) -> list[Step]:
    """The steps of a Trace by time; of one cycle the ends come before the starts."""
    steps = []
    for i, (start, end) in enumerate(zip(trace.start.tolist(), trace.end.tolist(), strict=True)):
        work = program.instructions[i].work
        reads = start
        if isinstance(work, ArrayWork) and work.blocks > 1:
            reads = max(start, end - work.last_block_cycles)
        steps.append((reads, 1, i, False))
        steps.append((end, int(end == start), i, True))
    return [Step(i, end) for _, _, i, end in sorted(steps)]


def random_order(program: Program, hazards: Sequence[Hazard], seed: int) -> list[Step]:
    """A random order in which hazards, issue and completion in order, and outstanding transfers are respected.

    Every unit draws a pace, so that some orders let one unit run far ahead of the others.
    """
    return _Shuffle(program, hazards, random.Random(seed)).steps()


class _Shuffle:
    """One random walk: `_next` and `_oldest` are positions in the queues of units."""

    def __init__(self, program: Program, hazards: Sequence[Hazard], chance: random.Random) -> None:
        self._chance = chance
        self._outstanding = [unit.outstanding for unit in program.units]
        self._queues: list[list[int]] = [[] for _ in program.units]
        for position, instruction in enumerate(program.instructions):
            self._queues[instruction.unit].append(position)
        self._waiting = [0] * len(program.instructions)
        self._successors: list[list[int]] = [[] for _ in program.instructions]
        for hazard in hazards:
            self._waiting[hazard.after] += 1
            self._successors[hazard.before].append(hazard.after)
        self._next = [0] * len(program.units)
        self._oldest = [0] * len(program.units)

    def steps(self) -> list[Step]:
        paces = [self._chance.choice((1, 3, 30)) for _ in self._queues for _ in range(2)]
        steps: list[Step] = []
        while possible := self._possible():
            choice = self._chance.choices(possible, [paces[c] for c in possible])[0]
            steps.append(self._take(*divmod(choice, 2)))
        missing = sum(len(q) for q in self._queues) - len(steps) // 2
        if missing:
            raise ValueError(f"hazards and order of units contradict each other: {missing} instructions never run")
        return steps

    def _possible(self) -> list[int]:
        """Choices `2·unit` (start the next) and `2·unit + 1` (end the oldest)."""
        found = []
        for unit, queue in enumerate(self._queues):
            head, oldest = self._next[unit], self._oldest[unit]
            room = head - oldest < self._outstanding[unit]
            if head < len(queue) and room and not self._waiting[queue[head]]:
                found.append(2 * unit)
            if oldest < head:
                found.append(2 * unit + 1)
        return found

    def _take(self, unit: int, end: int) -> Step:
        if not end:
            instruction = self._queues[unit][self._next[unit]]
            self._next[unit] += 1
            return Step(instruction, False)
        instruction = self._queues[unit][self._oldest[unit]]
        self._oldest[unit] += 1
        for after in self._successors[instruction]:
            self._waiting[after] -= 1
        return Step(instruction, True)
