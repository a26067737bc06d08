"""Element-wise operators, as ONNX defines them: one table for unary steps, one for those of two or more operands.

Used alone on the vector unit and as post-operations behind an array tile.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce

import numpy as np

from accelsim.functional.operators.call import Call, Values
from accelsim.program import PostOperation

Unary = Callable[[Values, Mapping[str, float]], Values]
Binary = Callable[[Values, Values], Values]

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


UNARY: dict[str, Unary] = {
    "Abs": lambda x, a: np.abs(x),
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

BINARY: dict[str, Binary] = {
    "Add": np.add,
    "Div": np.divide,
    "Max": np.maximum,
    "Min": np.minimum,
    "Mul": np.multiply,
    "PRelu": lambda x, slope: np.where(x < 0, slope * x, x),
    "Pow": np.power,
    "Sub": np.subtract,
    "Sum": np.add,
}


def apply(operator: str, attributes: Mapping[str, float], operands: Sequence[Values]) -> Values:
    """One element-wise operator on operands that broadcast against each other.

    With the attribute ``swapped`` the second operand comes first (``Sub``, ``Div``, ``Pow``).

    Raises:
        KeyError: the operator is not in the tables.
    """
    if operator in UNARY:
        return UNARY[operator](operands[0], attributes)
    ordered = operands[::-1] if attributes.get("swapped") else operands
    return reduce(BINARY[operator], ordered)


def elementwise(call: Call) -> Values:
    """An element-wise operator as an instruction of its own."""
    attributes = {name: call.number(name, 0.0) for name, _ in call.kernel.attributes}
    return apply(call.kernel.operator, attributes, call.inputs)


def finish(result: Values, steps: Sequence[PostOperation], slots: Mapping[str, Values]) -> Values:
    """The post-operations behind a finished tile, in order."""
    for step in steps:
        operands = [result, slots[step.slot]] if step.slot else [result]
        result = apply(step.operator, dict(step.attributes), operands)
    return result
