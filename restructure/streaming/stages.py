"""One phase on its own: what it costs, given what the phases before it left, and what it leaves.

A plan's phases run one after another, and a phase knows of those before it only the rows they left. So a phase that is
handed the same rows costs the same wherever it stands, and the phases of a plan can be run, and remembered, one by one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from restructure.streaming.liveness import Occupancy, occupancy
from restructure.streaming.network import Network
from restructure.streaming.program import Program
from restructure.streaming.settings import Phase
from restructure.streaming.streamer import AboveLimitError, Streamer

__all__ = ["Abandoned", "Handover", "Piece", "Stage", "given", "most_parts", "play", "run_stage"]


class Piece(NamedTuple):
    """Rows of a tensor that cross a border in one block.

    Attributes:
        buffer: pieces with the same number lie in the same memory (one is a view of the other).
        given: it is the network's input as the caller gave it, which nothing overwrites.
    """

    start: int
    stop: int
    buffer: int
    given: bool = False


Handover = tuple[tuple[int, tuple[Piece, ...]], ...]
"""What one phase leaves to the next: (tensor, its pieces from top to bottom), by tensor."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One phase's run.

    Attributes:
        live: active bytes at every step, with all that crosses the phase untouched.
        parts: parts of the most finely cut tensor.
        leaves: what the phases behind it are handed.
        uses_all: whether it can be counted apart from the others (see `Occupancy.uses_all`).
    """

    peak_bytes: int
    macs: int
    nodes: int
    parts: int
    live: npt.NDArray[np.int64]
    leaves: Handover
    uses_all: bool


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A phase's run that was given up.

    Attributes:
        steps: how many had run.
        too_long: whether there were too many of them; else it needs too much memory.
        progress: share of its results that had been made.
    """

    steps: int
    too_long: bool
    progress: float


def given(network: Network) -> Handover:
    """Return what the first phase is handed: the network's inputs."""
    return tuple(
        (tensor, (Piece(0, network.tensors[tensor].height, number, True),))
        for number, tensor in enumerate(network.inputs)
    )


def run_stage(
    network: Network,
    phase: Phase,
    received: Handover,
    input_rows: Mapping[int, int],
    limit: float = inf,
    most_steps: float = inf,
) -> Stage | Abandoned:
    """Run one phase; for the arguments see `play`.

    It is abandoned if it needs more bytes than `limit`, or more steps than `most_steps`.
    """
    run = _started(network, phase, received, input_rows, limit, most_steps)
    try:
        program, found, leaves = _played(run, phase)
    except AboveLimitError:
        steps = len(run.program.steps)
        return Abandoned(steps, steps > most_steps, run.progress)
    live = np.array(found.octets(), dtype=np.int64)
    return Stage(
        int(live.max(initial=0)), program.macs, program.nodes, most_parts(program), live, leaves, found.uses_all()
    )


def play(
    network: Network, phase: Phase, received: Handover, input_rows: Mapping[int, int]
) -> tuple[Program, Occupancy, Handover]:
    """Return one phase's program, what that needs over time, and what it leaves.

    Args:
        received: what the phases before it left.
        input_rows: network input → rows of the pieces it is split into, if this is the first phase.
    """
    return _played(_started(network, phase, received, input_rows), phase)


def _played(run: Streamer, phase: Phase) -> tuple[Program, Occupancy, Handover]:
    network = run.network
    run.run(phase)
    if phase.stop == len(network.ops):
        run.deliver()
    program = run.program
    later = [(tensor, run.holdings.blocks[tensor]) for tensor in network.crossing(phase.stop)]
    held = [block for _, blocks in later for _, _, block in blocks]
    program.prune(held)
    found = occupancy(network, program, held)
    return program, found, _leaves(later, found, set(program.fed))


def _started(
    network: Network,
    phase: Phase,
    received: Handover,
    input_rows: Mapping[int, int],
    limit: float = inf,
    most_steps: float = inf,
) -> Streamer:
    """Return a streamer at the start of a phase, with what the phases before left."""
    run = Streamer(network, limit, most_steps)
    if phase.start == 0:
        for tensor, _ in received:
            run.holdings.feed(tensor, input_rows.get(tensor, 0), late=phase.restart > 0)
        return run
    run.done[: phase.start] = [network.height(op) for op in network.ops[: phase.start]]
    first: dict[int, int] = {}
    for tensor, pieces in received:
        for piece in pieces:
            block = run.holdings.place(tensor, piece.start, piece.stop)
            run.program.received[block] = first.setdefault(piece.buffer, block)
            if piece.given:
                run.program.fed.append(block)
    return run


def _leaves(later: Sequence[tuple[int, list[tuple[int, int, int]]]], found: Occupancy, fed: set[int]) -> Handover:
    numbers: dict[int, int] = {}
    return tuple(
        (
            tensor,
            tuple(
                Piece(start, stop, numbers.setdefault(found.buffer(block), len(numbers)), found.buffer(block) in fed)
                for start, stop, block in blocks
            ),
        )
        for tensor, blocks in later
    )


def most_parts(program: Program) -> int:
    """Return the parts of the most finely cut tensor."""
    counts = Counter(program.blocks[made[0]][0] for index, made, _ in program.steps if index >= 0)
    return max(counts.values(), default=1)
