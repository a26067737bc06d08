"""Conversions between real and quantised tensors."""

from collections.abc import Sequence

from restructure import dtypes
from restructure.operators.records import Call, OperatorSpec, TensorInfo

__all__ = ["SPECS"]


def _quantize(call: Call) -> Sequence[TensorInfo]:
    declared = dtypes.from_onnx(call.integer("output_dtype", 0))
    return [TensorInfo(call.shape(0), call.dtype(2) if call.has(2) else declared or "uint8")]


def _dequantize(call: Call) -> Sequence[TensorInfo]:
    return [TensorInfo(call.shape(0), dtypes.from_onnx(call.integer("output_dtype", 0)) or call.dtype(1))]


def _dynamic_quantize(call: Call) -> Sequence[TensorInfo]:
    return [TensorInfo(call.shape(0), "uint8"), TensorInfo((), "float32"), TensorInfo((), "uint8")][: call.outputs]


SPECS = (
    *(
        spec
        for domain in ("", "com.microsoft")
        for spec in (
            OperatorSpec(
                "QuantizeLinear", "quantize", _quantize, domain=domain, elementwise=True, in_place=True, parameters=(0,)
            ),
            OperatorSpec(
                "DequantizeLinear",
                "quantize",
                _dequantize,
                domain=domain,
                elementwise=True,
                in_place=True,
                parameters=(0,),
            ),
        )
    ),
    OperatorSpec("DynamicQuantizeLinear", "quantize", _dynamic_quantize),
)
