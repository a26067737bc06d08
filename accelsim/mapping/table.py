"""The table of costs: one entry per candidate tiling of a layer, one column per quantity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelsim.mapping.candidates import Ints
from accelsim.mapping.records import ORDERS, LayerMapping, TileSizes

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class CostTable:
    """Costs of all candidates of one problem, one entry per candidate.

    The columns are views of four arrays, of (columns, candidates) each, so that some candidates are taken at once.

    Attributes:
        rows: output rows of a tile.
        heights: all values that `rows` has, and maybe more, ascending.
        tile_bytes: a tile of the output and of the largest activation operand, which must be there wherever they lie.
        weight_bytes, output_bytes: working bytes, single-buffered.
        weight_spare, input_spare, output_spare: what double buffering adds.
        accumulator_bytes: partial sums that must live at once in the memory of partial sums.
        weight_loads, output_stores: transfers of parameters; of the output if it goes to DRAM.
        steps: instructions on the array or vector unit.
        input_bytes: working bytes per operand if it lies in DRAM, single-buffered, shape (operands, candidates).
        input_loads: transfers per operand if it lies in DRAM, shape (operands, candidates).
        array_cycles: cycles of the array or vector unit, issue included.
        first_pass: share of the layer's steps in which all tiles of a held operand are loaded (1 if none is held).
        weight_cycles, output_cycles: DRAM cycles of parameters; of the output if it goes to DRAM.
        input_cycles: DRAM cycles per activation operand if it lies in DRAM, shape (operands, candidates).
        hold_input, hold_weights: whether the operand's tiles stay until the layer ends.
        streams_rows: whether output rows are finished one after another, so that rows of the input free up.
    """

    __slots__ = (
        "_flags", "_floats", "_integers", "_tilings", "accumulator_bytes", "array_cycles", "first_pass", "heights",
        "hold_input", "hold_weights", "input_bytes", "input_cycles", "input_loads", "input_spare", "output_bytes",
        "output_cycles", "output_spare", "output_stores", "rows", "steps", "streams_rows", "tile_bytes",
        "weight_bytes", "weight_cycles", "weight_loads", "weight_spare",
    )  # fmt: skip

    def __init__(
        self, tilings: NDArray[np.int32], integers: Ints, floats: Floats, flags: Flags, heights: tuple[int, ...]
    ) -> None:
        """Make a table of its columns.

        Args:
            tilings: batch, rows, columns, filters, channels of a tile, index into ORDERS.
            integers: tile_bytes, output_bytes, output_spare, output_stores, steps, weight_bytes, weight_spare,
                accumulator_bytes, weight_loads; input_bytes, input_spare, input_loads of every operand in turn.
            floats: array_cycles, first_pass, output_cycles, weight_cycles; input_cycles of every operand.
            flags: hold_input, hold_weights, streams_rows.
            heights: as the attribute.
        """
        self._tilings, self._integers, self._floats, self._flags, self.heights = (
            tilings, integers, floats, flags, heights,
        )  # fmt: skip
        self.rows = tilings[1]
        self.tile_bytes, self.output_bytes, self.output_spare, self.output_stores, self.steps = integers[:5]
        self.weight_bytes, self.weight_spare, self.accumulator_bytes, self.weight_loads = integers[5:9]
        self.input_bytes, self.input_spare, self.input_loads = integers[9::3], integers[10::3], integers[11::3]
        self.array_cycles, self.first_pass, self.output_cycles, self.weight_cycles = floats[:4]
        self.input_cycles = floats[4:]
        self.hold_input, self.hold_weights, self.streams_rows = flags

    def __len__(self) -> int:
        return len(self.rows)

    def first(self, count: int) -> CostTable:
        """The first candidates, as many as `count`."""
        few = slice(count)
        return CostTable(
            self._tilings[:, few], self._integers[:, few], self._floats[:, few], self._flags[:, few], self.heights
        )

    def mapping(self, index: int, double_buffered: bool) -> LayerMapping:
        """Candidate `index` as a record."""
        *sizes, order = self._tilings[:, index].tolist()
        held = bool(self.hold_input[index]), bool(self.hold_weights[index])
        return LayerMapping(TileSizes(*sizes), ORDERS[order], *held, double_buffered)
