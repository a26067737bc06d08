"""What the systolic dataflows share: a matrix product cut into folds, groups, overlap of products.

Terms: a *fold* is one filling of the array; a *product* is one group's matrix product, or that of several groups packed
on the diagonal; x, y, T are the extents unrolled on rows and columns and streamed through.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from accelsim.dataflows.base import Dataflow, ceil_div
from accelsim.dataflows.cost import ArrayCost, Counts, TileCost
from accelsim.dataflows.nest import LoopNest
from accelsim.dataflows.shape import ArrayShape

__all__ = ["Dimension", "SystolicDataflow", "Unrolling"]

Dimension = Literal["M", "N", "K"]


@dataclass(frozen=True, slots=True)
class Unrolling:
    """A product laid on an array: extents per group, and how many groups and folds that makes.

    Attributes:
        rows: x, extent unrolled on the array's rows.
        columns: y, extent unrolled on the array's columns.
        streamed: T, operand vectors that stream through per fold.
        row_folds: ⌈x/R⌉.
        column_folds: ⌈y/C⌉.
        products: products run one after another, ⌈groups / groups side by side⌉.
    """

    rows: Counts
    columns: Counts
    streamed: Counts
    row_folds: Counts
    column_folds: Counts
    products: Counts

    @property
    def folds(self) -> Counts:
        """Folds of all products together."""
        return self.products * self.row_folds * self.column_folds


class SystolicDataflow(Dataflow, ABC):
    """Values move from PE to PE; the loops of a convolution are those of its matrix product.

    A concrete dataflow names the dimension on rows, on columns and streamed, and gives its cycles and its traffic.
    """

    row_dimension: ClassVar[Dimension]
    column_dimension: ClassVar[Dimension]
    streamed_dimension: ClassVar[Dimension]

    @abstractmethod
    def fold_cycles(self, array: ArrayShape, streamed: Counts) -> Counts:
        """Cycles P of one fold that overlaps with nothing, under the array's drain convention."""

    @abstractmethod
    def chained_cycles(self, array: ArrayShape, folds: Counts, streamed: Counts) -> Counts:
        """Cycles of folds that follow one another on a double-buffered array, nothing hidden."""

    @abstractmethod
    def traffic(self, laid: Unrolling) -> tuple[Counts, Counts, Counts, Counts]:
        """Words per group: (input reads, weight reads, partial-sum reads, output writes)."""

    def counts_positions(self, array: ArrayShape) -> bool:
        """The loops of a convolution are those of its matrix product."""
        return True

    def hidden_cycles(self, array: ArrayShape, products: Counts) -> Counts:
        """Cycles in which one product's end overlaps the beginning of what follows, `drain: hidden`."""
        return products

    def unroll(self, array: ArrayShape, m: Counts, n: Counts, k: Counts, groups: Counts) -> Unrolling:
        """Lay one group's M, N, K on rows, columns and time; pack groups if the array does."""
        extent = {"M": m, "N": n, "K": k}
        x, y = extent[self.row_dimension], extent[self.column_dimension]
        together = np.ones_like(groups)
        if array.depthwise == "packed":
            together = np.maximum(1, np.minimum(groups, np.minimum(array.rows // x, array.columns // y)))
        return Unrolling(
            rows=x,
            columns=y,
            streamed=extent[self.streamed_dimension],
            row_folds=ceil_div(x, array.rows),
            column_folds=ceil_div(y, array.columns),
            products=ceil_div(groups, together),
        )

    def cycles(self, array: ArrayShape, laid: Unrolling) -> Counts:
        """Cycles that the array is occupied by all products."""
        if array.stationary_double_buffered:
            exposed = self.chained_cycles(array, laid.folds, laid.streamed)
            hidden = np.ones_like(exposed)
        else:
            exposed = laid.folds * self.fold_cycles(array, laid.streamed)
            hidden = self.hidden_cycles(array, laid.products)
        return exposed - hidden if array.drain == "hidden" else exposed

    def _cost(self, array: ArrayShape, nest: LoopNest[Counts]) -> ArrayCost:
        m, n, k, groups = nest.m, nest.n, ceil_div(nest.k, array.macs_per_pe), nest.groups
        laid = self.unroll(array, m, n, k, groups)
        total = np.asarray(self.cycles(array, laid))
        compute = np.asarray(np.minimum(laid.folds * laid.streamed, total))
        inputs, weights, partials, outputs = (np.asarray(groups * words) for words in self.traffic(laid))
        return TileCost(
            folds=np.asarray(laid.folds),
            total_cycles=total,
            compute_cycles=compute,
            fill_drain_cycles=np.asarray(total - compute),
            input_reads=inputs,
            weight_reads=weights,
            partial_reads=partials,
            output_writes=outputs,
            macs=np.asarray(nest.macs),
            active_pe_fraction=np.asarray(groups * laid.rows * laid.columns / (laid.folds * array.pes)),
        )
