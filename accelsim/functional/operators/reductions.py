"""Reductions over physical axes; the axes stay with length 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from accelsim.functional.operators.call import Call, Operator, Values

Axes = tuple[int, ...]


def _reduction(compute: Callable[[Values, Axes], Values]) -> Operator:
    def operator(call: Call) -> Values:
        axes = call.numbers("axes", (1, 2))
        return np.asarray(compute(call.inputs[0], axes), dtype=np.float32)

    return operator


def _log_sum_exp(x: Values, axes: Axes) -> Values:
    top = x.max(axis=axes, keepdims=True)
    result: Values = np.log(np.exp(x - top).sum(axis=axes, keepdims=True)) + top
    return result


def lp(call: Call) -> Values:
    """The p-norm over physical axes."""
    p = call.number("p", 2)
    total = (np.abs(call.inputs[0]) ** p).sum(axis=call.numbers("axes", (1, 2)), keepdims=True)
    return np.asarray(total ** (1 / p), dtype=np.float32)


def arg_max(call: Call) -> Values:
    """Position of the first largest element along one physical axis."""
    return _positions(call, call.inputs[0])


def arg_min(call: Call) -> Values:
    """Position of the first smallest element along one physical axis."""
    return _positions(call, -call.inputs[0])


def _positions(call: Call, x: Values) -> Values:
    axes = call.numbers("axes", (3,))
    if not axes:
        return np.zeros_like(x)
    return np.asarray(x.argmax(axis=axes[0], keepdims=True), dtype=np.float32)


OPERATORS: dict[str, Operator] = {
    "ArgMax": arg_max,
    "ArgMin": arg_min,
    "GlobalAveragePool": _reduction(lambda x, axes: x.mean(axis=axes, keepdims=True)),
    "GlobalMaxPool": _reduction(lambda x, axes: x.max(axis=axes, keepdims=True)),
    "ReduceL1": _reduction(lambda x, axes: np.abs(x).sum(axis=axes, keepdims=True)),
    "ReduceL2": _reduction(lambda x, axes: np.sqrt((x * x).sum(axis=axes, keepdims=True))),
    "ReduceLogSum": _reduction(lambda x, axes: np.log(x.sum(axis=axes, keepdims=True))),
    "ReduceLogSumExp": _reduction(_log_sum_exp),
    "ReduceLp": lp,
    "ReduceMax": _reduction(lambda x, axes: x.max(axis=axes, keepdims=True)),
    "ReduceMean": _reduction(lambda x, axes: x.mean(axis=axes, keepdims=True)),
    "ReduceMin": _reduction(lambda x, axes: x.min(axis=axes, keepdims=True)),
    "ReduceProd": _reduction(lambda x, axes: x.prod(axis=axes, keepdims=True)),
    "ReduceSum": _reduction(lambda x, axes: x.sum(axis=axes, keepdims=True)),
    "ReduceSumSquare": _reduction(lambda x, axes: (x * x).sum(axis=axes, keepdims=True)),
}
