"""The program a streaming order gives: blocks of rows, and the steps that make them.

A *block* is some rows of one tensor, made once. A step is an op (its index), a Slice or a Concat of rows: everything
about it follows from the blocks it reads and makes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["CONCAT", "SLICE", "Block", "Program", "Step"]

SLICE, CONCAT = -1, -2

Block = tuple[int, int, int]
"""(tensor, first row, last row + 1)"""

Step = tuple[int, tuple[int, ...], tuple[int, ...]]
"""(op index, or SLICE or CONCAT; blocks made; blocks read)"""

_MOVED = (1, 0)
"""One node, no MAC."""


@dataclass(slots=True)
class Program:
    """Steps in running order. Grows while a streamer runs; blocks are numbered as they are made.

    Attributes:
        costs: per step (nodes, MACs).
        fed: the network inputs' blocks, there from the start whether anybody reads them or not.
        received: other block that is there from the start → the first of those that share its buffer.
        delivered: network output → the block that is it.
    """

    blocks: list[Block] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    costs: list[tuple[int, int]] = field(default_factory=list)
    fed: list[int] = field(default_factory=list)
    received: dict[int, int] = field(default_factory=dict)
    delivered: dict[int, int] = field(default_factory=dict)

    @property
    def nodes(self) -> int:
        return sum(nodes for nodes, _ in self.costs)

    @property
    def macs(self) -> int:
        return sum(macs for _, macs in self.costs)

    def block(self, tensor: int, start: int, stop: int) -> int:
        """Add a block and return its number."""
        self.blocks.append((tensor, start, stop))
        return len(self.blocks) - 1

    def move(self, op: int, tensor: int, start: int, stop: int, read: tuple[int, ...]) -> int:
        """Add a SLICE or a CONCAT of blocks, and return the number of the block it makes."""
        made = len(self.blocks)
        self.blocks.append((tensor, start, stop))
        self.steps.append((op, (made,), read))
        self.costs.append(_MOVED)
        return made

    def prune(self, held: Iterable[int] = ()) -> None:
        """Drop the steps whose blocks nobody reads, is held or delivered."""
        needed = {*self.delivered.values(), *held}
        kept = []
        for index in range(len(self.steps) - 1, -1, -1):
            _, made, read = self.steps[index]
            if made[0] in needed or (len(made) > 1 and not needed.isdisjoint(made)):
                needed.update(read)
                kept.append(index)
        if len(kept) < len(self.steps):
            kept.reverse()
            self.steps = [self.steps[index] for index in kept]
            self.costs = [self.costs[index] for index in kept]
