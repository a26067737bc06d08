"""The SimPy processes: one per compute unit, one per DMA channel, one for the DRAM.

SimPy itself orders events of one cycle by their creation. Nothing here depends on that order: units only wait for
completions, and the DRAM looks at the requests of a cycle when that cycle is over.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

from accelsim.machine.dram import Dram, Request, Service
from accelsim.machine.scoreboard import Scoreboard
from accelsim.program import Box, Opcode, Program

if TYPE_CHECKING:
    import simpy

    Process = Generator[simpy.Event, object, None]


def compute_unit(env: simpy.Environment, board: Scoreboard, queue: Sequence[int], cycles: Sequence[int]) -> Process:
    """The PE array or the vector unit: one instruction at a time, `cycles[instruction]` long."""
    start, waiting_for = board.start, board.waiting_for
    for instruction in queue:
        if waiting_for[instruction]:
            yield board.sleep(instruction, env.event())
        start[instruction] = now = int(env.now)
        yield env.timeout(cycles[instruction])
        board.complete(instruction, now + cycles[instruction])


def dma_channel(
    env: simpy.Environment, board: Scoreboard, queue: Sequence[int], port: DramPort, channel: int, issue_cycles: int
) -> Process:
    """A DMA channel: issues in order, one at a time; the DRAM completes what is in flight."""
    start, waiting_for = board.start, board.waiting_for
    may_issue = 0
    for instruction in queue:
        if waiting_for[instruction]:
            yield board.sleep(instruction, env.event())
        if env.now < may_issue:
            yield env.timeout(may_issue - env.now)
        start[instruction] = now = int(env.now)
        may_issue = now + issue_cycles
        port.request(channel, instruction)


class DramPort:
    """Where the channels meet: collects the requests of a cycle and has them served in the order of channels.

    Attributes:
        services: the DRAM's answers, by instruction.
    """

    def __init__(self, env: simpy.Environment, board: Scoreboard, program: Program, dram: Dram, issue: int) -> None:
        self._env = env
        self._board = board
        self._program = program
        self._dram = dram
        self._issue_cycles = issue
        self._asked: list[tuple[int, int, int]] = []
        self._bell: simpy.Event = env.event()
        self.services: dict[int, Service] = {}

    def request(self, channel: int, instruction: int) -> None:
        """Ask for a transfer now."""
        if not self._asked and not self._bell.triggered:
            self._bell.succeed()
        self._asked.append((int(self._env.now), channel, instruction))

    def process(self) -> Process:
        """Serve each cycle's requests when the cycle is over; a transfer takes time, so none can end before."""
        while True:
            yield self._bell
            while self._asked:
                yield self._env.timeout(1)
                now = int(self._env.now)
                due = [asked for asked in self._asked if asked[0] < now]
                self._asked = self._asked[len(due) :]
                for issued, _, instruction in sorted(due, key=itemgetter(0, 1)):
                    self._serve(instruction, issued)
            self._bell = self._env.event()

    def _serve(self, instruction: int, issued: int) -> None:
        box, write = dram_side(self._program, instruction)
        service = self._dram.serve(Request(instruction, issued + self._issue_cycles, box, write))
        self.services[instruction] = service
        done = self._env.timeout(service.end - self._env.now, instruction)
        done.callbacks.append(self._complete)

    def _complete(self, done: simpy.Event) -> None:
        instruction: int = done.value  # type: ignore[assignment]
        self._board.complete(instruction, self.services[instruction].end)


def dram_side(program: Program, instruction: int) -> tuple[Box, bool]:
    """The DRAM bytes of a transfer, and whether it writes them."""
    transfer = program.instructions[instruction]
    if transfer.opcode is Opcode.STORE:
        return transfer.writes[0].box, True
    return transfer.reads[0].box, False
