"""Views: the same elements in the same order under another shape. They cost nothing."""

from collections.abc import Sequence
from math import prod

from restructure.errors import OperatorError
from restructure.operators.records import Call, Infer, OperatorSpec, Shape, TensorInfo, normalise_axis

__all__ = ["SPECS"]


def _identity(call: Call) -> Sequence[TensorInfo]:
    return [call.operand(0)]


def _dropout(call: Call) -> Sequence[TensorInfo]:
    training = call.constant(2) if call.has(2) else None
    if training is not None and bool(training.any()):
        raise OperatorError("training_mode=true is not inference; export the model in evaluation mode")
    return [call.operand(0), TensorInfo(call.shape(0), "bool")][: call.outputs]


def _reshape(call: Call) -> Sequence[TensorInfo]:
    wanted = call.integers("shape") if call.has(1) is False else call.value_integers(1, "shape")
    if wanted is None:
        raise OperatorError("the target shape is missing")
    x = call.operand(0)
    return [TensorInfo(_resolve(x.shape, wanted, bool(call.integer("allowzero", 0))), x.dtype)]


def _resolve(shape: Shape, wanted: Sequence[int], allow_zero: bool) -> Shape:
    """Fill in 0 (copy the extent) and −1 (what is left)."""
    if any(n < -1 for n in wanted) or list(wanted).count(-1) > 1:
        raise OperatorError(f"{list(wanted)} is no shape: at most one -1, nothing below")
    if not allow_zero and any(n == 0 and axis >= len(shape) for axis, n in enumerate(wanted)):
        raise OperatorError(f"{list(wanted)} copies an axis that {list(shape)} does not have")
    sizes = [shape[axis] if n == 0 and not allow_zero else n for axis, n in enumerate(wanted)]
    total, known = prod(shape), prod(n for n in sizes if n != -1)
    if -1 in sizes and known:
        sizes[sizes.index(-1)] = total // known
    if prod(sizes) != total or -1 in sizes:
        raise OperatorError(f"cannot reshape {list(shape)} ({total} elements) into {list(wanted)}")
    return tuple(sizes)


def _flatten(call: Call) -> Sequence[TensorInfo]:
    x = call.operand(0)
    axis = call.integer("axis", 1)
    axis = axis if axis == len(x.shape) else normalise_axis(axis, max(len(x.shape), 1))
    return [TensorInfo((prod(x.shape[:axis]), prod(x.shape[axis:])), x.dtype)]


def _squeeze(call: Call) -> Sequence[TensorInfo]:
    x, listed = call.operand(0), call.axes(1)
    rank = len(x.shape)
    axes = {a for a, n in enumerate(x.shape) if n == 1} if listed is None else {normalise_axis(a, rank) for a in listed}
    if any(x.shape[axis] != 1 for axis in axes):
        raise OperatorError(f"cannot squeeze axes {sorted(axes)} of {list(x.shape)}: they are not all 1")
    return [TensorInfo(tuple(n for axis, n in enumerate(x.shape) if axis not in axes), x.dtype)]


def _unsqueeze(call: Call) -> Sequence[TensorInfo]:
    x, listed = call.operand(0), call.axes(1)
    if listed is None:
        raise OperatorError("the axes are missing")
    rank = len(x.shape) + len(listed)
    axes = {normalise_axis(axis, rank) for axis in listed}
    if len(axes) != len(listed):
        raise OperatorError(f"axes {list(listed)} name an axis twice")
    rest = iter(x.shape)
    return [TensorInfo(tuple(1 if axis in axes else next(rest) for axis in range(rank)), x.dtype)]


def _view(name: str, infer: Infer) -> OperatorSpec:
    return OperatorSpec(name, "view", infer, is_view=True, in_place=True, parameters=(0,))


SPECS = (
    _view("Identity", _identity),
    _view("Dropout", _dropout),
    _view("Reshape", _reshape),
    _view("Flatten", _flatten),
    _view("Squeeze", _squeeze),
    _view("Unsqueeze", _unsqueeze),
)
