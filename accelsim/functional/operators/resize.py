"""Interpolation of rows and columns, as ONNX's Resize defines it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelsim.functional.operators.call import Call, Values

Floats = NDArray[np.float64]
NEAREST, LINEAR, CUBIC = range(3)


def resize(call: Call) -> Values:
    """The tile's rows, then its columns, each a weighted sum of the operand's."""
    result = call.inputs[0]
    for axis in (1, 2):
        taps, weights = _taps(call, axis)
        origin, held = call.origins[call.kernel.inputs[0]][axis], result.shape[axis]
        index = np.clip(taps - origin, 0, held - 1)
        parts = result.take(index.ravel(), axis=axis)
        parts = parts.reshape(*result.shape[:axis], *index.shape, *result.shape[axis + 1 :])
        shape = [1] * parts.ndim
        shape[axis], shape[axis + 1] = weights.shape
        result = (parts * weights.reshape(shape).astype(np.float32)).sum(axis=axis + 1)
    return np.asarray(result, dtype=np.float32)


def _taps(call: Call, axis: int) -> tuple[NDArray[np.int64], Floats]:
    """Input positions and weights of the tile's positions along an axis, shape (positions, taps)."""
    size, target = call.numbers("size", (1, 1))[axis - 1], call.numbers("target", (1, 1))[axis - 1]
    scale = call.reals("scales")[axis - 1]
    out = np.arange(call.tile.start[axis], call.tile.start[axis] + call.tile.shape[axis], dtype=np.float64)
    place = _coordinates(out, int(call.number("coordinates", 0)), scale, size, target)
    mode = int(call.number("mode", 0))
    if mode == NEAREST:
        taps = _rounded(place, int(call.number("rounding", 0)))[:, None]
        return np.clip(taps, 0, size - 1).astype(np.int64), np.ones((len(out), 1))
    if mode == LINEAR:
        place = np.clip(place, 0, size - 1)
        low = np.floor(place)
        share = place - low
        taps = np.stack([low, low + 1], axis=1)
        return np.clip(taps, 0, size - 1).astype(np.int64), np.stack([1 - share, share], axis=1)
    low = np.floor(place)
    taps = low[:, None] + np.arange(-1, 3)
    weights = _cubic(np.abs(place[:, None] - taps), call.number("cubic_coeff_a", -0.75))
    return np.clip(taps, 0, size - 1).astype(np.int64), weights


def _coordinates(out: Floats, mode: int, scale: float, size: int, target: int) -> Floats:
    if mode == 1 and target == 1:
        return np.zeros_like(out)
    if mode == 2:
        return out * ((size - 1) / (target - 1)) if target > 1 else np.zeros_like(out)
    if mode == 3:
        return out / scale
    if mode == 4:
        shift = size / 2 * (1 - target / (scale * size))
        return shift + (out + 0.5) / scale - 0.5
    return (out + 0.5) / scale - 0.5


def _rounded(place: Floats, rule: int) -> Floats:
    if rule == 0:
        return np.ceil(place - 0.5)
    if rule == 1:
        return np.floor(place + 0.5)
    return np.asarray(np.floor(place) if rule == 2 else np.ceil(place))


def _cubic(distance: Floats, a: float) -> Floats:
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
