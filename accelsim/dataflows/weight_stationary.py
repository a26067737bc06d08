"""Weight-stationary: K on rows, N on columns; weights are held, activations stream, partial sums run down."""

from typing import ClassVar

from accelsim.dataflows.cost import Counts
from accelsim.dataflows.operand_stationary import OperandStationary
from accelsim.dataflows.systolic import Dimension, Unrolling


class WeightStationary(OperandStationary):
    """⌈K/R⌉·⌈N/C⌉ folds of 2R + C + M − 2 cycles."""

    name: ClassVar[str] = "weight_stationary"
    row_dimension: ClassVar[Dimension] = "K"
    column_dimension: ClassVar[Dimension] = "N"
    streamed_dimension: ClassVar[Dimension] = "M"

    def traffic(self, laid: Unrolling) -> tuple[Counts, Counts, Counts, Counts]:
        """Weights once; activations once per column fold; partial sums once per row fold."""
        k, n, m = laid.rows, laid.columns, laid.streamed
        return m * k * laid.column_folds, k * n, m * n * (laid.row_folds - 1), m * n * laid.row_folds
