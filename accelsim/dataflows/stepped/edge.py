"""An edge of the array: feeds vectors of operands, one per cycle, each lane delayed by its skew.

A *burst* is the sequence of vectors of one fold; the *tag* beside each value is the control information that travels
with it (0: nothing there).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from accelsim.dataflows.stepped.record import Flags, Ints

VALID, FIRST, LAST = 1, 2, 4


class ArrayHazardError(RuntimeError):
    """Two values would have to be in one register at once: the schedule is impossible."""


@dataclass(frozen=True, slots=True, eq=False)
class Burst:
    """Vectors to be fed from one edge.

    Attributes:
        vectors: (length, lanes) values, zero where padded.
        tags: (length,) control of each vector.
        useful: (length, lanes) values that are read from memory, not padding.
    """

    vectors: Ints
    tags: Ints
    useful: Flags


class Edge:
    """Feeds bursts that have been started; `wires` is asked once per cycle, in order of time."""

    def __init__(self, skew: Sequence[int] | Ints) -> None:
        self._skew = np.asarray(skew, dtype=np.int64)
        self._lanes = np.arange(len(self._skew))
        self._bursts: list[tuple[int, Burst]] = []
        self.reads = 0

    def start(self, cycle: int, burst: Burst) -> None:
        """Lane 0 gets the burst's first value in this cycle, lane l skew[l] cycles later."""
        self._bursts.append((cycle, burst))

    def wires(self, cycle: int) -> tuple[Ints, Ints]:
        """Values and tags that the lanes drive in this cycle."""
        values = np.zeros(len(self._lanes), dtype=np.int64)
        tags = np.zeros_like(values)
        for start, burst in self._bursts:
            position = cycle - start - self._skew
            lanes = self._lanes[(position >= 0) & (position < len(burst.tags))]
            if tags[lanes].any():
                raise ArrayHazardError(f"cycle {cycle}: two bursts at one edge lane")
            values[lanes] = burst.vectors[position[lanes], lanes]
            tags[lanes] = burst.tags[position[lanes]]
            self.reads += int(burst.useful[position[lanes], lanes].sum())
        horizon = cycle - int(self._skew.max())
        self._bursts = [(start, burst) for start, burst in self._bursts if start + len(burst.tags) > horizon]
        return values, tags


def stream_tags(length: int) -> Ints:
    """Tags of a fold's moving operands: all valid, the first and the last marked."""
    tags = np.full(length, VALID, dtype=np.int64)
    tags[0] |= FIRST
    tags[-1] |= LAST
    return tags


def from_west(registers: Ints, west: Ints) -> Ints:
    """What each PE gets from its western neighbour: one step east."""
    return np.concatenate([west[:, None], registers[:, :-1]], axis=1)


def from_north(registers: Ints, north: Ints) -> Ints:
    """What each PE gets from its northern neighbour: one step south."""
    return np.concatenate([north[None, :], registers[:-1]], axis=0)
