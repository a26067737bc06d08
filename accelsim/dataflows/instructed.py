"""A weight-stationary array that is fed by instructions: a block of weights, a few positions at a time.

Gemmini works so (H. Genc et al., DAC 2021; ucb-bar/gemmini: LoopConv.scala and LoopMatmul.scala unroll a tile into
pairs of *preload* and *compute*, ExecuteController.scala feeds them to the array). Its terms, and nothing else:

* A block of weights is R input channels of one kernel cell by N filters: F = FY·FX·⌈C/R⌉·⌈K/N⌉ blocks. Kernel cells
  never share a block, so three input channels use three of the array's rows.
* An instruction streams at most L consecutive positions against the block that is in the array. Instructions go along
  the tile's longest side X (of batch, rows, columns), ⌈X/L⌉ to a line. Gemmini's software makes output columns the
  longest side of a tile (gemmini.h, tiled_conv_auto: "we avoid reducing ocols …") and walks along them; the strides of
  its operands (config_ex) let an instruction walk along any side.
* From one instruction to the next there are at least m cycles, be its positions fewer (ExecuteController, total_rows:
  two writes to an accumulator must be four cycles apart): l positions take max(l, m) cycles.
* The next block is preloaded during the last instruction with the old one and not sooner. R rows of weights come in
  then, so that instruction takes at least R cycles.

With S = (lines)·(⌊X/L⌋·max(L, m) + max(rest, m)) the cycles of a block's instructions, E = max(0, R − the last one's
cycles), and S′ = S less the gap behind the very last position, folds follow every S + E cycles, and a tile takes
R + (F − 1)·(S + E) + S′ + R + C − 2, of which ``hidden`` counts one less, as for any operand that is held. Without a
second register for weights every block is a fold by itself, of 2R + C + S′ − 2 cycles but not under S.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelsim.dataflows.base import ceil_div
from accelsim.dataflows.cost import ArrayCost, Counts, TileCost
from accelsim.dataflows.nest import LoopNest
from accelsim.dataflows.shape import ArrayShape, Instruction

__all__ = ["instructed_cost"]


def instructed_cost(array: ArrayShape, instruction: Instruction, nest: LoopNest[Counts]) -> ArrayCost:
    """The cost of many tiles on an array that is fed by instructions."""
    channels = ceil_div(nest.channels, array.macs_per_pe)
    together = np.ones_like(nest.groups)
    if array.depthwise == "packed":
        room = np.minimum(array.rows // channels, array.columns // nest.filters)
        together = np.maximum(1, np.minimum(nest.groups, room))
    products = ceil_div(nest.groups, together)
    row_folds = nest.kernel_rows * nest.kernel_columns * ceil_div(channels, array.rows)
    column_folds = ceil_div(nest.filters, array.columns)
    folds = products * row_folds * column_folds
    total = _total_cycles(array, _stream(instruction, nest), folds, products)
    compute = np.minimum(folds * nest.m, total)
    sums = nest.groups * nest.m * nest.n
    held = nest.groups * nest.n * nest.kernel_rows * nest.kernel_columns * channels
    return TileCost(
        folds=folds,
        total_cycles=total,
        compute_cycles=compute,
        fill_drain_cycles=total - compute,
        input_reads=nest.groups * nest.m * nest.k * column_folds,
        weight_reads=nest.groups * nest.n * nest.k,
        partial_reads=sums * (row_folds - 1),
        output_writes=sums * row_folds,
        macs=nest.macs,
        active_pe_fraction=np.asarray(held / (folds * array.pes)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Stream:
    """The instructions of a block of weights: S, their cycles; S′, until the last position; the last one's cycles."""

    cycles: Counts
    until_last: Counts
    last: Counts


def _stream(instruction: Instruction, nest: LoopNest[Counts]) -> _Stream:
    longest, fewest = instruction.positions, instruction.cycles
    side = np.maximum(np.maximum(nest.batch, nest.rows), nest.columns)
    full, rest = side // longest, side % longest
    positions = np.where(rest > 0, rest, longest)
    last = np.maximum(positions, fewest)
    cycles = nest.m // side * (full * max(longest, fewest) + np.where(rest > 0, last, 0))
    return _Stream(cycles, cycles - last + positions, last)


def _total_cycles(array: ArrayShape, stream: _Stream, folds: Counts, products: Counts) -> Counts:
    hidden = int(array.drain == "hidden")
    alone = 2 * array.rows + array.columns + stream.until_last - 2
    if array.stationary_double_buffered:
        step = stream.cycles + np.maximum(0, array.rows - stream.last)
        return np.asarray((folds - 1) * step + alone - hidden)
    within, between = np.maximum(stream.cycles, alone), np.maximum(stream.cycles, alone - hidden)
    return np.asarray((folds - products) * within + (products - 1) * between + alone - hidden)
