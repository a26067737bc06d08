"""Give a Program time: run its units, its DRAM and its hazards in a SimPy environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from accelsim.machine.dram import BandwidthLatencyDram, Dram, Service
from accelsim.machine.scoreboard import Scoreboard
from accelsim.machine.timing import Timing
from accelsim.machine.units import DramPort, compute_unit, dma_channel
from accelsim.machine.waits import released_by
from accelsim.program import Hazard, Program, UnitKind
from accelsim.program import hazards as find_hazards
from accelsim.trace import Trace

if TYPE_CHECKING:
    from accelsim.hardware import Hardware


class DeadlockError(RuntimeError):
    """The Program's order and its hazards contradict each other: a defect of whoever made them."""


def run(
    program: Program,
    hardware: Hardware | Timing,
    hazards: Sequence[Hazard] | None = None,
    *,
    dram: Dram | None = None,
) -> Trace:
    """Time a Program.

    Args:
        program: what to run.
        hardware: the described accelerator, or just its timing.
        hazards: which instruction waits for which; found from the addresses if not given.
        dram: a model of the DRAM other than bandwidth and latency, fresh for this run.

    Raises:
        DeadlockError: an instruction waits for one that cannot come before it.
    """
    import simpy

    timing = hardware if isinstance(hardware, Timing) else Timing.of(hardware)
    if hazards is None:
        hazards = find_hazards(program)
    queues = _queues(program)
    board = Scoreboard(program, hazards, queues)
    env = simpy.Environment()
    port = DramPort(env, board, program, dram or BandwidthLatencyDram(timing), timing.issue_cycles)
    env.process(port.process())
    cycles = [timing.issue_cycles + (i.work.cycles if i.work else 0) for i in program.instructions]
    for number, (unit, queue) in enumerate(zip(program.units, queues, strict=True)):
        if unit.kind is UnitKind.DMA:
            env.process(dma_channel(env, board, queue, port, number, timing.issue_cycles))
        else:
            env.process(compute_unit(env, board, queue, cycles))
    env.run()
    _require_finished(program, board)
    return _trace(program, hazards, queues, board, port.services, timing.issue_cycles)


def _queues(program: Program) -> list[list[int]]:
    queues: list[list[int]] = [[] for _ in program.units]
    for position, instruction in enumerate(program.instructions):
        queues[instruction.unit].append(position)
    return queues


def _require_finished(program: Program, board: Scoreboard) -> None:
    stuck = [i for i, end in enumerate(board.end) if end < 0]
    if stuck:
        first = program.instructions[stuck[0]]
        unit = program.units[first.unit].name
        raise DeadlockError(
            f"instruction {stuck[0]} ({first.opcode} on {unit}): never ran, "
            f"{len(stuck)} of {len(board.end)} instructions wait for each other"
        )


def _trace(
    program: Program,
    hazards: Sequence[Hazard],
    queues: Sequence[Sequence[int]],
    board: Scoreboard,
    services: dict[int, Service],
    issue_cycles: int,
) -> Trace:
    start: NDArray[np.int64] = np.array(board.start, dtype=np.int64)
    end: NDArray[np.int64] = np.array(board.end, dtype=np.int64)
    released, wait = released_by(program, hazards, queues, start, end, issue_cycles)
    bus_start, bus_after = start.copy(), np.full_like(start, -1)
    if services:
        transfers = list(services)
        bus_start[transfers] = [s.begin for s in services.values()]
        bus_after[transfers] = [s.behind for s in services.values()]
    return Trace(start, end, released, wait, bus_start, bus_after, int(end.max(initial=0)))
