"""Resize and its predecessor Upsample."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from restructure.errors import OperatorError, printable
from restructure.operators.records import Call, OperatorSpec, Shape, TensorInfo, normalise_axis

__all__ = ["SPECS", "ResizeGeometry", "resize_geometry_of"]

_MODES = ("nearest", "linear", "cubic", "bilinear")
_ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
_COORDINATES = (
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize",
    "tf_half_pixel_for_nn",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ResizeGeometry:
    """A resize, its scales and sizes resolved for every axis.

    Attributes:
        scales: output / input per axis, as the coordinate transformation uses them.
        mode: nearest, linear or cubic; `coordinates` and `rounding` are ONNX's transformation and nearest modes.
    """

    in_shape: Shape
    out_shape: Shape
    scales: tuple[float, ...]
    mode: str
    coordinates: str
    rounding: str


def _operands(call: Call) -> tuple[tuple[float, ...] | None, tuple[int, ...] | None]:
    """Return (scales, sizes) wherever this opset puts them; an empty operand is an absent one."""
    if call.op_type == "Upsample" or call.opset < 11:
        listed = call.reals("scales")
        return listed or tuple(float(s) for s in call.value(1, "scales").reshape(-1)), None
    scales = tuple(float(s) for s in call.value(2, "scales").reshape(-1)) if _filled(call, 2) else None
    sizes = call.value_integers(3, "sizes") if _filled(call, 3) else None
    return scales, sizes


def _filled(call: Call, index: int) -> bool:
    return call.has(index) and call.operand(index).elements > 0


def _scaled(size: int, scale: float) -> int:
    # float32 scales of exporters: 7 · 2.2857143 is meant to be 16, not 15
    return floor(size * scale + 1e-5)


def resize_geometry_of(call: Call) -> ResizeGeometry:
    """Return the resolved geometry of a Resize or Upsample; raises OperatorError."""
    shape = call.shape(0)
    scales, sizes = _operands(call)
    axes = tuple(normalise_axis(axis, len(shape)) for axis in call.integers("axes") or range(len(shape)))
    given = sizes if sizes is not None else scales
    if given is None or len(given) != len(axes):
        raise OperatorError(f"needs one scale or size for each of the axes {list(axes)}")
    if sizes is not None and call.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        sizes = _keep_aspect(shape, sizes, axes, call.text("keep_aspect_ratio_policy", "stretch"))
    out, factors = list(shape), [1.0] * len(shape)
    for index, axis in enumerate(axes):
        out[axis] = sizes[index] if sizes is not None else _scaled(shape[axis], float(given[index]))
        factors[axis] = out[axis] / shape[axis] if sizes is not None else float(given[index])
    default = "asymmetric" if call.opset < 11 or call.op_type == "Upsample" else "half_pixel"
    rounding = "floor" if default == "asymmetric" else call.text("nearest_mode", "round_prefer_floor")
    coordinates = call.text("coordinate_transformation_mode", default)
    for name, value, known in (("nearest_mode", rounding, _ROUNDINGS), ("coordinate_transformation_mode", coordinates,
                               _COORDINATES), ("mode", call.text("mode", "nearest"), _MODES)):  # fmt: skip
        if value not in known:
            raise OperatorError(f"attribute {name!r} must be one of {', '.join(known)}, got {printable(value)!r}")
    return ResizeGeometry(shape, tuple(out), tuple(factors), call.text("mode", "nearest"), coordinates, rounding)


def _keep_aspect(shape: Shape, sizes: Sequence[int], axes: Sequence[int], policy: str) -> tuple[int, ...]:
    ratios = [size / shape[axis] for size, axis in zip(sizes, axes, strict=True)]
    scale = min(ratios) if policy == "not_larger" else max(ratios)
    return tuple(floor(scale * shape[axis] + 0.5) for axis in axes)


def _infer(call: Call) -> Sequence[TensorInfo]:
    return [TensorInfo(resize_geometry_of(call).out_shape, call.dtype(0))]


SPECS = (
    OperatorSpec("Resize", "resize", _infer, parameters=(0,)),
    OperatorSpec("Upsample", "resize", _infer, parameters=(0,)),
)
