"""Element-wise operators of one operand, as ONNX defines them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from accelsim.errors import ModelUnsupportedError
from accelsim.functional.operators.call import Values

Unary = Callable[[Values, Mapping[str, float]], Values]

#: Steps between an integer and a result that float32 meant to be it.
_SAME = np.float32(1e-3)

_ERF = np.frompyfunc(math.erf, 1, 1)


def _float(x: object) -> Values:
    return np.asarray(x, dtype=np.float32)


def _erf(x: Values) -> Values:
    return _float(_ERF(x))


def _sigmoid(x: Values) -> Values:
    with np.errstate(over="ignore"):
        return _float(1 / (1 + np.exp(-x)))


def _softplus(x: Values) -> Values:
    return _float(np.logaddexp(x, np.float32(0)))


def _clip(x: Values, a: Mapping[str, float]) -> Values:
    return np.clip(x, np.float32(a.get("min", -math.inf)), np.float32(a.get("max", math.inf)))


def _gelu(x: Values, a: Mapping[str, float]) -> Values:
    if a.get("tanh", 0):
        return _float(0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))))
    return 0.5 * x * (1 + _erf(x * math.sqrt(0.5)))


def _elu(x: Values, alpha: float) -> Values:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _celu(x: Values, alpha: float) -> Values:
    return np.maximum(x, 0) + np.minimum(0, alpha * np.expm1(np.minimum(x, 0) / alpha))


def _hard_sigmoid(x: Values, a: Mapping[str, float]) -> Values:
    return _float(np.clip(a.get("alpha", 0.2) * x + a.get("beta", 0.5), 0, 1))


def _selu(x: Values, a: Mapping[str, float]) -> Values:
    alpha, gamma = a.get("alpha", 1.6732631921768188), a.get("gamma", 1.0507010221481323)
    return gamma * _elu(x, alpha)


def _fake_quantize(x: Values, a: Mapping[str, float]) -> Values:
    """Round to the scale's grid as QuantizeLinear does (half to even, saturated), and back."""
    return _dequantize(_quantize(x, a), a)


def rounded(operator: str, x: Values, a: Mapping[str, float], settle: Callable[[Values, Values], Values]) -> Values:
    """FakeQuantize or QuantizeLinear; `settle` is told the steps before and after rounding and has the last word."""
    if rule := _wrong(a["scale"]):
        raise ModelUnsupportedError(
            f"{operator}: a scale must {rule}, got {a['scale']}: "
            "what is divided by it has no result to compare; leave the node out, or give it a scale"
        )
    with np.errstate(over="ignore"):  # what is too large is saturated
        exact = _float(x) / np.float32(a["scale"]) + np.float32(a["zero"])
    if a.get("truncates"):
        # What rounds half to even changes halfway between two integers, what rounds towards 0 half a step further out.
        exact, steps = exact - np.float32(0.5) * np.sign(exact), _truncate(exact, a)
        steps = settle(exact, steps)
    else:
        steps = settle(exact, _quantize(x, a))
    return _dequantize(steps, a) if operator == "FakeQuantize" else steps


def _quantize(x: Values, a: Mapping[str, float]) -> Values:
    with np.errstate(over="ignore"):
        steps = np.rint(_float(x) / np.float32(a["scale"])) + np.float32(a["zero"])
    return _float(np.clip(steps, np.float32(a["low"]), np.float32(a["high"])))


def _wrong(scale: float) -> str:
    """The rule that a scale breaks; empty if none."""
    if not np.isfinite(scale):
        return "be finite"
    if not scale:
        return "not be 0"
    return "" if abs(scale) >= np.finfo(np.float32).tiny else "not be so small that float32 loses digits"


def _truncate(exact: Values, a: Mapping[str, float]) -> Values:
    """Round steps towards 0; what differs from an integer by no more than float32's error is that integer."""
    nearest = np.rint(exact)
    steps = np.where(np.abs(exact - nearest) < _SAME, nearest, np.trunc(exact))
    return _float(np.clip(steps, np.float32(a["low"]), np.float32(a["high"])))


def _dequantize(x: Values, a: Mapping[str, float]) -> Values:
    return _float((x - np.float32(a.get("zero", 0))) * np.float32(a["scale"]))


def _shrink(x: Values, a: Mapping[str, float]) -> Values:
    bias, limit = a.get("bias", 0.0), a.get("lambd", 0.5)
    return _float(np.where(x < -limit, x + bias, np.where(x > limit, x - bias, 0)))


def _fast_gelu(x: Values, a: Mapping[str, float]) -> Values:
    return _gelu(x, {"tanh": 1.0})


def _swish(x: Values, a: Mapping[str, float]) -> Values:
    return x * _sigmoid(np.float32(a.get("alpha", 1.0)) * x)


UNARY: dict[str, Unary] = {
    "Abs": lambda x, a: np.abs(x),
    "Acos": lambda x, a: np.arccos(x),
    "Acosh": lambda x, a: np.arccosh(x),
    "Asin": lambda x, a: np.arcsin(x),
    "Asinh": lambda x, a: np.arcsinh(x),
    "Atan": lambda x, a: np.arctan(x),
    "Atanh": lambda x, a: np.arctanh(x),
    "Cast": lambda x, a: np.trunc(x) if a.get("integer") else x,
    "Cosh": lambda x, a: np.cosh(x),
    "DequantizeLinear": _dequantize,
    "FakeQuantize": _fake_quantize,
    "FastGelu": _fast_gelu,
    "IsInf": lambda x, a: _float(np.isinf(x)),
    "IsNaN": lambda x, a: _float(np.isnan(x)),
    "Not": lambda x, a: _float(x == 0),
    "QuantizeLinear": _quantize,
    "QuickGelu": lambda x, a: x * _sigmoid(np.float32(a.get("alpha", 1.702)) * x),
    "Shrink": _shrink,
    "Sinh": lambda x, a: np.sinh(x),
    "Swish": _swish,
    "Tan": lambda x, a: np.tan(x),
    "Ceil": lambda x, a: np.ceil(x),
    "Celu": lambda x, a: _celu(x, a.get("alpha", 1.0)),
    "Clip": _clip,
    "Cos": lambda x, a: np.cos(x),
    "Elu": lambda x, a: _elu(x, a.get("alpha", 1.0)),
    "Erf": lambda x, a: _erf(x),
    "Exp": lambda x, a: np.exp(x),
    "Floor": lambda x, a: np.floor(x),
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": lambda x, a: x * np.clip(x / 6 + 0.5, 0, 1),
    "Identity": lambda x, a: x,
    "LeakyRelu": lambda x, a: np.where(x < 0, np.float32(a.get("alpha", 0.01)) * x, x),
    "Log": lambda x, a: np.log(x),
    "Mish": lambda x, a: x * np.tanh(_softplus(x)),
    "Neg": lambda x, a: -x,
    "Reciprocal": lambda x, a: np.reciprocal(x),
    "Relu": lambda x, a: np.maximum(x, 0),
    "Round": lambda x, a: np.rint(x),
    "Selu": _selu,
    "Sigmoid": lambda x, a: _sigmoid(x),
    "Sign": lambda x, a: np.sign(x),
    "Silu": lambda x, a: x * _sigmoid(x),
    "Sin": lambda x, a: np.sin(x),
    "Softplus": lambda x, a: _softplus(x),
    "Softsign": lambda x, a: x / (1 + np.abs(x)),
    "Sqrt": lambda x, a: np.sqrt(x),
    "Tanh": lambda x, a: np.tanh(x),
    "ThresholdedRelu": lambda x, a: np.where(x > a.get("alpha", 1.0), x, np.float32(0)),
}
