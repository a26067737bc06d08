"""The SimPy processes: one per compute unit, one per DMA channel, one for the DRAM.

SimPy orders the events of one cycle by their creation. Nothing here depends on that order: units only wait for ends
that are known, and the DRAM looks at the requests of a cycle when that cycle is over.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np
import simpy

from accelsim.machine.appointments import Appointment
from accelsim.machine.banks import Banking, Bookings, demands
from accelsim.machine.dram import Dram, Request, Service
from accelsim.machine.scoreboard import Scoreboard
from accelsim.program import Opcode, Program
from accelsim.trace import BankUse

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
        begin, end, behind = self._transferred(instruction, asked)
        if end <= asked:
            raise ValueError(f"a transfer must take time: instruction {instruction} asked at {asked}, ended at {end}")
        if end < self._channel_end[channel]:
            end = self._channel_end[channel]
        self._channel_end[channel] = end
        self.bus_start[instruction], self.bus_after[instruction] = begin, behind
        self._board.arrives(instruction, begin, end, asked + 1)

    def _transferred(self, instruction: int, asked: int) -> Service:
        """When a transfer moves its first byte, when it ends, and behind which other it waited."""
        transfer = self._instructions[instruction]
        write = transfer.opcode is Opcode.STORE
        operand = transfer.writes[0] if write else transfer.reads[0]
        return self._dram.serve(Request(instruction, asked + self._issue_cycles, operand, write))


class BankedPort(DramPort):
    """Where all units meet that need banks of the scratchpad: requests of a cycle are served in the order of units.

    The bus of the DRAM does not wait for a bank: bytes that arrive meanwhile are kept in the DMA channel.
    """

    def __init__(
        self, env: simpy.Environment, board: Scoreboard, program: Program, dram: Dram, issue: int, banking: Banking
    ) -> None:
        super().__init__(env, board, program, dram, issue)
        self._banking, self._bookings = banking, Bookings(banking)
        self._demands = demands(program, banking)
        self._held_up = [0] * len(program.instructions)
        self._memory = banking.memory(program)

    def _transferred(self, instruction: int, asked: int) -> Service:
        work = self._instructions[instruction].work
        if work is None:
            begin, end, behind = super()._transferred(instruction, asked)
        else:
            begin, behind = asked + self._issue_cycles, -1
            end = max(begin + work.cycles, asked + 1)
        late = self._bookings.book(self._demands[instruction], begin, end, asked)
        self._held_up[instruction] = late - end
        return Service(begin if work is None else -1, late, behind)

    def bank_use(self) -> BankUse:
        """What was asked of the banks in the whole run."""
        busy = np.array(self._bookings.busy_cycles(), dtype=np.int64).reshape(self._banking.banks, -1)
        held_up = np.array(self._held_up, dtype=np.int64)
        return BankUse(self._memory, tuple(busy.max(axis=1).tolist()), held_up)
