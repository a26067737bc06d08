"""Dataflows: how a tile's matrix product is unrolled on the systolic PE array, and how many cycles that takes.

A tile of a convolution or matrix product is, per group, (M×K)·(K×N): M = OY·OX output positions, N = filters,
K = FY·FX·C products per result. A dataflow decides which two of the three lie on the array's rows and columns and
which one streams through; an extent larger than the array is cut into *folds*.

    >>> array = ArrayShape(rows=4, columns=4)
    >>> dataflow("output_stationary").cost(array, m=4, n=4, k=4).total_cycles
    9
    >>> exposed = ArrayShape(rows=4, columns=4, drain="exposed")
    >>> dataflow("output_stationary").cost(exposed, m=4, n=4, k=4).total_cycles
    14
"""

from accelsim.dataflows.base import Dataflow, Dimension, TileCost
from accelsim.dataflows.input_stationary import InputStationary
from accelsim.dataflows.output_stationary import OutputStationary
from accelsim.dataflows.shape import ArrayShape, Depthwise, Drain
from accelsim.dataflows.table import DATAFLOWS, dataflow
from accelsim.dataflows.weight_stationary import WeightStationary

__all__ = [
    "DATAFLOWS",
    "ArrayShape",
    "Dataflow",
    "Depthwise",
    "Dimension",
    "Drain",
    "InputStationary",
    "OutputStationary",
    "TileCost",
    "WeightStationary",
    "dataflow",
]
