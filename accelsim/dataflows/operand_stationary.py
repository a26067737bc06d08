"""What weight-stationary and input-stationary share: an operand is shifted in and held while the other streams.

One fold on R×C PEs, T vectors streamed (SCALE-Sim: Samajdar et al., ISPASS 2020, arXiv 1811.02883, section on
analytical runtime; the cycle-stepped array counts the same):

    R           the stationary operand is shifted in from the north, one row per cycle;
    T           vectors enter at the west edge, row r skewed by r cycles;
    R + C − 2   until the last vector's sum has come down the last column.

Together P = 2R + C + T − 2. A partly filled fold costs as much: values cross the whole array. Partial sums run down the
columns, leave in the cycle of their last addition, and are accumulated over the row folds outside the array.

Double-buffered: the first fold is shifted in (R); vectors of consecutive folds then follow as fast as both edges can
feed them, T vectors or R stationary rows per fold, whichever is more; the last fold streams and empties:
R + (F − 1)·max(T, R) + T + R + C − 2. For this the stationary operand is fed with the columns' skew and each value
stops at its own row, so that the wavefront of swaps passes right behind the old fold's last vector.
"""

from abc import ABC

import numpy as np

from accelsim.dataflows.cost import Counts
from accelsim.dataflows.shape import ArrayShape
from accelsim.dataflows.systolic import SystolicDataflow


class OperandStationary(SystolicDataflow, ABC):
    """Base of the two dataflows that hold an operand still; K lies on the rows."""

    def fold_cycles(self, array: ArrayShape, streamed: Counts) -> Counts:
        """P = 2R + C + T − 2, under either drain convention."""
        return 2 * array.rows + array.columns + streamed - 2

    def chained_cycles(self, array: ArrayShape, folds: Counts, streamed: Counts) -> Counts:
        """(F − 1)·max(T, R) + P."""
        return (folds - 1) * np.maximum(streamed, array.rows) + self.fold_cycles(array, streamed)
