"""Input-stationary: K on rows, M on columns; activations are held, weights stream, partial sums run down."""

from typing import ClassVar

from accelsim.dataflows.cost import Counts
from accelsim.dataflows.operand_stationary import OperandStationary
from accelsim.dataflows.systolic import Dimension, Unrolling


class InputStationary(OperandStationary):
    """⌈K/R⌉·⌈M/C⌉ folds of 2R + C + N − 2 cycles."""

    name: ClassVar[str] = "input_stationary"
    row_dimension: ClassVar[Dimension] = "K"
    column_dimension: ClassVar[Dimension] = "M"
    streamed_dimension: ClassVar[Dimension] = "N"

    def traffic(self, laid: Unrolling) -> tuple[Counts, Counts, Counts, Counts]:
        """Activations once; weights once per column fold; partial sums once per row fold."""
        k, m, n = laid.rows, laid.columns, laid.streamed
        return m * k, k * n * laid.column_folds, m * n * (laid.row_folds - 1), m * n * laid.row_folds
