"""Active memory of a program, exactly as the profile of the emitted file counts it."""

import itertools
from collections.abc import Iterable, Sequence

from restructure.streaming.network import Network
from restructure.streaming.occupancy import Occupancy, Profiled
from restructure.streaming.placed import placed
from restructure.streaming.program import Program

__all__ = ["Copied", "Lives", "Occupancy", "Profiled", "lives", "measure", "occupancy"]

Lives = tuple[list[int], list[int], list[int]]
"""Per block: the block whose buffer it lies in, its first step, its last step (of the buffer, for such a block)."""


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
    found = occupancy(network, program)
    live, elements = found.octets(), found.elements()
    peak = max(live, default=0)
    return Profiled(max(elements, default=0), peak, live.index(peak) if live else 0, tuple(live))


def occupancy(network: Network, program: Program, held: Iterable[int] = ()) -> Occupancy:
    """Return what a program needs over time under the network's definition; blocks `held` live to the end."""
    return (placed if network.placed else Copied)(network, program, list(held))


class Copied:
    """Blocks in buffers of their own; views and what works in place take over their operand's."""

    def __init__(self, network: Network, program: Program, held: Sequence[int]) -> None:
        self.network, self.program = network, program
        self.root, self.birth, self.last = lives(network, program, held)

    def octets(self) -> list[int]:
        return self._curve(self.network.row_bytes)

    def elements(self) -> list[int]:
        return self._curve([entry.row_elements for entry in self.network.tensors])

    def _curve(self, row_sizes: Sequence[int]) -> list[int]:
        change = [0] * (len(self.program.steps) + 2)
        left_out = set() if self.network.definition.input_counted else set(self.program.fed)
        each = zip(self.program.blocks, self.root, self.birth, self.last, strict=True)
        for block, ((tensor, start, stop), root, birth, last) in enumerate(each):
            if root == block and birth >= 0 and block not in left_out:
                size = row_sizes[tensor] * (stop - start)
                change[birth] += size
                change[last + 1] -= size
        return list(itertools.accumulate(change))[:-2]

    def at(self, step: int) -> dict[int, int]:
        found: dict[int, int] = {}
        each = zip(self.program.blocks, self.root, self.birth, self.last, strict=True)
        for block, ((tensor, start, stop), root, birth, last) in enumerate(each):
            if root == block and 0 <= birth <= step <= last:
                found[tensor] = found.get(tensor, 0) + self.network.tensors[tensor].row_bytes * (stop - start)
        return found

    def buffer(self, block: int) -> int:
        return self.root[block]

    def uses_all(self) -> bool:
        read = {block for _, _, blocks in self.program.steps for block in blocks}
        kept = {block for block in self.program.received if self.last[block] == len(self.program.steps)}
        return (read | kept).issuperset(self.program.received)
