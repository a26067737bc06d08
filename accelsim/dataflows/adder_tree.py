"""Adder trees: C on rows, K on columns; a column multiplies L channels at once and adds them in a tree.

NVDLA's convolution core works so (NVDLA hardware architecture specification, "Convolution core": atomic, stripe, block
operations): in every cycle the L = R·(MACs per PE) channels of one input position go to all N columns, each of which
holds L weights of its own filter for one kernel position. A *block* of weights is used for all positions of the tile,
then the next one: per group ⌈C/L⌉·⌈K/N⌉·FY·FX blocks of T positions. Sums are added up outside, in accumulators.

    T = B·⌈OY/by⌉·⌈OX/bx⌉ where by×bx positions are computed side by side (Arm Ethos-U: 2×2).

Weights are loaded one column per cycle, N cycles a block: F·(N + T) cycles for F blocks. Double-buffered, a block is
loaded while the one before is used: N + (F − 1)·max(T, N) + T. The tree is a pipeline of D = 1 + ⌈log₂ L⌉ stages
(multiply, then add), so the last sums leave D cycles later: ``exposed``; ``hidden``: that overlaps what follows.

Groups (depthwise): ``per_channel`` runs one after the other, in NVDLA's way, with one row and one column of use.
``packed``: columns take filters of several groups and rows take kernel positions as well as channels, so that
⌈G/⌊N/K⌋⌉·⌈FY·FX·C/L⌉ blocks do; every group's columns then have inputs of their own.
"""

from typing import ClassVar

import numpy as np

from accelsim.dataflows.base import Dataflow, ceil_div
from accelsim.dataflows.cost import ArrayCost, Counts, TileCost
from accelsim.dataflows.nest import LoopNest
from accelsim.dataflows.shape import ArrayShape


class AdderTree(Dataflow):
    """⌈C/L⌉·⌈K/N⌉·FY·FX blocks of T positions per group."""

    name: ClassVar[str] = "adder_tree"

    def _cost(self, array: ArrayShape, nest: LoopNest[Counts]) -> ArrayCost:
        rounds, columns, products = self._blocks(array, nest)
        folds = rounds * columns * products
        steps = nest.batch * ceil_div(nest.rows, array.block_rows) * ceil_div(nest.columns, array.block_columns)
        total = _cycles(array, folds, steps)
        compute = folds * steps
        sums = nest.groups * nest.m * nest.n
        peak = array.peak_macs_per_cycle
        return TileCost(
            folds=folds,
            total_cycles=total,
            compute_cycles=compute,
            fill_drain_cycles=total - compute,
            input_reads=nest.groups * nest.m * nest.k * columns,
            weight_reads=nest.groups * nest.n * nest.k,
            partial_reads=sums * (rounds - 1),
            output_writes=sums * rounds,
            macs=nest.macs,
            active_pe_fraction=np.asarray(nest.macs / (compute * peak)),
        )

    def _blocks(self, array: ArrayShape, nest: LoopNest[Counts]) -> tuple[Counts, Counts, Counts]:
        """Blocks along the reduction, along the filters, along the groups."""
        lanes = array.rows * array.macs_per_pe
        plain = ceil_div(nest.channels, lanes) * nest.kernel_rows * nest.kernel_columns
        together = np.ones_like(nest.groups)
        if array.depthwise == "packed":
            together = np.maximum(1, np.minimum(nest.groups, array.columns // nest.filters))
        rounds = np.where(together > 1, ceil_div(nest.k, lanes), plain)
        return rounds, ceil_div(nest.filters, array.columns), ceil_div(nest.groups, together)


def pipeline_stages(array: ArrayShape) -> int:
    """D: one stage to multiply, one per level of the tree."""
    return 1 + (array.rows * array.macs_per_pe - 1).bit_length()


def _cycles(array: ArrayShape, folds: Counts, steps: Counts) -> Counts:
    if array.stationary_double_buffered:
        busy = array.columns + (folds - 1) * np.maximum(steps, array.columns) + steps
    else:
        busy = folds * (array.columns + steps)
    return busy + (pipeline_stages(array) if array.drain == "exposed" else 0)
