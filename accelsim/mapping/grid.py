"""The costs of all candidates of a problem over the grid of tile sizes and ways: what is kept and shared.

Most of a table is never looked at: of thousands of tilings a few hundred could be the best one anywhere. So columns
are written out for those alone (`CostGrid.table`), and what depends on tile sizes alone is kept once for all ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from accelsim.mapping.candidates import Combinations, Ints
from accelsim.mapping.table import CostTable, Flags, Floats


class Places(NamedTuple):
    """Candidates by where they are in the grid of (ways, sizes): flattened, and by row and column."""

    flat: Ints
    way: Ints
    size: Ints

    def take(self, chosen: NDArray[Any] | slice) -> Places:
        """Some of them."""
        return Places(self.flat[chosen], self.way[chosen], self.size[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class OperandCosts:
    """Columns of an operand, of the parameters or of the output, that broadcast to the grid; see CostTable.

    Attributes:
        bytes, spare: working bytes, single-buffered, and what double buffering adds.
        loads, cycles: transfers and DRAM cycles.
    """

    bytes: Ints
    spare: Ints
    loads: Ints
    cycles: Floats


class CostGrid:
    """Costs at one byte of DRAM per cycle.

    Attributes:
        heights: as in CostTable.
        rows, streams_rows, steps, output_bytes, weight_bytes, accumulator_bytes, input_bytes, array_cycles,
            weight_loads, weight_cycles: columns as in CostTable that broadcast to the grid of (ways, sizes);
            `input_bytes` one for every operand.
    """

    def __init__(
        self,
        found: Combinations,
        *,
        tile_bytes: Ints,
        output: OperandCosts,
        weights: OperandCosts,
        inputs: Sequence[OperandCosts],
        steps: Ints,
        accumulator_bytes: Ints,
        array_cycles: Floats,
        first_pass: Floats,
        streams_rows: Flags,
    ) -> None:
        """Put columns together.

        Args:
            found: the candidates.
            output: stores and their cycles where others have loads.
            tile_bytes, weights, inputs, steps, accumulator_bytes, array_cycles, first_pass, streams_rows: as in
                CostTable.
        """
        sizes, self._differ = found.grid, found.differ
        self.heights = tuple(np.flatnonzero(np.bincount(sizes.rows)).tolist())
        self.rows, self.streams_rows, self.steps = sizes.rows, streams_rows, steps
        self.accumulator_bytes, self.array_cycles, self._tile_bytes = accumulator_bytes, array_cycles, tile_bytes
        self.output_bytes, self.weight_bytes = output.bytes, weights.bytes
        self.weight_loads, self.weight_cycles = weights.loads, weights.cycles
        self.input_bytes = [operand.bytes for operand in inputs]
        tilings = [sizes.batch, sizes.rows, sizes.columns, sizes.filters, sizes.channels, sizes.order]
        integers = [tile_bytes, output.bytes, output.spare, output.loads, steps]
        integers += [weights.bytes, _narrow(weights.spare), accumulator_bytes, weights.loads]
        integers += [column for each in inputs for column in (each.bytes, _narrow(each.spare), _narrow(each.loads))]
        cycles = [array_cycles, first_pass, output.cycles, weights.cycles, *(each.cycles for each in inputs)]
        flags = [sizes.hold_input, sizes.hold_weights, streams_rows]
        self._tilings, self._integers, self._cycles, self._flags = tilings, integers, cycles, flags

    def __len__(self) -> int:
        return int(np.count_nonzero(self._differ))

    @property
    def bytes(self) -> int:
        """Bytes of memory the costs take up."""
        columns = (*self._tilings, *self._integers, *self._cycles, *self._flags)
        return sum(int(column.nbytes) for column in (self._differ, *columns))

    @property
    def places(self) -> Places:
        """All candidates, by tile size and then by way: the order in which equally good ones are preferred."""
        return self._places(self._differ)

    def _places(self, which: Flags) -> Places:
        size, way = np.nonzero(which.T)
        return Places(way * which.shape[1] + size, way, size)

    def at(self, places: Places, column: NDArray[Any]) -> NDArray[Any]:
        """A column of the grid for the candidates at some places."""
        return np.asarray(_take([column], places, column.dtype)[0])

    def ranks(self, places: Places) -> Ints:
        """Numbers that are in the order of `places` for the candidates at some."""
        return np.asarray(places.size * len(self._differ) + places.way)

    def least_bytes(self, *, weights: bool, sums: bool) -> Ints:
        """Bytes of a scratchpad that are needed wherever operands lie; `weights`, `sums`: whether they are in it."""
        return np.asarray(self._tile_bytes + weights * self.weight_bytes + sums * self.accumulator_bytes)

    def fitting(self, capacity_bytes: int, *, weights: bool, sums: bool) -> Places:
        """Places of the candidates whose operands fit a scratchpad wherever they lie; all of them if none does.

        Args:
            capacity_bytes: its capacity.
            weights, sums: whether parameters and partial sums are in it too.
        """
        fits = self._differ & (self.least_bytes(weights=weights, sums=sums) <= capacity_bytes)
        # An operand that is held is there as a whole, whether it is resident or loaded.
        for held in self.input_bytes:
            fits &= held <= capacity_bytes
        return self._places(fits if fits.any() else self._differ)

    def table(self, places: Places, bytes_per_cycle: float = 1.0) -> CostTable:
        """The costs of some candidates, their DRAM cycles at this bandwidth."""
        cycles = _take(self._cycles, places, np.float64)
        cycles[2:] /= bytes_per_cycle
        return CostTable(
            _take(self._tilings, places, np.int32),
            _take(self._integers, places, np.int64),
            cycles,
            _take(self._flags, places, np.bool_),
            self.heights,
        )


def _narrow(column: Ints) -> NDArray[Any]:
    """A column that nobody reckons with as long as it is one of a grid, in half the memory where its numbers allow."""
    return column.astype(np.int32) if int(column.max(initial=0)) < 1 << 31 else column


def _take(columns: Sequence[NDArray[Any]], places: Places, dtype: np.dtype[Any] | type) -> NDArray[Any]:
    """Columns of a grid as one array of (columns, candidates)."""
    result = np.empty((len(columns), len(places.flat)), dtype)
    for row, column in zip(result, columns, strict=True):
        if column.size == 1:
            row[:] = column.item()
            continue
        index = places.size
        if column.ndim == 2 and column.shape[0] > 1:
            index = places.flat if column.shape[1] > 1 else places.way
        if column.dtype == dtype:
            column.take(index, out=row, mode="clip")
        else:
            row[:] = column.take(index, mode="clip")
    return result
