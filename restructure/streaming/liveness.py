"""Active memory of a program, exactly as the profile of the emitted file counts it."""

from collections.abc import Iterable
from dataclasses import dataclass

from restructure.streaming.network import Network
from restructure.streaming.program import Program

__all__ = ["Profiled", "lives", "measure"]


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


def lives(network: Network, program: Program, held: Iterable[int] = ()) -> tuple[list[int], list[int], list[int]]:
    """Return per block (root block, first step, last step); blocks in one buffer share a root's life.

    A source lives from step 0; a block that nobody makes or reads has first step −1.
    """
    blocks, steps = program.blocks, program.steps
    birth, last, given = [-1] * len(blocks), [0] * len(blocks), [False] * len(blocks)
    for block in program.fed:
        birth[block], given[block] = 0, True
    for index, (_, made, read) in enumerate(steps):
        for block in read:
            last[block] = index
            if birth[block] < 0:
                birth[block], given[block] = 0, True
        for block in made:
            birth[block] = last[block] = index
    for block in (*program.delivered.values(), *held):
        last[block] = len(steps)
    root = list(range(len(blocks)))
    for index, (op, made, read) in enumerate(steps):
        if op >= 0 and network.ops[op].takes_over:
            host = root[read[0]]
            # The network's input belongs to the caller and is not overwritten.
            free = last[host] <= index and not (given[host] and network.tensors[blocks[host][0]].is_input)
            if network.ops[op].is_view or free:
                root[made[0]] = host
                last[host] = max(last[host], last[made[0]])
    return root, birth, last


def measure(network: Network, program: Program, held: Iterable[int] = ()) -> Profiled:
    """Return the peaks of a program; time grows linearly with its steps. Blocks `held` live to the end."""
    root, birth, last = lives(network, program, held)
    steps = len(program.steps)
    octets, elements = [0] * (steps + 2), [0] * (steps + 2)
    for block, (tensor, start, stop) in enumerate(program.blocks):
        if root[block] != block or birth[block] < 0:
            continue
        entry = network.tensors[tensor]
        octets[birth[block]] += entry.row_bytes * (stop - start)
        octets[last[block] + 1] -= entry.row_bytes * (stop - start)
        elements[birth[block]] += entry.row_elements * (stop - start)
        elements[last[block] + 1] -= entry.row_elements * (stop - start)
    live, peak, peak_step, peak_elements, now, now_elements = [], 0, 0, 0, 0, 0
    for step in range(steps):
        now += octets[step]
        now_elements += elements[step]
        live.append(now)
        if now > peak:
            peak, peak_step = now, step
        peak_elements = max(peak_elements, now_elements)
    return Profiled(peak_elements, peak, peak_step, tuple(live))
