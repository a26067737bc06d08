"""One run: the units, the DRAM and the hazards of a Program in a SimPy environment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import simpy

from accelsim.machine.banks import Banking
from accelsim.machine.dependences import Dependences, Indices
from accelsim.machine.dram import Dram
from accelsim.machine.errors import DeadlockError
from accelsim.machine.scoreboard import Scoreboard
from accelsim.machine.timing import Timing
from accelsim.machine.units import BankedPort, DramPort, compute_unit, dma_channel
from accelsim.machine.waits import released_by
from accelsim.program import Hazard, Program, UnitKind
from accelsim.trace import Trace


class Simulation:
    """A Program on its units; made, then run once by `trace`."""

    def __init__(
        self, program: Program, timing: Timing, hazards: Sequence[Hazard], dram: Dram, banking: Banking | None = None
    ) -> None:
        """`banking`: the scratchpad's banks if instructions contend for them."""
        self._program = program
        self._issue_cycles = timing.issue_cycles
        self._dependences = Dependences(program, hazards)
        self._env = simpy.Environment()
        self._banking = banking
        self._board = Scoreboard(self._env, program, self._dependences, all_units=banking is not None)
        self._port = self._make_port(dram)

    def _make_port(self, dram: Dram) -> DramPort:
        if self._banking is None:
            return DramPort(self._env, self._board, self._program, dram, self._issue_cycles)
        return BankedPort(self._env, self._board, self._program, dram, self._issue_cycles, self._banking)

    def trace(self) -> Trace:
        """Run, and read the clocks.

        Raises:
            DeadlockError: an instruction waits for one that cannot come before it.
        """
        self._start_processes()
        self._env.run()
        self._require_finished()
        return self._read()

    def _start_processes(self) -> None:
        env, board, port, issue = self._env, self._board, self._port, self._issue_cycles
        cycles = [issue + (i.work.cycles if i.work else 0) for i in self._program.instructions]
        env.process(port.process())
        for number, (unit, positions) in enumerate(zip(self._program.units, self._dependences.queues, strict=True)):
            queue: list[int] = positions.tolist()
            if unit.kind is UnitKind.DMA or self._banking is not None:
                env.process(dma_channel(env, board, queue, port, number, issue))
            else:
                env.process(compute_unit(env, board, queue, cycles))

    def _require_finished(self) -> None:
        stuck = [i for i, end in enumerate(self._board.end) if end < 0]
        if not stuck:
            return
        first = self._program.instructions[stuck[0]]
        unit = self._program.units[first.unit].name
        raise DeadlockError(
            f"instruction {stuck[0]} ({first.opcode} on {unit}): never ran, "
            f"{len(stuck)} of {len(self._program.instructions)} instructions wait for each other"
        )

    def _read(self) -> Trace:
        start: Indices = np.array(self._board.ready, dtype=np.int64)
        end: Indices = np.array(self._board.end, dtype=np.int64)
        bus_start: Indices = np.array(self._port.bus_start, dtype=np.int64)
        bus_after: Indices = np.array(self._port.bus_after, dtype=np.int64)
        moved = np.where(bus_start < 0, start, bus_start)
        released, wait = released_by(self._program, self._dependences, start, moved, end, self._issue_cycles)
        banks = self._port.bank_use() if isinstance(self._port, BankedPort) else None
        return Trace(start, end, released, wait, moved, bus_after, int(end.max(initial=0)), banks)
