"""Which function computes which operator of the vector unit."""

from __future__ import annotations

from accelsim.functional.operators import reductions
from accelsim.functional.operators.call import Operator
from accelsim.functional.operators.elementwise import BINARY, elementwise
from accelsim.functional.operators.layout import copy, gather, pad, rearrange, triangle
from accelsim.functional.operators.normalisation import (
    hardmax,
    log_softmax,
    lp_normalise,
    lrn,
    mean_square,
    normalise,
    normalise_measured,
    scale_and_shift,
    softmax,
)
from accelsim.functional.operators.pools import average_pool, lp_pool, max_pool
from accelsim.functional.operators.resize import resize
from accelsim.functional.operators.unary import UNARY

OPERATORS: dict[str, Operator] = {
    **dict.fromkeys([*UNARY, *BINARY, "Mean", "Where"], elementwise),
    **reductions.OPERATORS,
    "AveragePool": average_pool,
    "BatchNormalization": scale_and_shift,
    "Copy": copy,
    "Gather": gather,
    "Hardmax": hardmax,
    "LRN": lrn,
    "LayerNormalization": normalise,
    "LogSoftmax": log_softmax,
    "LpNormalization": lp_normalise,
    "LpPool": lp_pool,
    "MaxPool": max_pool,
    "MeanSquare": mean_square,
    "Normalize": normalise_measured,
    "Pad": pad,
    "Rearrange": rearrange,
    "Resize": resize,
    "Softmax": softmax,
    "Trilu": triangle,
}
