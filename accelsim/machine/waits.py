"""What released each instruction, read off the finished run.

An instruction starts at the latest of: the ends of its hazards, the end of the instruction that makes room in its
unit, and the issue of its unit's previous instruction. Of several that coincide, the first in the order RAW, WAR,
WAW, UNIT, ISSUE counts, then the one earliest in the Program.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from accelsim.program import Hazard, HazardKind, Program
from accelsim.trace import Wait

Indices = NDArray[np.int64]

_PREFERENCE = (Wait.RAW, Wait.WAR, Wait.WAW, Wait.UNIT, Wait.ISSUE)
_OF_HAZARD = {HazardKind.RAW: 0, HazardKind.WAR: 1, HazardKind.WAW: 2}


def released_by(
    program: Program,
    hazards: Sequence[Hazard],
    queues: Sequence[Sequence[int]],
    start: Indices,
    end: Indices,
    issue_cycles: int,
) -> tuple[Indices, NDArray[np.int8]]:
    """The releasing predecessor of every instruction and the kind of wait; (-1, NONE) for those that start at 0."""
    count = len(start)
    none = len(_PREFERENCE) * count
    best = np.full(count, none, dtype=np.int64)
    before, after, kind = _table([(h.before, h.after, _OF_HAZARD[h.kind]) for h in hazards])
    _offer(best, before, after, kind, end[before] == start[after])
    for unit, queue in zip(program.units, queues, strict=True):
        order = np.asarray(queue, dtype=np.int64)
        gone, next_in = order[: -unit.outstanding], order[unit.outstanding :]
        _offer(best, gone, next_in, _PREFERENCE.index(Wait.UNIT), end[gone] == start[next_in])
        previous, following = order[:-1], order[1:]
        issued = start[previous] + issue_cycles == start[following]
        _offer(best, previous, following, _PREFERENCE.index(Wait.ISSUE), issued)
    best[start == 0] = none
    wait = np.array([*_PREFERENCE, Wait.NONE], dtype=np.int8)[best // max(count, 1)]
    return np.where(best == none, -1, best % max(count, 1)), wait


def _table(rows: list[tuple[int, int, int]]) -> tuple[Indices, Indices, Indices]:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return columns[:, 0], columns[:, 1], columns[:, 2]


def _offer(best: Indices, before: Indices, after: Indices, rank: Indices | int, fits: NDArray[np.bool_]) -> None:
    key = rank * len(best) + before
    np.minimum.at(best, after[fits], key[fits])
