"""Element-wise operators: activations, arithmetic, comparisons, selection, casts."""

from collections.abc import Sequence

import numpy as np

from restructure import dtypes
from restructure.errors import OperatorError
from restructure.operators.broadcasting import broadcast
from restructure.operators.records import Call, Infer, OperatorSpec, TensorInfo

__all__ = ["SPECS"]

_UNARY = [
    "Abs",
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "Ceil",
    "Celu",
    "Cos",
    "Cosh",
    "Elu",
    "Erf",
    "Exp",
    "Floor",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "LeakyRelu",
    "Log",
    "Mish",
    "Neg",
    "Reciprocal",
    "Relu",
    "Round",
    "Selu",
    "Shrink",
    "Sigmoid",
    "Sign",
    "Sin",
    "Sinh",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Swish",
    "Tan",
    "Tanh",
    "ThresholdedRelu",
    "BitwiseNot",
    "Not",
]
_UNARY_MICROSOFT = ("Gelu", "FastGelu", "QuickGelu", "BiasGelu")
_BINARY = [
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Pow",
    "Mod",
    "PRelu",
    "BitShift",
    "BitwiseAnd",
    "BitwiseOr",
    "BitwiseXor",
    "And",
    "Or",
    "Xor",
]
_VARIADIC = ("Sum", "Mean", "Max", "Min")
_PREDICATES = ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"]
_TESTS = ("IsInf", "IsNaN")
_QLINEAR_UNARY = ("QLinearLeakyRelu", "QLinearSigmoid")
_QLINEAR_BINARY = ("QLinearAdd", "QLinearMul")


def _unary(call: Call) -> Sequence[TensorInfo]:
    return [call.operand(0)]


def _clip(call: Call) -> Sequence[TensorInfo]:
    for index, name in ((1, "min"), (2, "max")):
        if call.has(index) and call.operand(index).elements != 1:
            raise OperatorError(f"bound {name!r} must be one number, got the shape {list(call.shape(index))}")
        bound = call.constant(index) if call.has(index) else call.attributes.get(name)
        if bound is not None and np.isnan(np.asarray(bound, np.float64)).any():
            raise OperatorError(f"bound {name!r} must be a number, got NaN")
    return [call.operand(0)]


def _test(call: Call) -> Sequence[TensorInfo]:
    return [TensorInfo(call.shape(0), "bool")]


def _binary(call: Call) -> Sequence[TensorInfo]:
    return [TensorInfo(broadcast([call.shape(0), call.shape(1)]), call.dtype(0))]


def _predicate(call: Call) -> Sequence[TensorInfo]:
    return [TensorInfo(broadcast([call.shape(0), call.shape(1)]), "bool")]


def _variadic(call: Call) -> Sequence[TensorInfo]:
    call.operand(0)
    return [TensorInfo(broadcast([info.shape for info in call.present()]), call.dtype(0))]


def _where(call: Call) -> Sequence[TensorInfo]:
    return [TensorInfo(broadcast([call.shape(0), call.shape(1), call.shape(2)]), call.dtype(1))]


def _cast(call: Call) -> Sequence[TensorInfo]:
    target = dtypes.from_onnx(call.integer("to"))
    if target is None:
        raise OperatorError(f"attribute 'to' names no element type: {call.integer('to')}")
    return [TensorInfo(call.shape(0), target)]


def _cast_like(call: Call) -> Sequence[TensorInfo]:
    return [TensorInfo(call.shape(0), call.dtype(1))]


def _qlinear_unary(call: Call) -> Sequence[TensorInfo]:
    return [call.operand(0)]


def _qlinear_binary(call: Call) -> Sequence[TensorInfo]:
    # A, A_scale, A_zero_point, B, B_scale, B_zero_point, C_scale, C_zero_point
    return [TensorInfo(broadcast([call.shape(0), call.shape(3)]), call.dtype(0))]


def _spec(name: str, infer: Infer, domain: str = "", parameters: tuple[int, ...] | None = None) -> OperatorSpec:
    return OperatorSpec(
        name, "elementwise", infer, domain=domain, elementwise=True, in_place=True, parameters=parameters
    )


SPECS = (
    *(_spec(name, _unary) for name in _UNARY),
    _spec("Clip", _clip, parameters=()),
    *(_spec(name, _unary, "com.microsoft") for name in _UNARY_MICROSOFT),
    *(_spec(name, _test) for name in _TESTS),
    *(_spec(name, _binary) for name in _BINARY),
    *(_spec(name, _variadic) for name in _VARIADIC),
    *(_spec(name, _predicate) for name in _PREDICATES),
    *(_spec(name, _qlinear_unary, "com.microsoft", parameters=()) for name in _QLINEAR_UNARY),
    *(_spec(name, _qlinear_binary, "com.microsoft", parameters=(0, 3)) for name in _QLINEAR_BINARY),
    _spec("Where", _where),
    _spec("Cast", _cast),
    _spec("CastLike", _cast_like),
)
