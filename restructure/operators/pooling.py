"""Pools, local and global, float and quantised."""

from collections.abc import Sequence

from restructure.errors import OperatorError
from restructure.operators.records import Call, OperatorSpec, TensorInfo
from restructure.operators.windows import PoolGeometry, PoolKind, resolve_window

__all__ = ["SPECS", "pool_geometry_of"]

_KINDS: dict[str, PoolKind] = {
    "MaxPool": "max",
    "AveragePool": "average",
    "LpPool": "lp",
    "GlobalMaxPool": "max",
    "GlobalAveragePool": "average",
    "GlobalLpPool": "lp",
    "QLinearAveragePool": "average",
    "QLinearGlobalAveragePool": "average",
}
_GLOBAL = frozenset(name for name in _KINDS if "Global" in name)


def pool_geometry_of(call: Call) -> PoolGeometry:
    """Return the resolved geometry of any pool in the table; raises OperatorError."""
    x = call.shape(0)
    if len(x) < 3:
        raise OperatorError(f"needs an input N×C×spatial, got {list(x)}")
    if call.integer("channels_last", 0):
        raise OperatorError("channels-last layouts are not supported")
    kind = _KINDS[call.op_type]
    if call.op_type in _GLOBAL:
        ones, spatial = (1,) * (len(x) - 2), x[2:]
        zeros = (0,) * (2 * len(spatial))
        return PoolGeometry(spatial, ones, ones, zeros, spatial, ones, kind, x[0], x[1], is_global=True)
    kernel = call.integers("kernel_shape")
    if kernel is None:
        raise OperatorError("attribute 'kernel_shape' is required")
    if call.text("auto_pad", "NOTSET").startswith("SAME") and any(d > 1 for d in call.integers("dilations") or ()):
        # ONNX pads for the dilated window, onnxruntime for the plain one.
        raise OperatorError("auto_pad with dilations is ambiguous in a pool; give 'pads'")
    ceil_mode = bool(call.integer("ceil_mode", 0))
    w = resolve_window(call, x[2:], kernel, ceil_mode)
    include = bool(call.integer("count_include_pad", 0))
    return PoolGeometry(
        w.kernel, w.strides, w.dilations, w.pads, w.in_spatial, w.out_spatial, kind, x[0], x[1], ceil_mode, include
    )


def _infer(call: Call) -> Sequence[TensorInfo]:
    g = pool_geometry_of(call)
    shape = (g.batch, g.channels, *g.out_spatial)
    results = [TensorInfo(shape, call.dtype(0)), TensorInfo(shape, "int64")]
    return results[: call.outputs]


SPECS = tuple(
    OperatorSpec(name, "pool", _infer, domain="com.microsoft" if name.startswith("QLinear") else "") for name in _KINDS
)
