"""Active memory of a program, exactly as the profile of the emitted file counts it."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from restructure.streaming.network import Network
from restructure.streaming.program import Program

__all__ = ["Lives", "Profiled", "curve", "lives", "measure"]

Lives = tuple[list[int], list[int], list[int]]
"""Per block: the block whose buffer it lies in, its first step, its last step (of the buffer, for such a block)."""


@dataclass(frozen=True, slots=True)
class Profiled:
    """Peaks of a program.

    Attributes:
        peak_step: first step with the peak in bytes.
        live: active bytes at every step.
    """

    peak_elements: int
    peak_bytes: int
    peak_step: int
    live: tuple[int, ...]


def lives(network: Network, program: Program, held: Iterable[int] = ()) -> Lives:
    """Return when blocks live; blocks in one buffer share a root's life, blocks `held` live to the end.

    A source lives from step 0; a block that nobody makes or reads has first step −1.
    """
    blocks, steps = program.blocks, program.steps
    birth, last, root = [-1] * len(blocks), [0] * len(blocks), list(range(len(blocks)))
    for block in program.fed:
        birth[block] = 0
    for block, host in program.received.items():
        birth[block], root[block] = 0, host
    for index, (_, made, read) in enumerate(steps):
        for block in read:
            last[block] = index
        for block in made:
            birth[block] = last[block] = index
    for block in (*program.delivered.values(), *held):
        last[block] = len(steps)
    for block, host in program.received.items():
        last[host] = max(last[host], last[block])
    # The network's input belongs to the caller and is not overwritten.
    given = set(program.fed)
    for index, (op, made, read) in enumerate(steps):
        if op >= 0 and network.ops[op].takes_over:
            host = root[read[0]]
            free = last[host] <= index and host not in given
            if network.ops[op].is_view or free:
                root[made[0]] = host
                last[host] = max(last[host], last[made[0]])
    return root, birth, last


def measure(network: Network, program: Program) -> Profiled:
    """Return the peaks of a program; time grows linearly with its steps."""
    found = lives(network, program)
    live = curve(program, found, network.row_bytes)
    elements = curve(program, found, [entry.row_elements for entry in network.tensors])
    peak = max(live, default=0)
    return Profiled(max(elements, default=0), peak, live.index(peak) if live else 0, tuple(live))


def curve(program: Program, found: Lives, row_sizes: Sequence[int]) -> list[int]:
    """Return what is live at every step, in the unit of the rows' sizes (by tensor)."""
    change = [0] * (len(program.steps) + 2)
    for block, ((tensor, start, stop), root, birth, last) in enumerate(zip(program.blocks, *found, strict=True)):
        if root == block and birth >= 0:
            size = row_sizes[tensor] * (stop - start)
            change[birth] += size
            change[last + 1] -= size
    return list(itertools.accumulate(change))[:-2]
