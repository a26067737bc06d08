"""What released each instruction, read off the finished run.

An instruction starts at the latest of: the ends of its hazards (of a load whose bytes it takes in blocks: when enough
have arrived, see `arrivals`), the end of the instruction that makes room in its unit, and the issue of its unit's
previous instruction. Of several that coincide, the first in the order RAW, WAR, WAW, UNIT, ISSUE counts, then the one
earliest in the Program.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelsim.machine.arrivals import first_block_arrives, head_starts
from accelsim.machine.dependences import Dependences, Indices
from accelsim.program import HazardKind, Program
from accelsim.trace import Wait

_PREFERENCE = (Wait.RAW, Wait.WAR, Wait.WAW, Wait.UNIT, Wait.ISSUE)
_OF_HAZARD = {HazardKind.RAW: Wait.RAW, HazardKind.WAR: Wait.WAR, HazardKind.WAW: Wait.WAW}


def released_by(
    program: Program, dependences: Dependences, start: Indices, moved: Indices, end: Indices, issue_cycles: int
) -> tuple[Indices, NDArray[np.int8]]:
    """The releasing predecessor of every instruction and the kind of wait; (-1, NONE) for those that start at 0.

    `moved`: when transfers move their first byte.
    """
    count = len(start)
    none = len(_PREFERENCE) * count
    best = np.full(count, none, dtype=np.int64)
    before, after = dependences.before, dependences.after
    rank_of_hazard = np.array([_PREFERENCE.index(_OF_HAZARD[kind]) for kind in HazardKind], dtype=np.int64)
    _offer(
        best,
        before,
        after,
        rank_of_hazard[dependences.kind],
        _moments(program, dependences, moved, end) == start[after],
    )
    for unit, order in zip(program.units, dependences.queues, strict=True):
        gone, following = order[: -unit.outstanding], order[unit.outstanding :]
        _offer(best, gone, following, _PREFERENCE.index(Wait.UNIT), end[gone] == start[following])
        previous, following = order[:-1], order[1:]
        issued = start[previous] + issue_cycles == start[following]
        _offer(best, previous, following, _PREFERENCE.index(Wait.ISSUE), issued)
    best[start == 0] = none
    wait = np.array([*_PREFERENCE, Wait.NONE], dtype=np.int8)[best // max(count, 1)]
    return np.where(best == none, -1, best % max(count, 1)), wait


def _moments(program: Program, dependences: Dependences, moved: Indices, end: Indices) -> Indices:
    """When the first instruction of every hazard lets the second one start."""
    blocks, before = dependences.blocks, dependences.before
    if not (blocks > 1).any():
        return end[before]
    first = first_block_arrives(moved[before], end[before], blocks)
    last = end[before] - head_starts(program)[dependences.after]
    return np.where(blocks > 1, np.maximum(first, last), end[before])


def _offer(best: Indices, before: Indices, after: Indices, rank: Indices | int, fits: NDArray[np.bool_]) -> None:
    key = rank * len(best) + before
    np.minimum.at(best, after[fits], key[fits])
