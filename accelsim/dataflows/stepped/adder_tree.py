"""Adder-tree columns, register by register: shadow weights, weights in use, and the pipeline of every tree.

Each cycle one position's channels enter all columns; the products of the previous cycle move one level down the adder
tree; sums that come out of a tree are added to what its accumulator holds. One column's weights are loaded per cycle.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from accelsim.dataflows.shape import ArrayShape
from accelsim.dataflows.stepped.record import Ints, SteppedProduct


@dataclass(frozen=True, slots=True, eq=False)
class WeightBlock:
    """What a column array holds at once: weights (lanes, columns) and whose they are.

    Attributes:
        weights: zero where padded.
        useful: not padding.
        inputs: (positions, lanes, columns) operand of every multiplier, per position.
        fed: input words read from memory for a position.
        targets: (group, filter) of every column, None where padded.
        first: whether the columns' sums begin with it.
    """

    weights: Ints
    useful: int
    inputs: Ints
    fed: int
    targets: tuple[tuple[int, int] | None, ...]
    first: bool


def blocks(array: ArrayShape, inputs: Ints, weights: Ints) -> list[WeightBlock]:
    """The blocks of (groups, M, K)·(groups, K, N), K innermost so that a column's sums are finished one by one."""
    groups, reduction, filters = weights.shape
    together = min(groups, array.columns // filters) if array.depthwise == "packed" else 1
    if together > 1:
        wide = [[(g, n) for g in range(low, min(low + together, groups)) for n in range(filters)]
                for low in range(0, groups, together)]  # fmt: skip
    else:
        wide = [[(g, n) for n in range(low, min(low + array.columns, filters))]
                for g in range(groups) for low in range(0, filters, array.columns)]  # fmt: skip
    lanes = array.rows
    cuts = [range(low, min(low + lanes, reduction)) for low in range(0, reduction, lanes)]
    return [_block(array, inputs, weights, columns, cut) for columns in wide for cut in cuts]


def _block(array: ArrayShape, inputs: Ints, weights: Ints, columns: list[tuple[int, int]], cut: range) -> WeightBlock:
    held = np.zeros((array.rows, array.columns), dtype=np.int64)
    fed = np.zeros((inputs.shape[1], array.rows, array.columns), dtype=np.int64)
    for place, (group, filter_) in enumerate(columns):
        held[: len(cut), place] = weights[group, cut.start : cut.stop, filter_]
        fed[:, : len(cut), place] = inputs[group][:, cut.start : cut.stop]
    targets = tuple(columns[i] if i < len(columns) else None for i in range(array.columns))
    words = len(cut) * len({group for group, _ in columns})
    return WeightBlock(held, len(cut) * len(columns), fed, words, targets, cut.start == 0)


class AdderTreeArray:
    """Steps a product through; `run` does it all. One position per cycle, one MAC per PE."""

    def __init__(self, array: ArrayShape, inputs: Ints, weights: Ints) -> None:
        self.array = array
        self.blocks = blocks(array, inputs, weights)
        self.product = np.zeros((inputs.shape[0], inputs.shape[1], weights.shape[2]), dtype=np.int64)
        self._positions = inputs.shape[1]
        levels = (array.rows - 1).bit_length()
        self._pipeline: deque[tuple[Ints, WeightBlock, int] | None] = deque([None] * (1 + levels))
        self._loaded = self._started = 0
        self._position = 0
        self._counts = {"compute_cycles": 0, "partial_reads": 0, "output_writes": 0, "input_reads": 0}

    def run(self) -> SteppedProduct:
        """Step until every sum is in its accumulator."""
        cycle, last_feed = 0, 0
        while self._started < len(self.blocks) or any(stage is not None for stage in self._pipeline):
            finished = self._started
            entering = self._feed()
            if entering is not None:
                last_feed = cycle + 1
            self._load(finished)
            self._advance(entering)
            cycle += 1
        return SteppedProduct(
            product=self.product,
            folds=len(self.blocks),
            cycles=last_feed if self.array.drain == "hidden" else cycle,
            weight_reads=sum(block.useful for block in self.blocks),
            **self._counts,
        )

    def _feed(self) -> tuple[Ints, WeightBlock, int] | None:
        """The products of the next position, if its weights are in."""
        columns = self.array.columns
        if self._started == len(self.blocks) or self._loaded < (self._started + 1) * columns:
            return None
        block, position = self.blocks[self._started], self._position
        self._counts["compute_cycles"] += 1
        self._counts["input_reads"] += block.fed
        self._position += 1
        if self._position == self._positions:
            self._position, self._started = 0, self._started + 1
        return block.weights * block.inputs[position], block, position

    def _load(self, finished: int) -> None:
        """One column's weights, if the registers they go to are not those of a block that is still to be used."""
        room = finished + (2 if self.array.stationary_double_buffered else 1)
        if self._loaded < min(len(self.blocks), room) * self.array.columns:
            self._loaded += 1

    def _advance(self, entering: tuple[Ints, WeightBlock, int] | None) -> None:
        """Every tree adds neighbours and passes the sums on; what leaves is accumulated."""
        leaving = self._pipeline.pop()
        moved = (stage and (_halved(stage[0]), stage[1], stage[2]) for stage in self._pipeline)
        self._pipeline = deque([entering, *moved])
        if leaving is None:
            return
        sums, block, position = leaving
        for column, target in enumerate(block.targets):
            if target is not None:
                self.product[target[0], position, target[1]] += sums[0, column]
                self._counts["output_writes"] += 1
                self._counts["partial_reads"] += not block.first


def _halved(values: Ints) -> Ints:
    """One level of the tree: neighbouring rows added."""
    if len(values) % 2:
        values = np.concatenate([values, np.zeros_like(values[:1])])
    return np.asarray(values[0::2] + values[1::2])
