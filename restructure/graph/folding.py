"""Values of operators whose operands are constants.

The operators exporters wrap around shapes and weights are computed here with numpy; any other by onnxruntime, which is
imported only then.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from restructure import dtypes
from restructure.errors import ModelError
from restructure.operators import Array, Call, TensorInfo
from restructure.operators.movement import slice_ranges, transpose_permutation
from restructure.operators.records import normalise_axis

__all__ = ["compute", "compute_by_runtime", "eye", "shape_question"]

Arrays = Sequence[Array | None]


def shape_question(call: Call) -> Array:
    """Return the value of a Shape or Size call."""
    shape = call.shape(0)
    if call.op_type == "Size":
        return np.array(int(np.prod(shape, dtype=np.int64)), dtype=np.int64)
    start, end = call.integer("start", 0), call.integer("end", len(shape))
    return np.array(shape[start:end], dtype=np.int64)


def eye(call: Call, result: TensorInfo, arrays: Arrays = ()) -> Sequence[Array]:
    """Return the value of an EyeLike call, from nothing but the shape of its result."""
    height, width = result.shape
    return [np.eye(height, width, k=call.integer("k", 0), dtype=np.dtype(dtypes.numpy_name(result.dtype)))]


def _axis(call: Call, default: int = 0) -> int:
    return call.integer("axis", default)


def _given(arrays: Arrays) -> list[Array]:
    return [array for array in arrays if array is not None]


def _concat(call: Call, arrays: Arrays, result: TensorInfo) -> Array:
    return np.concatenate(_given(arrays), axis=_axis(call))


def _gather(call: Call, arrays: Arrays, result: TensorInfo) -> Array:
    data, indices = _given(arrays)
    axis = _axis(call)
    size = data.shape[axis]
    if indices.size and not (-size <= indices.min() and indices.max() < size):
        raise ModelError(f"Gather reads index {int(indices.max())} of an axis of {size}")
    return np.take(data, indices, axis=axis)


def _reshaped(call: Call, arrays: Arrays, result: TensorInfo) -> Array:
    return _given(arrays)[0].reshape(result.shape)


def _cast(call: Call, arrays: Arrays, result: TensorInfo) -> Array:
    return _given(arrays)[0].astype(result.dtype)


def _expand(call: Call, arrays: Arrays, result: TensorInfo) -> Array:
    return np.broadcast_to(_given(arrays)[0], result.shape)


def _slice(call: Call, arrays: Arrays, result: TensorInfo) -> Array:
    return _given(arrays)[0][np.ix_(*slice_ranges(call))]


def _transpose(call: Call, arrays: Arrays, result: TensorInfo) -> Array:
    return np.transpose(_given(arrays)[0], transpose_permutation(call))


def _where(call: Call, arrays: Arrays, result: TensorInfo) -> Array:
    condition, yes, no = _given(arrays)
    return np.where(condition, yes, no)


def _identity(call: Call, arrays: Arrays, result: TensorInfo) -> Array:
    return _given(arrays)[0]


def _range(call: Call, arrays: Arrays, result: TensorInfo) -> Array:
    start, _, delta = (array.reshape(()) for array in _given(arrays))
    steps = np.arange(result.shape[0])
    return np.asarray((start + steps * delta).astype(result.dtype))


def _divide(left: Array, right: Array) -> Array:
    if not np.issubdtype(left.dtype, np.integer):
        return np.true_divide(left, right)
    if not np.all(right):
        raise ModelError("integer division by zero in a shape expression")
    # ONNX divides integers towards zero, numpy downwards.
    quotient = np.abs(left) // np.abs(right)
    return np.where((left < 0) != (right < 0), -quotient, quotient).astype(left.dtype)


def _dequantize(call: Call, arrays: Arrays, result: TensorInfo) -> Array:
    x, scale, *zero = _given(arrays)
    if scale.ndim == 1 and x.ndim > 1:
        shape = [1] * x.ndim
        shape[normalise_axis(call.integer("axis", 1), x.ndim)] = -1
        scale, zero = scale.reshape(shape), [z.reshape(shape) for z in zero]
    # int32, for the difference of two int8 may be no int8
    difference = x.astype(np.int32) - zero[0].astype(np.int32) if zero else x.astype(np.int32)
    return np.asarray(difference.astype(scale.dtype) * scale)


def _numpy(function: Callable[..., Any]) -> Callable[[Call, Arrays, TensorInfo], Array]:
    def apply(call: Call, arrays: Arrays, result: TensorInfo) -> Array:
        return np.asarray(function(*_given(arrays)))

    return apply


_NUMPY: Mapping[str, Callable[[Call, Arrays, TensorInfo], Array]] = {
    "Concat": _concat,
    "Gather": _gather,
    "Reshape": _reshaped,
    "Flatten": _reshaped,
    "Squeeze": _reshaped,
    "Unsqueeze": _reshaped,
    "Cast": _cast,
    "Expand": _expand,
    "Slice": _slice,
    "Transpose": _transpose,
    "Where": _where,
    "Identity": _identity,
    "Range": _range,
    "DequantizeLinear": _dequantize,
    "Add": _numpy(np.add),
    "Sub": _numpy(np.subtract),
    "Mul": _numpy(np.multiply),
    "Div": _numpy(_divide),
    "Neg": _numpy(np.negative),
    "Sqrt": _numpy(np.sqrt),
    "Floor": _numpy(np.floor),
    "Ceil": _numpy(np.ceil),
    "Equal": _numpy(np.equal),
    "Greater": _numpy(np.greater),
    "Less": _numpy(np.less),
    "Not": _numpy(np.logical_not),
    "And": _numpy(np.logical_and),
    "Or": _numpy(np.logical_or),
}
_NOT_PLAIN = frozenset({"bfloat16", "string", "int4", "uint4"})


def compute(call: Call, results: Sequence[TensorInfo], arrays: Arrays) -> Sequence[Array]:
    """Return the results of an operator on constant operands.

    Raises:
        ModelError: the operator cannot be computed on these values.
    """
    plain = not call.domain and results[0].dtype not in _NOT_PLAIN and not call.integer("block_size", 0)
    function = _NUMPY.get(call.op_type) if plain else None
    if function is None:
        return compute_by_runtime(call, arrays)
    with _said_of(call):
        return [np.asarray(function(call, arrays, results[0]))]


def compute_by_runtime(call: Call, arrays: Arrays) -> Sequence[Array]:
    """Return the results of any operator that onnxruntime has, on constant operands.

    Raises:
        ModelError: onnxruntime refuses it.
    """
    with _said_of(call):
        return _by_runtime(call, arrays)


@contextmanager
def _said_of(call: Call) -> Iterator[None]:
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"{call.op_type} of constants cannot be computed: {error}") from error


def _by_runtime(call: Call, arrays: Arrays) -> Sequence[Array]:
    import onnx
    import onnxruntime

    # The operands are initializers, not feeds: numpy has no bfloat16 or int4 to feed.
    names = ["" if array is None else f"x{index}" for index, array in enumerate(arrays)]
    constants = [onnx.numpy_helper.from_array(a, n) for n, a in zip(names, arrays, strict=True) if a is not None]
    outputs = [f"y{index}" for index in range(call.outputs)]
    node = onnx.helper.make_node(call.op_type, names, outputs, domain=call.domain, **_plain(call.attributes))
    results = [onnx.ValueInfoProto(name=name) for name in outputs]
    graph = onnx.helper.make_graph([node], "constant", [], results, constants)
    imports = [onnx.helper.make_opsetid(call.domain, call.opset)]
    model = onnx.helper.make_model(graph, opset_imports=imports, ir_version=8 if call.opset < 21 else 10)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return [np.asarray(value) for value in session.run(None, {})]


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in attributes.items()}
