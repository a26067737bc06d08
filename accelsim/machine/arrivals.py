"""When an instruction may begin that takes what a LOAD brings block by block.

Of n equal blocks the first must have arrived, and when the last one's turn comes, all of them: what arrives at an even
pace and is worked on at an even pace is then never missing in between.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from accelsim.program import ArrayWork, Program

__all__ = ["first_block_arrives", "last_block_in_time", "taken_blocks"]

Cycles = TypeVar("Cycles", int, NDArray[np.int64])


def first_block_arrives(begin: Cycles, end: Cycles, blocks: Cycles) -> Cycles:
    """The cycle by which a load that moves its bytes in [begin, end) has brought the first of so many blocks."""
    return begin - (begin - end) // blocks


def last_block_in_time(end: Cycles, cycles: Cycles, blocks: Cycles) -> Cycles:
    """The earliest start of work of so many cycles whose last block is not needed before a load's end."""
    return end - cycles - (-cycles // blocks)


def taken_blocks(program: Program) -> NDArray[np.int64]:
    """Per instruction the blocks in which it takes what it reads."""
    works = (instruction.work for instruction in program.instructions)
    return np.fromiter((w.blocks if isinstance(w, ArrayWork) else 1 for w in works), np.int64)
