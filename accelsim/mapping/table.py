"""The table of costs: one row per candidate tiling of a layer, one column per quantity."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from accelsim.mapping.candidates import Candidates, Ints
from accelsim.mapping.records import ORDERS, LayerMapping, TileSizes

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CostTable:
    """Costs of all candidates of one problem, one entry per candidate.

    Attributes:
        array_cycles: cycles of the array or vector unit, issue included.
        tile_bytes: a tile of the output and of the largest activation operand, which must be there wherever they lie.
        input_cycles: DRAM cycles per activation operand if it lies in DRAM, shape (operands, candidates).
        weight_cycles, output_cycles: DRAM cycles of parameters; of the output if it goes to DRAM.
        input_bytes: working bytes per operand if it lies in DRAM, single-buffered, shape (operands, candidates).
        weight_bytes, output_bytes: working bytes, single-buffered.
        weight_spare, input_spare, output_spare: what double buffering adds.
        accumulator_bytes: partial sums that must live at once in the memory of partial sums.
        input_loads: transfers per operand if it lies in DRAM, shape (operands, candidates).
        weight_loads, output_stores: transfers of parameters; of the output if it goes to DRAM.
        steps: instructions on the array or vector unit.
        first_pass: share of the layer's steps in which all tiles of a held operand are loaded (1 if none is held).
        streams_rows: whether output rows are finished one after another, so that rows of the input free up.
    """

    candidates: Candidates
    array_cycles: Floats
    tile_bytes: Ints
    input_cycles: Floats
    weight_cycles: Floats
    output_cycles: Floats
    input_bytes: Ints
    weight_bytes: Ints
    output_bytes: Ints
    input_spare: Ints
    weight_spare: Ints
    output_spare: Ints
    accumulator_bytes: Ints
    input_loads: Ints
    weight_loads: Ints
    output_stores: Ints
    steps: Ints
    first_pass: Floats
    streams_rows: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.candidates)

    def at(self, bytes_per_cycle: float) -> CostTable:
        """The same table, its DRAM cycles at another bandwidth than one byte per cycle."""
        scaled = {name: getattr(self, name) / bytes_per_cycle for name in _DRAM_CYCLES}
        return replace(self, **scaled)

    def take(self, chosen: Ints) -> CostTable:
        """Some of the candidates."""
        columns = {name: getattr(self, name)[..., chosen] for name in _COLUMNS}
        return replace(self, candidates=self.candidates.take(chosen), **columns)

    def least_bytes(self, *, weights: bool, sums: bool) -> Ints:
        """Scratchpad bytes that each candidate needs wherever its operands lie.

        Args:
            weights, sums: whether parameters and partial sums are in the scratchpad too.
        """
        return np.asarray(self.tile_bytes + weights * self.weight_bytes + sums * self.accumulator_bytes)

    @property
    def bytes(self) -> int:
        """Bytes of memory the table takes up."""
        return self.candidates.bytes + sum(int(getattr(self, name).nbytes) for name in _COLUMNS)

    def mapping(self, index: int, double_buffered: bool) -> LayerMapping:
        """Candidate `index` as a record."""
        c = self.candidates
        tile = TileSizes(
            int(c.batch[index]),
            int(c.rows[index]),
            int(c.columns[index]),
            int(c.filters[index]),
            int(c.channels[index]),
        )
        return LayerMapping(
            tile, ORDERS[c.order[index]], bool(c.hold_input[index]), bool(c.hold_weights[index]), double_buffered
        )


_DRAM_CYCLES = ("input_cycles", "weight_cycles", "output_cycles")
_COLUMNS = tuple(field.name for field in fields(CostTable) if field.name != "candidates")
