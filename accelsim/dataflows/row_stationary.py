"""Row-stationary: filter rows on PE rows, output rows on PE columns; a PE convolves a filter row with an input row.

Sources: Y.-H. Chen, J. Emer, V. Sze, "Eyeriss: A Spatial Architecture for Energy-Efficient Dataflow for Convolutional
Neural Networks", ISCA 2016 (the mapping: sets, folding, replication, processing passes); Y.-H. Chen et al., JSSC 2017
(the chip). Their letters: a *set* of FY×e PEs makes e output rows; a set wider than the array is folded onto several
bands of FY PE rows; where room is left, sets are replicated: r of them take different channels, t different filters.
In a *pass* a PE holds p filter rows of q channels; each filter row has FX words, so p·q·FX words of filters, q·FX of
inputs and p of sums must fit its memories. A pass goes through all B images of the tile and OX columns.

Cycles of a pass, from the widths of the buses (nothing fitted):

    filters   p·t·q·r·FY·FX words are loaded before the pass, they are not double-buffered in the PEs;
    ramp      PEs cannot begin before their first windows are there: q·r·FX words for each of the H input rows;
    compute   B·OX·p·q·FX, a MAC per cycle, after the ramp; meanwhile
    inputs    B·q·r·H·W words come in, H = (e − 1)·stride + FY, W = (OX − 1)·stride + FX, padding included;
    sums      B·p·t·e·OX words of sums come in and go out, on a bus each.

    pass = filters + max(ramp + compute, inputs, sums)

The parameters (e, p, q, r, t) are those with the fewest cycles among the sizes that cut the loops evenly; Eyeriss' own
compiler minimised energy. Filters taller than the array or wider than a PE's input memory are cut into passes.
"""

from dataclasses import fields
from typing import ClassVar

import numpy as np

from accelsim.dataflows.base import Dataflow
from accelsim.dataflows.cost import ArrayCost, Counts, TileCost
from accelsim.dataflows.nest import LoopNest
from accelsim.dataflows.passes import best_passes
from accelsim.dataflows.shape import ArrayShape


class RowStationary(Dataflow):
    """Passes of FY×e×r×t PEs; see the module for the cycles of a pass."""

    name: ClassVar[str] = "row_stationary"

    def units(self, array: ArrayShape) -> tuple[int, int]:
        """Neither lies along the array: any number of both is as good."""
        return 1, 1

    def _cost(self, array: ArrayShape, nest: LoopNest[Counts]) -> ArrayCost:
        shape = nest.m.shape
        columns = [np.asarray(getattr(nest, field.name)).ravel() for field in fields(nest)]
        _, first, where = np.unique(_keys(columns), return_index=True, return_inverse=True)
        cost = self._distinct(array, LoopNest(*(column[first] for column in columns)))
        where = where.reshape(shape)
        return TileCost(*(getattr(cost, field.name)[where] for field in fields(cost)))

    def _distinct(self, array: ArrayShape, nest: LoopNest[Counts]) -> ArrayCost:
        laid = best_passes(array, nest)
        total, compute = laid.total_cycles, laid.passes * laid.compute_cycles
        sums, rounds = nest.groups * nest.m * nest.n, laid.channel_passes * laid.tap_passes
        return TileCost(
            folds=laid.passes,
            total_cycles=total,
            compute_cycles=compute,
            fill_drain_cycles=total - compute,
            input_reads=nest.groups
            * nest.channels
            * laid.strips
            * laid.filter_passes
            * laid.tap_passes
            * laid.map_words,
            weight_reads=nest.groups * nest.n * nest.k * laid.strips,
            partial_reads=sums * (rounds - 1),
            output_writes=sums * rounds,
            macs=nest.macs,
            active_pe_fraction=np.asarray(laid.active_pes / array.pes),
        )


def _keys(columns: list[Counts]) -> Counts:
    """A number per tile, the same for equal tiles only: a layer's candidates share few tile sizes."""
    keys = np.zeros_like(columns[0])
    for column in columns:
        low, high = int(column.min()), int(column.max())
        if low < high:
            span = high - low + 1
            if int(keys.max()) >= np.iinfo(np.int64).max // span:
                keys = np.unique(keys, return_inverse=True)[1]
            keys = keys * span + (column - low)
    return keys
