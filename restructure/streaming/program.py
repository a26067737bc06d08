"""The program a streaming order gives: blocks of rows, and the steps that make them.

A *block* is some rows of one tensor, made once. A step is an op (its index), a Slice or a Concat of rows: everything
about it follows from the blocks it reads and makes.
"""

from dataclasses import dataclass, field

__all__ = ["CONCAT", "SLICE", "Block", "Program", "Step"]

SLICE, CONCAT = -1, -2

Block = tuple[int, int, int]
"""(tensor, first row, last row + 1)"""

Step = tuple[int, tuple[int, ...], tuple[int, ...]]
"""(op index, or SLICE or CONCAT; blocks made; blocks read)"""


@dataclass(slots=True)
class Program:
    """Steps in running order. Grows while a streamer runs; blocks are numbered as they are made.

    Attributes:
        delivered: network output → the block that is it.
    """

    blocks: list[Block] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    macs: int = 0
    nodes: int = 0
    delivered: dict[int, int] = field(default_factory=dict)

    def block(self, tensor: int, start: int, stop: int) -> int:
        """Add a block and return its number."""
        self.blocks.append((tensor, start, stop))
        return len(self.blocks) - 1
