"""Convolutions: plain, transposed, fused with an activation, and quantised."""

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from restructure.errors import OperatorError
from restructure.operators.records import Call, OperatorSpec, Shape, TensorInfo
from restructure.operators.windows import ConvGeometry, resolve_window

__all__ = ["SPECS", "conv_geometry_of"]

# operand that holds the filters, per operator
_FILTER_OPERAND = {"Conv": 1, "FusedConv": 1, "ConvInteger": 1, "QLinearConv": 3, "ConvTranspose": 1}
_BIAS_OPERAND = {"Conv": 2, "FusedConv": 2, "QLinearConv": 8, "ConvTranspose": 2}


def conv_geometry_of(call: Call) -> ConvGeometry:
    """Return the resolved geometry of any convolution in the table.

    Raises:
        OperatorError: ranks, channels, groups or attributes contradict each other.
    """
    filters = call.shape(_FILTER_OPERAND[call.op_type])
    x = call.shape(0)
    if len(x) < 3 or len(filters) != len(x):
        raise OperatorError(f"input {list(x)} and filters {list(filters)} must have the same rank, at least 3")
    kernel = filters[2:]
    declared = call.integers("kernel_shape")
    if declared is not None and declared != kernel:
        raise OperatorError(f"attribute 'kernel_shape' is {list(declared)}, but the filters are {list(kernel)}")
    return _transposed(call, x, filters) if call.op_type == "ConvTranspose" else _forward(call, x, filters)


def _groups(call: Call) -> int:
    groups = call.integer("group", 1)
    if groups < 1:
        raise OperatorError(f"attribute 'group' must be >= 1, got {groups}")
    return groups


def _forward(call: Call, x: Shape, filters: Shape) -> ConvGeometry:
    groups = _groups(call)
    if x[1] != filters[1] * groups or filters[0] % groups:
        raise OperatorError(
            f"{x[1]} input channels do not match filters {list(filters)} in {groups} group(s): "
            f"expected {filters[1] * groups} channels and a filter count divisible by {groups}"
        )
    w = resolve_window(call, x[2:], filters[2:])
    return ConvGeometry(
        w.kernel, w.strides, w.dilations, w.pads, w.in_spatial, w.out_spatial, x[0], x[1], filters[0], groups
    )


def _transposed(call: Call, x: Shape, filters: Shape) -> ConvGeometry:
    groups = _groups(call)
    if x[1] != filters[0] or x[1] % groups:
        raise OperatorError(f"{x[1]} input channels do not match filters {list(filters)} in {groups} group(s)")
    rank = len(x) - 2
    # Resolve the plain attributes on an input that any kernel fits into, then turn the window round.
    huge = tuple(size + k * 10**6 for size, k in zip(x[2:], filters[2:], strict=True))
    explicit = replace(call, attributes={**call.attributes, "auto_pad": "NOTSET"})
    w = resolve_window(explicit, huge, filters[2:])
    extra = call.integers("output_padding") or (0,) * rank
    if len(extra) != rank or any(e < 0 for e in extra):
        raise OperatorError(f"attribute 'output_padding' must have {rank} entries >= 0, got {list(extra)}")
    full = tuple(s * (n - 1) + e + o for s, n, e, o in zip(w.strides, x[2:], w.extents, extra, strict=True))
    out, pads = _transposed_output(call, x[2:], full, w.strides, w.pads)
    return ConvGeometry(
        w.kernel, w.strides, w.dilations, pads, x[2:], out, x[0], x[1], filters[1] * groups, groups, transposed=True
    )


def _transposed_output(call: Call, spatial: Shape, full: Shape, strides: Shape, pads: Shape) -> tuple[Shape, Shape]:
    """Return (output extents, crops): given outright, by auto_pad, or as what the pads leave of `full`."""
    rank, mode = len(spatial), call.text("auto_pad", "NOTSET")
    wanted = call.integers("output_shape")
    if wanted is None and mode in ("SAME_UPPER", "SAME_LOWER"):
        # Where the kernel is smaller than the stride nothing reaches the last positions: onnxruntime leaves them out.
        wanted = tuple(min(n * s, f) for n, s, f in zip(spatial, strides, full, strict=True))
    if wanted is None:
        crops = (0,) * (2 * rank) if mode == "VALID" else pads
        out = tuple(f - crops[i] - crops[i + rank] for i, f in enumerate(full))
    else:
        out = wanted[-rank:]
        totals = [max(f - n, 0) for f, n in zip(full, out, strict=True)]
        small, large = tuple(t // 2 for t in totals), tuple(t - t // 2 for t in totals)
        crops = (*small, *large) if mode == "SAME_UPPER" else (*large, *small)
    if any(n < 1 for n in out):
        raise OperatorError(f"the output would be {list(out)}: pads {list(crops)} crop more than there is")
    return out, crops


def _result_dtype(call: Call) -> str:
    if call.op_type == "ConvInteger":
        return "int32"
    if call.op_type == "QLinearConv":
        return call.dtype(7) if call.has(7) else call.dtype(0)
    return call.dtype(0)


def _check_bias(call: Call, filters: int) -> None:
    index = _BIAS_OPERAND.get(call.op_type)
    if index is not None and call.has(index) and call.shape(index) != (filters,):
        raise OperatorError(f"bias must have one value for each of {filters} filters, got {list(call.shape(index))}")


def _infer(call: Call) -> Sequence[TensorInfo]:
    g = conv_geometry_of(call)
    _check_bias(call, g.filters)
    return [TensorInfo((g.batch, g.filters, *g.out_spatial), _result_dtype(call))]


def _macs(call: Call, results: Sequence[TensorInfo]) -> int:
    g = conv_geometry_of(call)
    # Forward: every output reads C/G·kernel inputs. Transposed: every input scatters to K/G·kernel outputs.
    if g.transposed:
        return g.batch * g.channels * prod(g.in_spatial) * (g.filters // g.groups) * prod(g.kernel)
    return g.batch * g.filters * prod(g.out_spatial) * (g.channels // g.groups) * prod(g.kernel)


SPECS = (
    OperatorSpec("Conv", "conv", _infer, _macs),
    OperatorSpec("ConvInteger", "conv", _infer, _macs, parameters=(1,)),
    OperatorSpec("QLinearConv", "conv", _infer, _macs, parameters=(3, 8)),
    OperatorSpec("FusedConv", "conv", _infer, _macs, domain="com.microsoft"),
    OperatorSpec("ConvTranspose", "conv_transpose", _infer, _macs),
)
