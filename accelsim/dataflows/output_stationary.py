"""Output-stationary: M on rows, N on columns; results stay, activations stream from the west, weights from the north.

One fold on R×C PEs, K operand pairs per result (SCALE-Sim: Samajdar et al., ISPASS 2020, arXiv 1811.02883, section on
analytical runtime; the cycle-stepped array counts the same): the PE in row r, column c multiplies its k-th pair in
cycle k + r + c, so the far corner is done after P = R + C + K − 2 cycles. Then a column's results shift south.

* ``hidden``: column c's results leave behind the wavefront, in the R + C − 2 cycles in which the skew of the next fold
  leaves its PEs idle: no cycle of their own.
* ``exposed``: a fold lasts until its results have left, R cycles more. A 4×4×4 product on 4×4 PEs takes 9 cycles
  hidden, 10 with the corner's last multiplication counted, 14 exposed.

Double-buffered: a finished sum moves to a second register and shifts out from there while the next fold accumulates.
Folds follow every max(K, R) cycles, K being what the operand edges and R what a column's exit need; only the last
fold's R shifts show, and only if ``exposed``.
"""

from typing import ClassVar

import numpy as np

from accelsim.dataflows.cost import Counts
from accelsim.dataflows.shape import ArrayShape
from accelsim.dataflows.systolic import Dimension, SystolicDataflow, Unrolling


class OutputStationary(SystolicDataflow):
    """⌈M/R⌉·⌈N/C⌉ folds of R + C + K − 2 cycles, plus R if the drain is exposed."""

    name: ClassVar[str] = "output_stationary"
    sums_leave_array: ClassVar[bool] = False
    row_dimension: ClassVar[Dimension] = "M"
    column_dimension: ClassVar[Dimension] = "N"
    streamed_dimension: ClassVar[Dimension] = "K"

    def fold_cycles(self, array: ArrayShape, streamed: Counts) -> Counts:
        """P = R + C + K − 2, and R to shift the results out if exposed."""
        shift_out = array.rows if array.drain == "exposed" else 0
        return array.rows + array.columns + streamed - 2 + shift_out

    def chained_cycles(self, array: ArrayShape, folds: Counts, streamed: Counts) -> Counts:
        """(F − 1)·max(K, R) + P."""
        return (folds - 1) * np.maximum(streamed, array.rows) + self.fold_cycles(array, streamed)

    def hidden_cycles(self, array: ArrayShape, products: Counts) -> Counts:
        """One per product; on a one-column array only after the last.

        There the next product's first PE would overwrite a sum that has not yet been shifted out.
        """
        return products if array.columns > 1 else np.ones_like(products)

    def traffic(self, laid: Unrolling) -> tuple[Counts, Counts, Counts, Counts]:
        """Activations once per column fold, weights once per row fold; no partial sum leaves the array."""
        m, n, k = laid.rows, laid.columns, laid.streamed
        return m * k * laid.column_folds, k * n * laid.row_folds, np.zeros_like(m), m * n
