"""What a tile costs on the array: a frozen record of counts, of one tile or of many at once."""

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Counts: TypeAlias = NDArray[np.int64]
Fractions: TypeAlias = NDArray[np.float64]
CountT = TypeVar("CountT", int, Counts)
FractionT = TypeVar("FractionT", float, Fractions)


@dataclass(frozen=True, slots=True)
class TileCost(Generic[CountT, FractionT]):
    """Cycles and array-edge traffic of a tile's product; every field has the broadcast shape of the arguments.

    Attributes:
        folds: times that the array is filled anew, over all groups.
        total_cycles: cycles that the array is occupied; compute_cycles + fill_drain_cycles.
        compute_cycles: cycles in which a moving operand enters the array's first row, folds × streamed length; at most
            total_cycles (1×1 PEs, output-stationary: the cycle hidden behind what follows is such a cycle).
        fill_drain_cycles: all others: the stationary operand shifted in, the skew filled and emptied, results shifted
            out, waiting for the next fold's stationary operand.
        input_reads: activation words read at the array's edge (SCALE-Sim's SRAM IFMAP reads).
        weight_reads: weight words read at the array's edge (SCALE-Sim's SRAM filter reads).
        partial_reads: partial sums read back from accumulator memory to be added to.
        output_writes: words that leave the array, partial sums and final results alike.
        macs: useful multiply-accumulates.
        active_pe_fraction: share of PEs that hold useful work, averaged over the folds, 0..1 (SCALE-Sim's mapping
            efficiency).
    """

    folds: CountT
    total_cycles: CountT
    compute_cycles: CountT
    fill_drain_cycles: CountT
    input_reads: CountT
    weight_reads: CountT
    partial_reads: CountT
    output_writes: CountT
    macs: CountT
    active_pe_fraction: FractionT


ScalarCost: TypeAlias = TileCost[int, float]
ArrayCost: TypeAlias = TileCost[Counts, Fractions]


def scalar(cost: ArrayCost) -> ScalarCost:
    """The record of a single tile in Python's own numbers."""
    return TileCost(
        folds=int(cost.folds),
        total_cycles=int(cost.total_cycles),
        compute_cycles=int(cost.compute_cycles),
        fill_drain_cycles=int(cost.fill_drain_cycles),
        input_reads=int(cost.input_reads),
        weight_reads=int(cost.weight_reads),
        partial_reads=int(cost.partial_reads),
        output_writes=int(cost.output_writes),
        macs=int(cost.macs),
        active_pe_fraction=float(cost.active_pe_fraction),
    )
