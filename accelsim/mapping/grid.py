"""The costs of all candidates of a problem over the grid of tile sizes and ways: what is kept and shared.

Most of a table is never looked at: of thousands of tilings a few hundred could be the best one anywhere. So columns
are written out for those alone (`CostGrid.table`), and what depends on tile sizes alone is kept once for all ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accelsim.mapping.candidates import Candidates, Combinations, Ints
from accelsim.mapping.table import CostTable, Flags, Floats


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Columns of an operand, or of the parameters, that broadcast to the grid; see CostTable.

    Attributes:
        bytes, spare: working bytes, single-buffered, and what double buffering adds.
        loads, cycles: transfers and DRAM cycles.
    """

    bytes: Ints
    spare: Ints
    loads: Ints
    cycles: Floats


class CostGrid:
    """Costs at one byte of DRAM per cycle; a candidate is a *place* in the flattened grid of (ways, sizes).

    Columns that are attributes are those of a CostTable and broadcast to the grid.

    Attributes:
        places: all candidates, by tile size and then by way: the order in which equally good ones are preferred.
    """

    def __init__(
        self,
        found: Combinations,
        *,
        tile_bytes: Ints,
        output: Held,
        weights: Held,
        inputs: Sequence[Held],
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
        self._sizes, self._shape = found.grid, found.differ.shape
        size, way = np.nonzero(found.differ.T)
        self.places: Ints = way * self._shape[1] + size
        self.heights = tuple(np.flatnonzero(np.bincount(found.grid.rows)).tolist())
        self.rows, self.streams_rows, self.steps = found.grid.rows, streams_rows, steps
        self.accumulator_bytes, self.array_cycles, self._first_pass = accumulator_bytes, array_cycles, first_pass
        self._tile_bytes, self._output, self._weights, self._inputs = tile_bytes, output, weights, inputs
        self.output_bytes, self.weight_bytes = output.bytes, weights.bytes
        self.weight_loads, self.weight_cycles = weights.loads, weights.cycles
        self.input_bytes = [operand.bytes for operand in inputs]

    def __len__(self) -> int:
        return len(self.places)

    @property
    def bytes(self) -> int:
        """Bytes of memory the costs take up."""
        one = (self._tile_bytes, self.steps, self.accumulator_bytes, self.array_cycles, self._first_pass)
        many = (array for each in (self._output, self._weights, *self._inputs) for array in _columns(each))
        return sum(int(array.nbytes) for array in (self.places, self.streams_rows, *_sizes(self._sizes), *one, *many))

    def at(self, places: Ints, column: NDArray[Any]) -> NDArray[Any]:
        """A column of the grid for the candidates at some places."""
        return np.asarray(self._take([column], places, column.dtype)[0])

    def ranks(self, places: Ints) -> Ints:
        """Numbers that are in the order of `places` for the candidates at some."""
        ways, sizes = self._shape
        way, size = np.divmod(places, sizes)
        return np.asarray(size * ways + way)

    def least_bytes(self, *, weights: bool, sums: bool) -> Ints:
        """Bytes of a scratchpad that are needed wherever operands lie; `weights`, `sums`: whether they are in it."""
        return np.asarray(self._tile_bytes + weights * self.weight_bytes + sums * self.accumulator_bytes)

    def fitting(self, capacity_bytes: int, *, weights: bool, sums: bool) -> Ints:
        """Places of the candidates whose operands fit a scratchpad wherever they lie; all of them if none does.

        Args:
            capacity_bytes: its capacity.
            weights, sums: whether parameters and partial sums are in it too.
        """
        fits = self.least_bytes(weights=weights, sums=sums) <= capacity_bytes
        # An operand that is held is there as a whole, whether it is resident or loaded.
        for held in self.input_bytes:
            fits = fits & (held <= capacity_bytes)
        found = self.places[self.at(self.places, fits)]
        return found if len(found) else self.places

    def table(self, places: Ints, bytes_per_cycle: float = 1.0) -> CostTable:
        """The costs of some candidates, their DRAM cycles at this bandwidth."""
        output, weights, inputs = self._output, self._weights, self._inputs
        integers = [self._tile_bytes, output.bytes, output.spare, output.loads, self.steps]
        integers += [weights.bytes, weights.spare, self.accumulator_bytes, weights.loads]
        integers += [column for each in inputs for column in (each.bytes, each.spare, each.loads)]
        floats = [self.array_cycles, self._first_pass, output.cycles, weights.cycles, *(each.cycles for each in inputs)]
        cycles = self._take(floats, places, np.float64)
        cycles[2:] /= bytes_per_cycle
        return CostTable(
            self._take([*_sizes(self._sizes), self._sizes.order], places, np.int32),
            self._take(integers, places, np.int64),
            cycles,
            self._take([self._sizes.hold_input, self._sizes.hold_weights, self.streams_rows], places, np.bool_),
            self.heights,
        )

    def _take(self, columns: Sequence[NDArray[Any]], places: Ints, dtype: np.dtype[Any] | type) -> NDArray[Any]:
        """Columns of the grid as one array of (columns, places)."""
        way, size = np.divmod(places, self._shape[1])
        result = np.empty((len(columns), len(places)), dtype)
        for row, column in zip(result, columns, strict=True):
            if column.size == 1:
                row[:] = column.item()
                continue
            index = size
            if column.ndim == 2 and column.shape[0] > 1:
                index = places if column.shape[1] > 1 else way
            column.astype(dtype, copy=False).take(index, out=row, mode="clip")
        return result


def _sizes(grid: Candidates) -> tuple[Ints, ...]:
    return grid.batch, grid.rows, grid.columns, grid.filters, grid.channels


def _columns(operand: Held) -> tuple[NDArray[Any], ...]:
    return operand.bytes, operand.spare, operand.loads, operand.cycles
