"""The SimPy processes: one per compute unit, one per DMA channel, one for the DRAM.

SimPy orders the events of one cycle by their creation. Nothing here depends on that order: units only wait for ends
that are known, and the DRAM looks at the requests of a cycle when that cycle is over.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import simpy

from accelsim.machine.appointments import Appointment
from accelsim.machine.dram import Dram, Request
from accelsim.machine.scoreboard import Scoreboard
from accelsim.program import Opcode, Program

Process = Generator[simpy.Event, object, None]


def compute_unit(env: simpy.Environment, board: Scoreboard, queue: Sequence[int], cycles: Sequence[int]) -> Process:
    """The PE array or the vector unit: one instruction at a time, `cycles[instruction]` long."""
    ready, unknown = board.ready, board.unknown
    now = free = 0
    for instruction in queue:
        if ready[instruction] < free:
            ready[instruction] = free
        yield board.appointment(instruction) if unknown[instruction] else env.timeout(ready[instruction] - now)
        now = ready[instruction]
        free = now + cycles[instruction]
        board.ends(instruction, free, now)


def dma_channel(
    env: simpy.Environment, board: Scoreboard, queue: Sequence[int], port: DramPort, channel: int, issue_cycles: int
) -> Process:
    """A DMA channel: issues in order, one transfer at a time; the DRAM says when it ends."""
    ready, unknown = board.ready, board.unknown
    now = issued = 0
    for instruction in queue:
        if ready[instruction] < issued:
            ready[instruction] = issued
        yield board.appointment(instruction) if unknown[instruction] else env.timeout(ready[instruction] - now)
        now = ready[instruction]
        issued = now + issue_cycles
        port.request(channel, instruction, now)


class DramPort:
    """Where the channels meet: collects the requests of a cycle and has them served in the order of channels.

    Attributes:
        bus_start, bus_after: see Trace; -1 where nothing was transferred.
    """

    def __init__(self, env: simpy.Environment, board: Scoreboard, program: Program, dram: Dram, issue: int) -> None:
        self._env = env
        self._board = board
        self._instructions = program.instructions
        self._dram = dram
        self._issue_cycles = issue
        self._asked: list[tuple[int, int, int]] = []
        self._cycle_over = Appointment(env)
        self._channel_end = [0] * len(program.units)
        self.bus_start = [-1] * len(program.instructions)
        self.bus_after = [-1] * len(program.instructions)

    def request(self, channel: int, instruction: int, now: int) -> None:
        """Ask for a transfer, at cycle `now`."""
        if not self._asked:
            self._cycle_over.fix(1)
        self._asked.append((now, channel, instruction))

    def process(self) -> Process:
        """Serve each cycle's requests when the cycle is over; a transfer takes time, so none can end before."""
        while True:
            yield self._cycle_over
            self._cycle_over = Appointment(self._env)
            due, self._asked = self._asked, []
            now = due[0][0]
            if due[-1][0] != now:
                self._asked = [asked for asked in due if asked[0] != now]
                self._cycle_over.fix(1)
            for asked, channel, instruction in sorted(due):
                if asked == now:
                    self._serve(now, channel, instruction)

    def _serve(self, asked: int, channel: int, instruction: int) -> None:
        transfer = self._instructions[instruction]
        write = transfer.opcode is Opcode.STORE
        operand = transfer.writes[0] if write else transfer.reads[0]
        begin, end, behind = self._dram.serve(Request(instruction, asked + self._issue_cycles, operand, write))
        if end <= asked:
            raise ValueError(f"a transfer must take time: instruction {instruction} asked at {asked}, ended at {end}")
        if end < self._channel_end[channel]:
            end = self._channel_end[channel]
        self._channel_end[channel] = end
        self.bus_start[instruction], self.bus_after[instruction] = begin, behind
        self._board.ends(instruction, end, asked + 1)
