"""Weight-stationary: K on rows, N on columns; weights are held, activations stream, partial sums run down.

An array that is fed by instructions takes blocks of weights and a few positions at a time instead: see `instructed`.
"""

from typing import ClassVar

from accelsim.dataflows.cost import ArrayCost, Counts
from accelsim.dataflows.instructed import instructed_cost
from accelsim.dataflows.nest import LoopNest
from accelsim.dataflows.operand_stationary import OperandStationary
from accelsim.dataflows.shape import ArrayShape
from accelsim.dataflows.systolic import Dimension, Unrolling


class WeightStationary(OperandStationary):
    """⌈K/R⌉·⌈N/C⌉ folds of 2R + C + M − 2 cycles."""

    name: ClassVar[str] = "weight_stationary"
    row_dimension: ClassVar[Dimension] = "K"
    column_dimension: ClassVar[Dimension] = "N"
    streamed_dimension: ClassVar[Dimension] = "M"

    def counts_positions(self, array: ArrayShape) -> bool:
        """Yes, unless instructions go along one side of the tile."""
        return array.instruction is None

    def _cost(self, array: ArrayShape, nest: LoopNest[Counts]) -> ArrayCost:
        return instructed_cost(array, array.instruction, nest) if array.instruction else super()._cost(array, nest)

    def traffic(self, laid: Unrolling) -> tuple[Counts, Counts, Counts, Counts]:
        """Weights once; activations once per column fold; partial sums once per row fold."""
        k, n, m = laid.rows, laid.columns, laid.streamed
        return m * k * laid.column_folds, k * n, m * n * (laid.row_folds - 1), m * n * laid.row_folds
