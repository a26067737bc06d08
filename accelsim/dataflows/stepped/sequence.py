"""The sequencer: when each fold's operands enter, under the drain and double-buffering conventions.

It only looks at what a hardware controller sees: when an edge is free, whether a fold's last operand is arriving at the
far corner PE, whether all results have left.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from accelsim.dataflows.shape import ArrayShape
from accelsim.dataflows.stepped.edge import LAST, ArrayHazardError, Edge
from accelsim.dataflows.stepped.layout import Fold
from accelsim.dataflows.stepped.record import ArrayState, Ints, Phase

__all__ = ["ArrayHazardError", "SteppedArray"]


class SteppedArray(ABC):
    """An array with the operands of all folds at its edges.

    Life cycle: created at cycle 0 with nothing in it; `step` happens once per cycle until `done`; then `product` and
    all counts are final.

    Attributes:
        cycle: the cycle that `step` will do next.
        product: (groups, T or x, y), filled as results leave.
    """

    def __init__(self, array: ArrayShape, folds: list[Fold], streamed: int, west_skew: Sequence[int] | None) -> None:
        self.array = array
        self.folds = folds
        self.streamed = streamed
        self.cycle = 0
        self.west = Edge(np.arange(array.rows) if west_skew is None else west_skew)
        self.north = Edge(np.arange(array.columns))
        self.product: Ints
        self.partial_reads = 0
        self.output_writes = 0
        self._exited = np.zeros(array.columns, dtype=np.int64)
        self._last_exit = -1
        self._stream_starts: list[int] = []
        self._streaming = 0
        self._corner_done: list[int] = []
        self._phase: Phase = "drain"

    @abstractmethod
    def step(self) -> None:
        """Do one cycle: drive the edges, multiply and move in every PE, collect what leaves."""

    @abstractmethod
    def state(self) -> ArrayState:
        """The cycle that was stepped last."""

    @property
    @abstractmethod
    def done(self) -> bool:
        """All results have left the array."""

    @property
    def cycles(self) -> int:
        """Cycles counted by the array's convention; final once `done`.

        Exposed: through the one in which the last result left. Hidden: through the one before the last multiplication,
        since that one overlaps what follows.
        """
        return self._corner_done[-1] if self.array.drain == "hidden" else self._last_exit + 1

    @property
    def compute_cycles(self) -> int:
        """Cycles in which a moving operand entered the first row; at most `cycles`, final once `done`."""
        return min(self._streaming, self.cycles)

    def _may_follow(self, corner_tag: int) -> bool:
        """May the next fold enter behind the ones before it, on an array that overlaps no folds?

        Args:
            corner_tag: the tag that arrives at the far corner PE in this very cycle.
        """
        before = len(self._corner_done)
        if before == len(self._stream_starts):
            return True
        ends_now = before == len(self._stream_starts) - 1 and bool(corner_tag & LAST)
        return ends_now and self.array.drain == "hidden" and self.folds[before].ends_product

    def _advance(self, west_tags: Ints, stationary_tags: Ints, corner_tag: int) -> None:
        """Note what this cycle did, and let it be over."""
        self._phase = "stream" if west_tags[0] else "load" if stationary_tags[0] else "drain"
        self._streaming += bool(west_tags[0])
        if corner_tag & LAST:
            self._corner_done.append(self.cycle)
        self.cycle += 1
