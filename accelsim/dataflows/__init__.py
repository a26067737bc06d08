"""Dataflows: how a tile's loop nest is unrolled on the PE array, and how many cycles that takes.

A tile of a convolution or matrix product is a loop nest (`LoopNest`). For the systolic dataflows it is, per group, the
product (M×K)·(K×N): M = B·OY·OX output positions, N = filters, K = FY·FX·C products per result; the dataflow decides
which two of the three lie on the array's rows and columns and which one streams through. An adder-tree array unrolls C
and K, a row-stationary one FY and OY. An extent larger than the array is cut into *folds*.

    >>> array = ArrayShape(rows=4, columns=4)
    >>> dataflow("output_stationary").cost(array, matrix_product(m=4, n=4, k=4)).total_cycles
    9
    >>> exposed = ArrayShape(rows=4, columns=4, drain="exposed")
    >>> dataflow("output_stationary").cost(exposed, matrix_product(m=4, n=4, k=4)).total_cycles
    14
"""

from accelsim.dataflows.adder_tree import AdderTree
from accelsim.dataflows.base import Dataflow
from accelsim.dataflows.cost import ArrayCost, ScalarCost, TileCost
from accelsim.dataflows.input_stationary import InputStationary
from accelsim.dataflows.nest import LoopNest, matrix_product
from accelsim.dataflows.output_stationary import OutputStationary
from accelsim.dataflows.row_stationary import RowStationary
from accelsim.dataflows.shape import ArrayShape, Depthwise, Drain, Instruction, ProcessingElement
from accelsim.dataflows.systolic import Dimension, SystolicDataflow
from accelsim.dataflows.table import DATAFLOWS, dataflow
from accelsim.dataflows.weight_stationary import WeightStationary

__all__ = [
    "DATAFLOWS",
    "AdderTree",
    "ArrayCost",
    "ArrayShape",
    "Dataflow",
    "Depthwise",
    "Dimension",
    "Drain",
    "InputStationary",
    "Instruction",
    "LoopNest",
    "OutputStationary",
    "ProcessingElement",
    "RowStationary",
    "ScalarCost",
    "SystolicDataflow",
    "TileCost",
    "WeightStationary",
    "dataflow",
    "matrix_product",
]
