"""Normalisations and softmax: same shape as the operand, but (BatchNorm apart) each element needs others as well.

BatchNormalization at inference is a multiply-add per element with constants per channel, hence element-wise.
"""

from collections.abc import Sequence

from restructure.errors import OperatorError
from restructure.operators.records import Call, OperatorSpec, TensorInfo, normalise_axis

__all__ = ["SPECS", "softmax_axes"]


def _same(call: Call) -> Sequence[TensorInfo]:
    return [call.operand(0)]


def _inference(call: Call) -> None:
    """Refuse statistics of the batch. Those of constants are fine: exporters standardise weights like this."""
    if call.integer("training_mode", 0):
        raise OperatorError("training_mode=1 is not inference; export the model in evaluation mode")


def _batch_norm(call: Call) -> Sequence[TensorInfo]:
    x = call.operand(0)
    channels = x.shape[1] if len(x.shape) > 1 else 1
    for index in range(1, 5):
        if call.shape(index) != (channels,):
            raise OperatorError(f"operand {index} has shape {list(call.shape(index))}, expected [{channels}]")
    # Before opset 14 the further outputs (running statistics) are declared by some exporters and used by none.
    return [x, *(TensorInfo((channels,), x.dtype) for _ in range(call.outputs - 1))]


def _layer_norm(call: Call) -> Sequence[TensorInfo]:
    x = call.operand(0)
    axis = normalise_axis(call.integer("axis", -1), len(x.shape))
    statistics = TensorInfo((*x.shape[:axis], *(1 for _ in x.shape[axis:])), "float32")
    return [x, statistics, statistics][: call.outputs]


def softmax_axes(call: Call) -> tuple[int, ...]:
    """Return the axes a softmax normalises over (before opset 13: `axis` and all that follow)."""
    rank = len(call.shape(0))
    opset = call.integer("opset", 13) if call.op_type == "QLinearSoftmax" else call.opset
    if opset >= 13:
        return (normalise_axis(call.integer("axis", -1), rank),)
    first = call.integer("axis", 1)
    return tuple(range(rank if first == rank else normalise_axis(first, rank), rank))


def _softmax(call: Call) -> Sequence[TensorInfo]:
    softmax_axes(call)
    return [call.operand(0)]


def _skip_layer_norm(call: Call) -> Sequence[TensorInfo]:
    x = call.operand(0)
    statistics = TensorInfo((*x.shape[:-1], 1), "float32")
    return [x, statistics, statistics, x][: call.outputs]


SPECS = (
    OperatorSpec(
        "BatchNormalization",
        "normalization",
        _batch_norm,
        elementwise=True,
        in_place=True,
        parameters=(1, 2),
        check_live=_inference,
    ),
    OperatorSpec("LayerNormalization", "normalization", _layer_norm),
    OperatorSpec("RMSNormalization", "normalization", _same),
    OperatorSpec("SimplifiedLayerNormalization", "normalization", _layer_norm),
    OperatorSpec("SkipLayerNormalization", "normalization", _skip_layer_norm, domain="com.microsoft"),
    *(
        OperatorSpec(name, "normalization", _same)
        for name in (
            "InstanceNormalization",
            "GroupNormalization",
            "MeanVarianceNormalization",
            "LpNormalization",
            "LRN",
        )
    ),
    *(OperatorSpec(name, "softmax", _softmax) for name in ("Softmax", "LogSoftmax", "Hardmax")),
    OperatorSpec("QLinearSoftmax", "softmax", _softmax, domain="com.microsoft", parameters=(0,)),
)
