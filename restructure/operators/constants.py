"""Operators whose value is known as soon as shapes are: constants and questions about shapes."""

from collections.abc import Sequence

from restructure import dtypes
from restructure.errors import OperatorError
from restructure.operators.records import Call, OperatorSpec, TensorInfo, tensor_info

__all__ = ["SPECS"]


def _shape(call: Call) -> Sequence[TensorInfo]:
    rank = len(call.shape(0))
    start, end = call.integer("start", 0), call.integer("end", rank)
    return [TensorInfo((len(range(rank)[start:end]),), "int64")]


def _size(call: Call) -> Sequence[TensorInfo]:
    call.operand(0)
    return [TensorInfo((), "int64")]


def _constant(call: Call) -> Sequence[TensorInfo]:
    for name, dtype in (("value_float", "float32"), ("value_int", "int64"), ("value_string", "string")):
        if name in call.attributes:
            return [TensorInfo((), dtype)]
    for name, dtype in (("value_floats", "float32"), ("value_ints", "int64"), ("value_strings", "string")):
        if name in call.attributes:
            return [TensorInfo((len(call.attributes[name]),), dtype)]
    return [tensor_info(call.attributes.get("value"), "attribute 'value'")]


def _constant_of_shape(call: Call) -> Sequence[TensorInfo]:
    shape = call.value_integers(0, "shape")
    if any(n < 0 for n in shape):
        raise OperatorError(f"{list(shape)} is no shape")
    fill = call.attributes.get("value")
    return [TensorInfo(shape, "float32" if fill is None else tensor_info(fill, "attribute 'value'").dtype)]


def _eye_like(call: Call) -> Sequence[TensorInfo]:
    given = call.operand(0)
    if len(given.shape) != 2:
        raise OperatorError(f"must be given a matrix, got shape {list(given.shape)}")
    dtype = dtypes.from_onnx(call.integer("dtype")) if "dtype" in call.attributes else given.dtype
    if dtype is None or dtypes.numpy_name(dtype) is None:
        raise OperatorError(f"is made of no such element type: {dtype or call.integer('dtype')}")
    return [TensorInfo(given.shape, dtype)]


SPECS = (
    OperatorSpec("Constant", "constant", _constant),
    OperatorSpec("ConstantOfShape", "constant", _constant_of_shape),
    OperatorSpec("EyeLike", "constant", _eye_like),
    OperatorSpec("Shape", "constant", _shape),
    OperatorSpec("Size", "constant", _size),
)
