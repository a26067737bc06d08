"""Which function computes which operator of the vector unit."""

from __future__ import annotations

from accelsim.functional.operators.call import Operator
from accelsim.functional.operators.elementwise import BINARY, UNARY, elementwise
from accelsim.functional.operators.layout import copy, rearrange, resize_nearest
from accelsim.functional.operators.normalisation import log_softmax, lrn, scale_and_shift, softmax
from accelsim.functional.operators.pools import average_pool, max_pool, reduce_max, reduce_mean, reduce_sum

OPERATORS: dict[str, Operator] = {
    **dict.fromkeys([*UNARY, *BINARY], elementwise),
    "AveragePool": average_pool,
    "BatchNormalization": scale_and_shift,
    "Copy": copy,
    "Flatten": rearrange,
    "GlobalAveragePool": reduce_mean,
    "GlobalMaxPool": reduce_max,
    "LRN": lrn,
    "LogSoftmax": log_softmax,
    "MaxPool": max_pool,
    "ReduceMax": reduce_max,
    "ReduceMean": reduce_mean,
    "ReduceSum": reduce_sum,
    "Reshape": rearrange,
    "Resize": resize_nearest,
    "Softmax": softmax,
    "Squeeze": rearrange,
    "Transpose": rearrange,
    "Unsqueeze": rearrange,
}
