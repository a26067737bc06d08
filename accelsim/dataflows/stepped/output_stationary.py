"""Output-stationary PEs: both operands move, one east and one south; the sum stays until it is finished.

A PE's registers: the operand passing east with its tag, the operand passing south, the sum, and the result passing
south. A finished result waits until the PE at the column's foot has finished too (R − 1 − r cycles in row r), then goes
one row south per cycle. Not double-buffered, sum and result are one and the same register: a PE that multiplies while a
result is in it is a hazard.
"""

from collections.abc import Sequence

import numpy as np

from accelsim.dataflows.shape import ArrayShape
from accelsim.dataflows.stepped.edge import FIRST, LAST, ArrayHazardError, Burst, from_north, from_west, stream_tags
from accelsim.dataflows.stepped.layout import Fold, lay
from accelsim.dataflows.stepped.record import ArrayState, Flags, Ints
from accelsim.dataflows.stepped.sequence import SteppedArray


class OutputStationaryArray(SteppedArray):
    """Streams `eastward` (groups, x, K) and `southward` (groups, K, y); product (groups, x, y)."""

    def __init__(
        self, array: ArrayShape, eastward: Ints, southward: Ints, west_skew: Sequence[int] | None = None
    ) -> None:
        groups, x, length = eastward.shape
        y = southward.shape[2]
        super().__init__(array, lay(array, groups, x, y), length, west_skew)
        self._from_west, self._from_north = eastward, southward
        self.product = np.zeros((groups, x, y), dtype=np.int64)
        grid = (array.rows, array.columns)
        self._east, self._tags, self._south = (np.zeros(grid, dtype=np.int64) for _ in range(3))
        self._sums, self._results = (np.zeros(grid, dtype=np.int64) for _ in range(2))
        self._wait = np.full(grid, -1, dtype=np.int64)  # cycles until the result moves; -1: no result here
        self._wait_at_capture = np.arange(array.rows - 1, -1, -1)[:, None]

    @property
    def done(self) -> bool:
        """Every column has given R results per fold."""
        return bool((self._exited == len(self.folds) * self.array.rows).all())

    def step(self) -> None:
        """Do one cycle."""
        if self._may_stream():
            self._issue_stream()
        west, west_tags = self.west.wires(self.cycle)
        north, north_tags = self.north.wires(self.cycle)
        self._east, self._tags = from_west(self._east, west), from_west(self._tags, west_tags)
        self._south = from_north(self._south, north)
        self._shift_results()
        self._accumulate()
        self._advance(west_tags, np.zeros_like(north_tags), int(self._tags[-1, -1]))

    def _accumulate(self) -> None:
        product = self._east * self._south
        self._sums = np.where(self._tags & FIRST, product, self._sums + product)
        finished = (self._tags & LAST) > 0
        self._refuse_collision(finished if self.array.stationary_double_buffered else self._tags > 0)
        self._results = np.where(finished, self._sums, self._results)
        self._wait = np.where(finished, self._wait_at_capture, self._wait)

    def _refuse_collision(self, taken: Flags) -> None:
        if (taken & (self._wait >= 0)).any():
            row, column = np.argwhere(taken & (self._wait >= 0))[0]
            raise ArrayHazardError(
                f"cycle {self.cycle}: PE ({row}, {column}) cannot take another result or operand yet"
            )

    def _shift_results(self) -> None:
        leaving = self._wait == 0
        for column in np.flatnonzero(leaving[-1]):
            self._collect(int(column), int(self._results[-1, column]))
        arriving = from_north(leaving.astype(np.int64), np.zeros(self.array.columns, dtype=np.int64)) > 0
        self._wait = np.maximum(self._wait - 1, -1)
        self._refuse_collision(arriving)
        self._results = np.where(arriving, from_north(self._results, self._results[0]), self._results)
        self._wait = np.where(arriving, 0, self._wait)

    def _collect(self, column: int, value: int) -> None:
        """A column's results come in the order of folds, the southmost row's first."""
        fold, place = divmod(int(self._exited[column]), self.array.rows)
        self._exited[column] += 1
        self._last_exit = self.cycle
        row = self.array.rows - 1 - place
        block = self.folds[fold].block_at(row, column)
        if block:
            x, y = block.x.start + row - block.row, block.y.start + column - block.column
            self.product[block.group, x, y] = value
            self.output_writes += 1

    def _may_stream(self) -> bool:
        nth = len(self._stream_starts)
        if nth == len(self.folds):
            return False
        if nth == 0:
            return True
        if self.array.stationary_double_buffered:
            return self.cycle >= self._stream_starts[-1] + max(self.streamed, self.array.rows)
        if self.array.drain == "exposed":
            return bool((self._exited == nth * self.array.rows).all())
        corner_tag = int(self._tags[-1, -2]) if self.array.columns > 1 else 0
        return self._may_follow(corner_tag)

    def _issue_stream(self) -> None:
        fold = self.folds[len(self._stream_starts)]
        self.west.start(self.cycle, self._west_burst(fold))
        self.north.start(self.cycle, self._north_burst(fold))
        self._stream_starts.append(self.cycle)

    def _west_burst(self, fold: Fold) -> Burst:
        values = np.zeros((self.streamed, self.array.rows), dtype=np.int64)
        useful = np.zeros(values.shape, dtype=np.bool_)
        for block in fold.blocks:
            values[:, block.rows] = self._from_west[block.group, block.x].T
            useful[:, block.rows] = True
        return Burst(values, stream_tags(self.streamed), useful)

    def _north_burst(self, fold: Fold) -> Burst:
        values = np.zeros((self.streamed, self.array.columns), dtype=np.int64)
        useful = np.zeros(values.shape, dtype=np.bool_)
        for block in fold.blocks:
            values[:, block.columns] = self._from_north[block.group, :, block.y]
            useful[:, block.columns] = True
        return Burst(values, stream_tags(self.streamed), useful)

    def state(self) -> ArrayState:
        """The cycle that was stepped last."""
        return ArrayState(
            cycle=self.cycle - 1,
            phase=self._phase,
            stationary=self._sums.copy(),
            eastward=self._east.copy(),
            southward=self._south.copy(),
            partial_sums=np.where(self._wait >= 0, self._results, 0),
            multiplying=self._tags > 0,
            outputs_done=int(self._exited.sum()),
        )
