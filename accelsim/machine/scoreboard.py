"""When instructions may start: what is known of their predecessors' ends; and the clock readings of a run."""

from __future__ import annotations

import numpy as np
import simpy

from accelsim.machine.appointments import Appointment
from accelsim.machine.arrivals import first_block_arrives, head_starts
from accelsim.machine.dependences import Dependences
from accelsim.program import Program


class Scoreboard:
    """Keeps, for every instruction, how many predecessors have no known end yet and the latest end of the others.

    An end is known as soon as a compute instruction starts or the DRAM has served a transfer, so nobody waits for the
    end itself: a unit makes an appointment for the moment its next instruction may start. Room in a channel is an end
    like any other: that of the instruction `outstanding` places before in the same channel.

    Attributes:
        unknown: predecessors of an instruction that have no known end.
        ready: the earliest cycle at which it may start, as far as known; once it has started, its start.
        end: cycle at which it ends; -1 while unknown.
    """

    __slots__ = ("_blocks", "_env", "_first", "_head_starts", "_successors", "_waiting", "end", "ready", "unknown")

    def __init__(self, env: simpy.Environment, program: Program, dependences: Dependences, all_units: bool) -> None:
        """`all_units`: compute units, too, learn from their ends here when they have room."""
        self._env = env
        count = len(program.instructions)
        before, after = dependences.with_rooms(program, all_units)
        self.end = [-1] * count
        self.ready = [0] * count
        self.unknown: list[int] = np.bincount(after, minlength=count).tolist()
        order = np.argsort(before, kind="stable")
        self._successors: list[int] = after[order].tolist()
        blocks = np.concatenate([dependences.blocks, np.ones(len(before) - len(dependences.blocks), dtype=np.int64)])
        self._blocks: list[int] = blocks[order].tolist() if (blocks > 1).any() else []
        self._head_starts: list[int] = head_starts(program).tolist() if self._blocks else []
        self._first: list[int] = np.concatenate([[0], np.cumsum(np.bincount(before, minlength=count))]).tolist()
        self._waiting: list[Appointment | None] = [None] * count

    def appointment(self, instruction: int) -> Appointment:
        """The moment at which an instruction will be ready, to be fixed when its last predecessor's end is known."""
        event = self._waiting[instruction] = Appointment(self._env)
        return event

    def ends(self, instruction: int, cycle: int, now: int) -> None:
        """Note, at cycle `now`, when an instruction ends, and fix the appointments this settles."""
        self.end[instruction] = cycle
        unknown, ready, waiting = self.unknown, self.ready, self._waiting
        for after in self._successors[self._first[instruction] : self._first[instruction + 1]]:
            if cycle > ready[after]:
                ready[after] = cycle
            left = unknown[after] = unknown[after] - 1
            if not left and (event := waiting[after]) is not None:
                event.fix(ready[after] - now)

    def arrives(self, load: int, begin: int, end: int, now: int) -> None:
        """Note, at cycle `now`, in which cycles a LOAD moves its bytes: who takes them in blocks may begin earlier."""
        if not self._blocks:
            self.ends(load, end, now)
            return
        self.end[load] = end
        unknown, ready = self.unknown, self.ready
        for place in range(self._first[load], self._first[load + 1]):
            after, blocks, moment = self._successors[place], self._blocks[place], end
            if blocks > 1:
                moment = max(first_block_arrives(begin, end, blocks), end - self._head_starts[after])
            ready[after] = max(ready[after], moment)
            unknown[after] -= 1
            if not unknown[after] and (event := self._waiting[after]) is not None:
                event.fix(ready[after] - now)
