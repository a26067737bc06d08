"""Operators that move elements without computing: parts, joins, permutations, look-ups, padding."""

from collections.abc import Sequence

import numpy as np

from restructure.errors import OperatorError
from restructure.operators.broadcasting import broadcast
from restructure.operators.records import Array, Call, OperatorSpec, Shape, TensorInfo, normalise_axis

__all__ = ["SPECS", "resolved_pads", "slice_ranges", "split_sizes", "transpose_permutation"]


def transpose_permutation(call: Call) -> tuple[int, ...]:
    """Return the permutation of a Transpose (default: axes reversed)."""
    rank = len(call.shape(0))
    perm = call.integers("perm") or tuple(reversed(range(rank)))
    if sorted(perm) != list(range(rank)):
        raise OperatorError(f"attribute 'perm' {list(perm)} is no permutation of {rank} axes")
    return perm


def _transpose(call: Call) -> Sequence[TensorInfo]:
    x = call.operand(0)
    return [TensorInfo(tuple(x.shape[axis] for axis in transpose_permutation(call)), x.dtype)]


def _concat_of(parts: Sequence[TensorInfo], axis: int) -> Sequence[TensorInfo]:
    first = parts[0]
    axis = normalise_axis(axis, len(first.shape))
    outside = {(*p.shape[:axis], *p.shape[axis + 1 :]) for p in parts}
    if len(outside) != 1 or any(len(p.shape) != len(first.shape) for p in parts):
        raise OperatorError(f"parts differ outside axis {axis}: " + ", ".join(str(list(p.shape)) for p in parts))
    total = sum(p.shape[axis] for p in parts)
    return [TensorInfo((*first.shape[:axis], total, *first.shape[axis + 1 :]), first.dtype)]


def _concat(call: Call) -> Sequence[TensorInfo]:
    call.operand(0)
    return _concat_of(call.present(), call.integer("axis"))


def _qlinear_concat(call: Call) -> Sequence[TensorInfo]:
    # Y_scale, Y_zero_point, then (X, scale, zero point) per part
    parts = [call.operand(index) for index in range(2, len(call.inputs), 3)]
    if not parts:
        raise OperatorError("there is nothing to concatenate")
    return _concat_of(parts, call.integer("axis"))


def split_sizes(call: Call) -> tuple[int, tuple[int, ...]]:
    """Return (axis, extent of each part) of a Split; raises OperatorError."""
    shape = call.shape(0)
    axis = normalise_axis(call.integer("axis", 0), len(shape))
    sizes = call.axes(1, "split")
    count = call.integer("num_outputs", call.outputs)
    if sizes is None:
        if count < 1 or (call.opset < 18 and shape[axis] % count):
            raise OperatorError(f"cannot split {shape[axis]} into {count} equal parts")
        part = -(-shape[axis] // count)
        sizes = (*((part,) * (count - 1)), shape[axis] - part * (count - 1))
    if sum(sizes) != shape[axis] or any(size < 0 for size in sizes) or len(sizes) < call.outputs:
        raise OperatorError(f"parts {list(sizes)} do not add up to the extent {shape[axis]} of axis {axis}")
    return axis, sizes


def _split(call: Call) -> Sequence[TensorInfo]:
    x = call.operand(0)
    axis, sizes = split_sizes(call)
    return [TensorInfo((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype) for size in sizes]


def slice_ranges(call: Call) -> tuple[range, ...]:
    """Return the positions a Slice takes from each axis; raises OperatorError."""
    shape = call.shape(0)
    starts, ends = call.axes(1, "starts"), call.axes(2, "ends")
    if starts is None or ends is None:
        raise OperatorError("starts or ends are missing")
    axes = call.axes(3) or tuple(range(len(starts)))
    steps = call.value_integers(4, "steps") if call.has(4) else (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise OperatorError(
            f"starts {list(starts)}, ends {list(ends)}, axes {list(axes)}, steps {list(steps)} disagree"
        )
    ranges = [range(size) for size in shape]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        axis = normalise_axis(axis, len(shape))
        ranges[axis] = (
            range(shape[axis])[slice(start, end, step)] if step > 0 else _backwards(shape[axis], start, end, step)
        )
    return tuple(ranges)


def _backwards(size: int, start: int, end: int, step: int) -> range:
    # ONNX clamps an end below −size to "before the first element", which Python's slice would wrap.
    low = -1 if end < -size else (end + size if end < 0 else min(end, size - 1))
    high = max(start + size, 0) if start < 0 else min(start, size - 1)
    return range(high, low, step)


def _slice(call: Call) -> Sequence[TensorInfo]:
    return [TensorInfo(tuple(len(r) for r in slice_ranges(call)), call.dtype(0))]


def _gather(call: Call) -> Sequence[TensorInfo]:
    x, indices = call.operand(0), call.shape(1)
    axis = normalise_axis(call.integer("axis", 0), len(x.shape))
    return [TensorInfo((*x.shape[:axis], *indices, *x.shape[axis + 1 :]), x.dtype)]


def _gather_elements(call: Call) -> Sequence[TensorInfo]:
    return [TensorInfo(call.shape(1), call.dtype(0))]


def _gather_nd(call: Call) -> Sequence[TensorInfo]:
    x, indices, batch = call.operand(0), call.shape(1), call.integer("batch_dims", 0)
    if not indices or indices[-1] + batch > len(x.shape):
        raise OperatorError(f"indices {list(indices)} do not fit data {list(x.shape)}")
    return [TensorInfo((*indices[:-1], *x.shape[batch + indices[-1] :]), x.dtype)]


def _scatter(call: Call) -> Sequence[TensorInfo]:
    return [call.operand(0)]


def resolved_pads(call: Call) -> tuple[tuple[int, int], ...]:
    """Return (before, after) per axis of a Pad, negative where it crops; raises OperatorError."""
    rank = len(call.shape(0))
    pads = call.axes(1, "pads")
    axes = call.value_integers(3, "axes") if call.has(3) else tuple(range(rank))
    if pads is None or len(pads) != 2 * len(axes):
        raise OperatorError(f"pads {list(pads or ())} must have two entries for each of {len(axes)} axes")
    result = [(0, 0)] * rank
    for index, axis in enumerate(axes):
        result[normalise_axis(axis, rank)] = (pads[index], pads[index + len(axes)])
    return tuple(result)


def _pad(call: Call) -> Sequence[TensorInfo]:
    x = call.operand(0)
    shape = tuple(n + before + after for n, (before, after) in zip(x.shape, resolved_pads(call), strict=True))
    if any(n < 0 for n in shape):
        raise OperatorError(f"pads crop {list(x.shape)} to {list(shape)}")
    return [TensorInfo(shape, x.dtype)]


def _expand(call: Call) -> Sequence[TensorInfo]:
    wanted = call.value_integers(1, "shape")
    return [TensorInfo(broadcast([call.shape(0), wanted]), call.dtype(0))]


def _tile(call: Call) -> Sequence[TensorInfo]:
    x, repeats = call.operand(0), call.value_integers(1, "repeats")
    if len(repeats) != len(x.shape):
        raise OperatorError(f"repeats {list(repeats)} must have one entry per axis of {list(x.shape)}")
    return [TensorInfo(tuple(n * r for n, r in zip(x.shape, repeats, strict=True)), x.dtype)]


def _block(call: Call) -> tuple[int, Shape]:
    size, shape = call.integer("blocksize"), call.shape(0)
    if size < 1 or len(shape) != 4:
        raise OperatorError(f"needs N×C×H×W and blocksize >= 1, got {list(shape)} and {size}")
    return size, shape


def _depth_to_space(call: Call) -> Sequence[TensorInfo]:
    b, (n, c, h, w) = _block(call)
    if c % (b * b):
        raise OperatorError(f"{c} channels are no multiple of blocksize² = {b * b}")
    return [TensorInfo((n, c // (b * b), h * b, w * b), call.dtype(0))]


def _space_to_depth(call: Call) -> Sequence[TensorInfo]:
    b, (n, c, h, w) = _block(call)
    if h % b or w % b:
        raise OperatorError(f"{h}×{w} is no multiple of blocksize {b}")
    return [TensorInfo((n, c * b * b, h // b, w // b), call.dtype(0))]


def _same(call: Call) -> Sequence[TensorInfo]:
    return [call.operand(0)]


def _one_hot(call: Call) -> Sequence[TensorInfo]:
    indices, depth = call.shape(0), call.value_integers(1, "depth")[0]
    axis = call.integer("axis", -1)
    axis = normalise_axis(axis, len(indices) + 1)
    return [TensorInfo((*indices[:axis], depth, *indices[axis:]), call.dtype(2))]


def _range_length(values: Array) -> int:
    start, limit, delta = (float(v) for v in values)
    if delta == 0:
        raise OperatorError("delta must not be 0")
    return max(int(np.ceil((limit - start) / delta)), 0)


def _range(call: Call) -> Sequence[TensorInfo]:
    bounds = np.array([call.value(i, name).reshape(()) for i, name in enumerate(("start", "limit", "delta"))])
    return [TensorInfo((_range_length(bounds),), call.dtype(0))]


SPECS = (
    OperatorSpec("Transpose", "copy", _transpose),
    OperatorSpec("Concat", "copy", _concat),
    OperatorSpec("QLinearConcat", "copy", _qlinear_concat, domain="com.microsoft"),
    OperatorSpec("Split", "copy", _split),
    OperatorSpec("Slice", "copy", _slice),
    OperatorSpec("Gather", "copy", _gather),
    OperatorSpec("GatherElements", "copy", _gather_elements),
    OperatorSpec("GatherND", "copy", _gather_nd),
    *(OperatorSpec(name, "copy", _scatter) for name in ("Scatter", "ScatterElements", "ScatterND")),
    OperatorSpec("Pad", "copy", _pad),
    OperatorSpec("Expand", "copy", _expand),
    OperatorSpec("Tile", "copy", _tile),
    OperatorSpec("DepthToSpace", "copy", _depth_to_space),
    OperatorSpec("SpaceToDepth", "copy", _space_to_depth),
    OperatorSpec("Trilu", "copy", _same),
    OperatorSpec("OneHot", "copy", _one_hot),
    OperatorSpec("Range", "constant", _range),
)
