"""Integer products that onnxruntime computes exactly on every processor.

Where a processor has no VNNI instructions, onnxruntime adds pairs of uint8 × int8 products in 16 bits, which saturate
(https://github.com/microsoft/onnxruntime/pull/12088): its answer for a quantised model then depends on the machine. The
same products with weights of uint8, all values and the zero point 128 higher, do not overflow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx

    Tensors = Mapping[str, onnx.TensorProto]

__all__ = ["QUANTISED", "with_unsigned_weights"]

_SHIFT = 128


@dataclass(frozen=True, slots=True)
class _Product:
    """Positions of the operands of a quantised product: the activation's and the weight's, and their zero points'."""

    activation: int
    zero: int
    weight: int
    weight_zero: int


_LINEAR = _Product(0, 2, 3, 5)
_INTEGER = _Product(0, 2, 1, 3)
QUANTISED: Mapping[str, _Product] = {
    "QLinearConv": _LINEAR,
    "QLinearMatMul": _LINEAR,
    "QGemm": _LINEAR,
    "ConvInteger": _INTEGER,
    "MatMulInteger": _INTEGER,
}
"""Operators that multiply 8-bit integers, by name."""


def with_unsigned_weights(model: "onnx.ModelProto") -> bool:
    """Replace, in place, constant int8 weights that uint8 activations are multiplied with; whether there were any.

    The model computes the same. Weights that are no initializers stay as they are.
    """
    from onnx import numpy_helper

    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    made: dict[str, str] = {}
    types = _types(model) if any(node.op_type in QUANTISED for node in model.graph.node) else {}
    for node in model.graph.node:
        found = QUANTISED.get(node.op_type)
        if found is None or not _saturates(node, found, stored, types):
            continue
        while len(node.input) <= found.weight_zero:
            node.input.append("")
        if not node.input[found.weight_zero]:
            node.input[found.weight_zero] = f"{node.input[found.weight]}.zero"
            stored[node.input[found.weight_zero]] = numpy_helper.from_array(np.zeros((), np.int8))
        for position in (found.weight, found.weight_zero):
            name = node.input[position]
            if name not in made:
                made[name] = f"{name}.unsigned"
                values = numpy_helper.to_array(stored[name]).astype(np.int16) + _SHIFT
                model.graph.initializer.append(numpy_helper.from_array(values.astype(np.uint8), made[name]))
            node.input[position] = made[name]
    return bool(made)


def _saturates(node: "onnx.NodeProto", found: _Product, stored: "Tensors", types: Mapping[str, int]) -> bool:
    from onnx import TensorProto

    def given(position: int) -> str:
        return node.input[position] if position < len(node.input) else ""

    def kind(position: int) -> int:
        name = given(position)
        return stored[name].data_type if name in stored else types.get(name, 0)

    unsigned = TensorProto.UINT8 in (kind(found.activation), kind(found.zero))
    signed = kind(found.weight) == TensorProto.INT8
    return unsigned and signed and all(given(p) in stored or not given(p) for p in (found.weight, found.weight_zero))


def _types(model: "onnx.ModelProto") -> dict[str, int]:
    """Return the element types of activations, where onnx can tell."""
    import onnx

    try:
        graph = onnx.shape_inference.infer_shapes(model).graph
    except (onnx.shape_inference.InferenceError, ValueError):  # larger than a protocol buffer may be
        graph = model.graph
    return {value.name: value.type.tensor_type.elem_type for value in (*graph.input, *graph.value_info)}
