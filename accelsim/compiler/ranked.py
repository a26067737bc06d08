"""A layer's candidate tilings on an accelerator, those that could be best first.

Whatever a layer finds when it begins, it moves its weights and it computes. So each candidate costs some score at
least, and once one is found that costs less than what all later ones cost at least, nobody needs to look at those.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelsim.mapping import CostGrid, CostTable, Machine, Places

#: Weight of DRAM time in a layer's score beside its latency: of two equally fast tilings the one that moves less wins.
TRAFFIC_WEIGHT = 0.05
#: Cycles that a step is taken to cost beside what the estimate sees: transfers and computations do not end together,
#: and where one waits for the other the DRAM's latency passes. Of two tilings about as fast, larger tiles win.
STEP_CYCLES = 100
#: Most that all steps of a layer cost, as a share of its latency: tiny tiles do not wait as long as large ones.
STEP_SHARE = 0.3
#: Candidates that are written out at once, at least.
CHUNK = 512


class Ranked:
    """Candidates in the order of what their scores are at least; their columns are written out when asked for.

    Attributes:
        grid: where they are from.
        floor: what the score of each is at least, whatever the situation (a little less, for rounding); ascending.
    """

    def __init__(self, grid: CostGrid, places: Places, machine: Machine) -> None:
        """`places`: the candidates, as in `grid`."""
        self.grid, self._bytes_per_cycle = grid, float(machine.bytes_per_cycle)
        weights = grid.weight_cycles / self._bytes_per_cycle
        time = np.maximum(grid.array_cycles, weights + machine.latency_cycles * grid.weight_loads)
        floor = (time + TRAFFIC_WEIGHT * weights + step_cost(grid.steps, time)) * (1 - 1e-9)
        floor = grid.at(places, floor)
        order = np.argsort(floor)
        self.floor, self._places = floor[order], places.take(order)
        self._written = self._last = grid.table(self._places.take(slice(CHUNK)), self._bytes_per_cycle)

    def __len__(self) -> int:
        return len(self.floor)

    def reach(self, score: float) -> int:
        """How many could have this score or a lower one."""
        return int(self.floor.searchsorted(score, "right"))

    def first(self, count: int) -> CostTable:
        """The columns of the first `count`; of all where there are fewer."""
        count = min(count, len(self))
        if count > len(self._written):
            wanted = max(count, 2 * len(self._written))
            self._written = self.grid.table(self._places.take(slice(wanted)), self._bytes_per_cycle)
        if count != len(self._last):
            self._last = self._written.first(count)
        return self._last

    def some(self, chosen: NDArray[np.int64]) -> CostTable:
        """The columns of some, by their numbers in the order."""
        return self.grid.table(self._places.take(chosen), self._bytes_per_cycle)

    def at(self, column: NDArray[Any]) -> NDArray[Any]:
        """A column of the grid for all candidates, in their order."""
        return self.grid.at(self._places, column)

    def ranks(self, chosen: NDArray[np.int64] | slice) -> NDArray[np.int64]:
        """Numbers of some by which the first of equally good ones is found."""
        return self.grid.ranks(self._places.take(chosen))


def step_cost(steps: NDArray[np.int64], cycles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cycles that steps cost beside the latency that is estimated of them, which they are a limited share of."""
    return np.minimum(STEP_CYCLES * steps, STEP_SHARE * cycles)
