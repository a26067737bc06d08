"""What the cycle-stepped array hands out: its state in one cycle, and the finished product with its counts."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Phase = Literal["load", "stream", "drain"]


@dataclass(frozen=True, slots=True, eq=False)
class ArrayState:
    """What every PE held and used in one cycle. All grids are R×C copies, row 0 north, column 0 west.

    Attributes:
        cycle: counted from 0.
        phase: ``stream`` while a moving operand enters the first row; else ``load`` while a stationary operand enters
            the first column; else ``drain``.
        stationary: the operand held (weight- and input-stationary), or the sums being accumulated (output-stationary).
        eastward: the operand that came from the west edge and is multiplied in this cycle.
        southward: output-stationary: the operand from the north edge that is multiplied in this cycle.
            Otherwise: the stationary operand on its way, or waiting for its fold.
        partial_sums: partial sums moving south; output-stationary: results being shifted out.
        multiplying: PEs whose moving operand is a real one (a value of the tile or its zero padding), not a gap.
        outputs_done: words that have left the array's south edge, padding included.
    """

    cycle: int
    phase: Phase
    stationary: Ints
    eastward: Ints
    southward: Ints
    partial_sums: Ints
    multiplying: Flags
    outputs_done: int


@dataclass(frozen=True, slots=True, eq=False)
class SteppedProduct:
    """A finished run: the product as it left the array, and what was counted on the way.

    Attributes:
        product: (groups, M, N), or (M, N) if the operands were matrices.
        folds: fillings of the array.
        cycles: under the array's drain convention.
        compute_cycles: cycles in which a moving operand entered the first row; at most `cycles`.
        input_reads: activation words fed, padding not counted.
        weight_reads: weight words fed, padding not counted.
        partial_reads: results added to a partial sum that had left the array before.
        output_writes: useful words that left the array.
    """

    product: Ints
    folds: int
    cycles: int
    compute_cycles: int
    input_reads: int
    weight_reads: int
    partial_reads: int
    output_writes: int
