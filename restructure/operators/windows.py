"""Sliding windows: the geometry of convolutions and pools, resolved once so that nobody parses attributes again.

Terms: the *extent* of a kernel is dilation·(kernel − 1) + 1. `pads` follow ONNX: all begins, then all ends,
(top, left, bottom, right) in two dimensions. Padding of `auto_pad` is resolved to numbers here.
"""

from dataclasses import dataclass
from typing import Literal

from restructure.errors import OperatorError
from restructure.operators.records import Call, Shape

__all__ = ["ConvGeometry", "PoolGeometry", "Window", "resolve_window"]

PoolKind = Literal["max", "average", "lp"]


@dataclass(frozen=True, slots=True)
class Window:
    """A window sliding over the spatial axes of an N×C×spatial tensor.

    Attributes:
        pads: begins, then ends; (top, left, bottom, right) for images. May not cover the last window with ceil_mode.
        in_spatial, out_spatial: extents of the spatial axes (height, width for images).
    """

    kernel: Shape
    strides: Shape
    dilations: Shape
    pads: Shape
    in_spatial: Shape
    out_spatial: Shape

    @property
    def extents(self) -> Shape:
        """Positions one window spans per axis, holes included."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilations, strict=True))

    @property
    def pads_begin(self) -> Shape:
        return self.pads[: len(self.kernel)]

    @property
    def pads_end(self) -> Shape:
        return self.pads[len(self.kernel) :]

    def input_range(self, axis: int, start: int, stop: int) -> tuple[int, int]:
        """Return the half-open input positions that outputs start..stop−1 read, pads included (may leave the input)."""
        low = start * self.strides[axis] - self.pads[axis]
        return low, low + (stop - 1 - start) * self.strides[axis] + self.extents[axis]


@dataclass(frozen=True, slots=True)
class ConvGeometry(Window):
    """A convolution, plain or transposed.

    Attributes:
        channels: C of the input, all groups together; `filters`: K of the output.
        transposed: the window slides over the OUTPUT (ConvTranspose); pads then crop it.
    """

    batch: int
    channels: int
    filters: int
    groups: int
    transposed: bool = False

    @property
    def depthwise(self) -> bool:
        """One input channel per group (a channel multiplier is allowed)."""
        return self.groups > 1 and self.groups == self.channels


@dataclass(frozen=True, slots=True)
class PoolGeometry(Window):
    """A pool; a global one has the whole input as its kernel."""

    kind: PoolKind
    batch: int
    channels: int
    ceil_mode: bool = False
    count_include_pad: bool = False
    is_global: bool = False


def _checked(name: str, values: Shape | None, count: int, default: int, least: int) -> Shape:
    if values is None:
        return (default,) * count
    if len(values) != count:
        raise OperatorError(f"attribute {name!r} must have {count} entries, got {list(values)}")
    if any(value < least for value in values):
        raise OperatorError(f"attribute {name!r} must be >= {least}, got {list(values)}")
    return values


def _same_pads(spatial: Shape, extents: Shape, strides: Shape, lower: bool) -> Shape:
    begins, ends = [], []
    for size, extent, stride in zip(spatial, extents, strides, strict=True):
        total = (-(-size // stride) - 1) * stride + extent - size
        if total < (-2 if lower else -1):
            # The windows leave out two positions or more: some executors then begin at 0, onnxruntime further in.
            raise OperatorError(f"auto_pad is ambiguous where stride {stride} skips input; give 'pads'")
        small, large = max(total, 0) // 2, -(-max(total, 0) // 2)
        begins.append(large if lower else small)
        ends.append(small if lower else large)
    return (*begins, *ends)


def _resolved_pads(call: Call, spatial: Shape, extents: Shape, strides: Shape) -> Shape:
    mode = call.text("auto_pad", "NOTSET")
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        return _same_pads(spatial, extents, strides, lower=mode == "SAME_LOWER")
    if mode == "VALID":
        return (0,) * (2 * len(spatial))
    if mode != "NOTSET":
        raise OperatorError(f"attribute 'auto_pad' must be NOTSET, SAME_UPPER, SAME_LOWER or VALID, got {mode!r}")
    # Negative pads crop; ONNX forbids them in windows.
    return _checked("pads", call.integers("pads"), 2 * len(spatial), 0, 0)


def _steps(size: int, extent: int, stride: int, begin: int, end: int, ceil_mode: bool) -> int:
    span = size + begin + end - extent
    if span < 0:
        raise OperatorError(f"a window of extent {extent} does not fit into {size} + {begin + end} padded positions")
    steps = (-(-span // stride) if ceil_mode else span // stride) + 1
    # A last window that starts in the end padding would read nothing of the input: it is dropped.
    if ceil_mode and (steps - 1) * stride >= size + begin:
        steps -= 1
    return steps


def resolve_window(call: Call, spatial: Shape, kernel: Shape, ceil_mode: bool = False) -> Window:
    """Resolve strides, dilations, pads and output extents of a forward window.

    Raises:
        OperatorError: wrong number of entries, values out of range, or a window larger than the padded input.
    """
    rank = len(spatial)
    if rank == 0:
        raise OperatorError("needs at least one spatial axis")
    kernel = _checked("kernel_shape", kernel, rank, 1, 1)
    strides = _checked("strides", call.integers("strides"), rank, 1, 1)
    dilations = _checked("dilations", call.integers("dilations"), rank, 1, 1)
    extents = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True))
    pads = _resolved_pads(call, spatial, extents, strides)
    axes = zip(spatial, extents, strides, pads[:rank], pads[rank:], strict=True)
    out = tuple(_steps(*axis, ceil_mode) for axis in axes)
    return Window(kernel, strides, dilations, pads, spatial, out)
