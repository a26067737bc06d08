"""When an instruction may begin that takes what a LOAD brings block by block.

Of n equal blocks the first must have arrived, and when the last one's turn comes, all of them: what arrives at an even
pace and is worked on at an even pace is then never missing in between.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from accelsim.program import ArrayWork, Program

__all__ = ["first_block_arrives", "head_starts", "taken_blocks"]

Cycles = TypeVar("Cycles", int, NDArray[np.int64])


def first_block_arrives(begin: Cycles, end: Cycles, blocks: Cycles) -> Cycles:
    """The cycle by which a load that moves its bytes in [begin, end) has brought the first of so many blocks."""
    return begin - (begin - end) // blocks


def taken_blocks(program: Program) -> NDArray[np.int64]:
    """Per instruction the blocks in which it takes what it reads."""
    works = (instruction.work for instruction in program.instructions)
    return np.fromiter((w.blocks if isinstance(w, ArrayWork) else 1 for w in works), np.int64)


def head_starts(program: Program) -> NDArray[np.int64]:
    """Per instruction its cycles before the last block's turn: by so much it may begin before all has arrived."""
    works = (instruction.work for instruction in program.instructions)
    return np.fromiter((w.cycles - w.last_block_cycles if isinstance(w, ArrayWork) else 0 for w in works), np.int64)
