"""Element-wise operators of two or more operands, as ONNX defines them, and the steps behind a finished tile.

Used alone on the vector unit and as post-operations behind an array tile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce

import numpy as np

from accelsim.functional.operators.call import Call, Settle, Values, as_rounded
from accelsim.functional.operators.unary import UNARY, rounded
from accelsim.program import PostOperation

Binary = Callable[[Values, Values], Values]


def _float(x: object) -> Values:
    return np.asarray(x, dtype=np.float32)


def _on_bits(function: np.ufunc) -> Binary:
    return lambda x, y: _float(function(x.astype(np.int64), y.astype(np.int64)))


BINARY: dict[str, Binary] = {
    "Add": np.add,
    "And": lambda x, y: _float((x != 0) & (y != 0)),
    "BitShift": _on_bits(np.right_shift),
    "BitwiseAnd": _on_bits(np.bitwise_and),
    "BitwiseOr": _on_bits(np.bitwise_or),
    "BitwiseXor": _on_bits(np.bitwise_xor),
    "Div": np.divide,
    "Equal": lambda x, y: _float(x == y),
    "Greater": lambda x, y: _float(x > y),
    "GreaterOrEqual": lambda x, y: _float(x >= y),
    "Less": lambda x, y: _float(x < y),
    "LessOrEqual": lambda x, y: _float(x <= y),
    "Max": np.maximum,
    "Min": np.minimum,
    "Mod": np.mod,
    "Mul": np.multiply,
    "Or": lambda x, y: _float((x != 0) | (y != 0)),
    "PRelu": lambda x, slope: np.where(x < 0, slope * x, x),
    "Pow": np.power,
    "Sub": np.subtract,
    "Sum": np.add,
    "Xor": lambda x, y: _float((x != 0) != (y != 0)),
}


def apply(operator: str, attributes: Mapping[str, float], operands: Sequence[Values]) -> Values:
    """One element-wise operator on operands that broadcast against each other.

    With the attribute ``swapped`` the second operand comes first (``Sub``, ``Div``, ``Pow``).

    Raises:
        KeyError: the operator is not in the tables.
    """
    if operator in UNARY:
        return UNARY[operator](operands[0], attributes)
    if operator == "Where":
        return np.where(operands[0] != 0, operands[1], operands[2])
    if operator == "Mean":
        return reduce(np.add, operands) / np.float32(len(operands))
    if operator == "Mod" and attributes.get("fmod"):
        return np.fmod(operands[0], operands[1])
    if operator == "BitShift" and attributes.get("bits"):
        return _float(np.left_shift(*(x.astype(np.int64) for x in operands)) % 2 ** int(attributes["bits"]))
    ordered = operands[::-1] if attributes.get("swapped") else operands
    # Beyond float32 a result is infinite or no number, as with onnxruntime, which does not warn of it either.
    with np.errstate(all="ignore"):
        return reduce(BINARY[operator], ordered)


def elementwise(call: Call) -> Values:
    """An element-wise operator as an instruction of its own."""
    attributes = {name: call.number(name, 0.0) for name, _ in call.kernel.attributes}
    if call.kernel.value:
        settle = partial(call.settle, call.kernel.value)
        return rounded(call.kernel.operator, call.inputs[0], attributes, settle)
    return apply(call.kernel.operator, attributes, call.inputs)


def finish(
    result: Values, steps: Sequence[PostOperation], slots: Mapping[str, Values], settle: Settle = as_rounded
) -> Values:
    """The post-operations behind a finished tile, in order; the slot ``step<n>`` is the value after n of them."""
    known = {**slots, "step0": result}
    for number, step in enumerate(steps, start=1):
        operands = [result, known[step.slot]] if step.slot else [result]
        if step.value:
            result = rounded(step.operator, result, dict(step.attributes), partial(settle, step.value))
        else:
            result = apply(step.operator, dict(step.attributes), operands)
        known[f"step{number}"] = result
    return result
