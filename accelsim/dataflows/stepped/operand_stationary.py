"""Weight- and input-stationary PEs: an operand is held, the other moves east, partial sums move south.

A PE's registers: the operand passing east with its tag; the partial sum passing south; the stationary operand loaded
with the hops it still has to go; and, double-buffered, the stationary operand in use, replaced by the loaded one when
the first operand of the next fold arrives.
"""

from collections.abc import Sequence

import numpy as np

from accelsim.dataflows.shape import ArrayShape
from accelsim.dataflows.stepped.edge import FIRST, Burst, from_north, from_west, stream_tags
from accelsim.dataflows.stepped.layout import Fold, lay
from accelsim.dataflows.stepped.record import ArrayState, Ints
from accelsim.dataflows.stepped.sequence import SteppedArray


class OperandStationaryArray(SteppedArray):
    """Holds `held` (groups, x, y), streams `moving` (groups, T, x); product (groups, T, y)."""

    def __init__(self, array: ArrayShape, moving: Ints, held: Ints, west_skew: Sequence[int] | None = None) -> None:
        groups, x, y = held.shape
        super().__init__(array, lay(array, groups, x, y), moving.shape[1], west_skew)
        self._moving, self._held = moving, held
        self.product = np.zeros((groups, self.streamed, y), dtype=np.int64)
        self._loads: list[int] = []
        grid = (array.rows, array.columns)
        self._east, self._tags, self._sums = (np.zeros(grid, dtype=np.int64) for _ in range(3))
        self._loaded, self._in_use = (np.zeros(grid, dtype=np.int64) for _ in range(2))
        self._hops = np.full(grid, -1, dtype=np.int64)

    @property
    def done(self) -> bool:
        """Every column has given T sums per fold."""
        return bool((self._exited == len(self.folds) * self.streamed).all())

    def step(self) -> None:
        """Do one cycle."""
        if self._may_stream():
            self._issue_stream()
        west, west_tags = self.west.wires(self.cycle)
        self._east, self._tags = from_west(self._east, west), from_west(self._tags, west_tags)
        corner = int(self._tags[-1, -1])
        self._issue_load(corner)
        north, north_tags = self.north.wires(self.cycle)
        self._multiply()
        self._load(north, north_tags - 1)
        self._collect()
        self._advance(west_tags, north_tags, corner)

    def _multiply(self) -> None:
        if self.array.stationary_double_buffered:
            self._in_use = np.where(self._tags & FIRST, self._loaded, self._in_use)
        else:
            self._in_use = self._loaded
        above = from_north(self._sums, np.zeros(self.array.columns, dtype=np.int64))
        self._sums = above + self._in_use * self._east

    def _load(self, north: Ints, north_hops: Ints) -> None:
        """Stationary operands with hops left go one row south; those at home stay."""
        arriving = from_north(np.where(self._hops > 0, self._hops - 1, -1), north_hops)
        lands = arriving >= 0
        self._loaded = np.where(lands, from_north(self._loaded, north), self._loaded)
        self._hops = np.where(lands, arriving, np.where(self._hops > 0, -1, self._hops))

    def _collect(self) -> None:
        """Sums that left the south edge: a column's come in the order of folds and of vectors."""
        for column in np.flatnonzero(self._tags[-1]):
            fold, vector = divmod(int(self._exited[column]), self.streamed)
            self._exited[column] += 1
            self._last_exit = self.cycle
            block = self.folds[fold].block_at_column(int(column))
            if block:
                y = block.y.start + int(column) - block.column
                self.product[block.group, vector, y] += self._sums[-1, column]
                self.output_writes += 1
                self.partial_reads += block.x.start > 0

    def _issue_load(self, corner_tag: int) -> None:
        nth = len(self._loads)
        if nth < len(self.folds) and (nth == 0 or self._may_load(corner_tag)):
            self.north.start(self.cycle, self._load_burst(self.folds[nth]))
            self._loads.append(self.cycle)

    def _may_load(self, corner_tag: int) -> bool:
        if len(self._loads) > len(self._stream_starts):
            return False  # the operand loaded last is not in use yet
        if self.array.stationary_double_buffered:
            return self.cycle >= self._loads[-1] + self.array.rows
        return self._may_follow(corner_tag)

    def _may_stream(self) -> bool:
        nth = len(self._stream_starts)
        if nth == len(self._loads) or self.cycle < self._loads[nth] + self.array.rows:
            return False  # the stationary operand is not in yet
        return nth == 0 or self.cycle >= self._stream_starts[-1] + self.streamed

    def _issue_stream(self) -> None:
        self.west.start(self.cycle, self._stream_burst(self.folds[len(self._stream_starts)]))
        self._stream_starts.append(self.cycle)

    def _load_burst(self, fold: Fold) -> Burst:
        """The southmost row first; a value's tag is its hops and one."""
        values = np.zeros((self.array.rows, self.array.columns), dtype=np.int64)
        useful = np.zeros(values.shape, dtype=np.bool_)
        for block in fold.blocks:
            values[block.rows, block.columns] = self._held[block.group, block.x, block.y]
            useful[block.rows, block.columns] = True
        return Burst(values[::-1], np.arange(self.array.rows, 0, -1), useful[::-1])

    def _stream_burst(self, fold: Fold) -> Burst:
        values = np.zeros((self.streamed, self.array.rows), dtype=np.int64)
        useful = np.zeros(values.shape, dtype=np.bool_)
        for block in fold.blocks:
            values[:, block.rows] = self._moving[block.group, :, block.x]
            useful[:, block.rows] = True
        return Burst(values, stream_tags(self.streamed), useful)

    def state(self) -> ArrayState:
        """The cycle that was stepped last."""
        return ArrayState(
            cycle=self.cycle - 1,
            phase=self._phase,
            stationary=self._in_use.copy(),
            eastward=self._east.copy(),
            southward=self._loaded.copy(),
            partial_sums=self._sums.copy(),
            multiplying=self._tags > 0,
            outputs_done=int(self._exited.sum()),
        )
