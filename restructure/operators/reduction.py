"""Reductions over axes, arg-reductions, running sums and TopK."""

from collections.abc import Sequence

from restructure.errors import OperatorError
from restructure.operators.records import Call, OperatorSpec, Shape, TensorInfo, normalise_axis

__all__ = ["SPECS", "reduced_axes"]

_REDUCTIONS = ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"]


def reduced_axes(call: Call) -> tuple[int, ...]:
    """Return the axes a Reduce* call reduces, counted from the front, ascending."""
    rank = len(call.shape(0))
    listed = call.axes(1)
    if not listed:
        return () if call.integer("noop_with_empty_axes", 0) else tuple(range(rank))
    return tuple(sorted({normalise_axis(axis, rank) for axis in listed}))


def _drop(shape: Shape, axes: Sequence[int], keep: bool) -> Shape:
    return tuple(1 if axis in axes else size for axis, size in enumerate(shape) if keep or axis not in axes)


def _reduce(call: Call) -> Sequence[TensorInfo]:
    keep = bool(call.integer("keepdims", 1))
    return [TensorInfo(_drop(call.shape(0), reduced_axes(call), keep), call.dtype(0))]


def _arg(call: Call) -> Sequence[TensorInfo]:
    axis = normalise_axis(call.integer("axis", 0), len(call.shape(0)))
    return [TensorInfo(_drop(call.shape(0), (axis,), bool(call.integer("keepdims", 1))), "int64")]


def _running(call: Call) -> Sequence[TensorInfo]:
    return [call.operand(0)]


def _top_k(call: Call) -> Sequence[TensorInfo]:
    x = call.operand(0)
    axis = normalise_axis(call.integer("axis", -1), len(x.shape))
    k = call.integer("k") if "k" in call.attributes else call.value_integers(1, "k")[0]
    if not 0 < k <= x.shape[axis]:
        raise OperatorError(f"k = {k} of {x.shape[axis]} elements")
    shape = (*x.shape[:axis], k, *x.shape[axis + 1 :])
    return [TensorInfo(shape, x.dtype), TensorInfo(shape, "int64")][: call.outputs]


SPECS = (
    *(OperatorSpec(f"Reduce{name}", "reduce", _reduce) for name in _REDUCTIONS),
    OperatorSpec("ArgMax", "reduce", _arg),
    OperatorSpec("ArgMin", "reduce", _arg),
    OperatorSpec("CumSum", "reduce", _running),
    OperatorSpec("TopK", "reduce", _top_k),
)
