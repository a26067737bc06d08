"""Quantised values: what a QuantizeLinear does to a number, and which scale a value is kept with.

A quantised activation takes the bytes of its integer type and is computed with as the real number it stands for, after
the exact rounding of ONNX (half to even, saturated). So a QuantizeLinear is one element-wise step, `FakeQuantize`, and
the DequantizeLinear behind it nothing at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from accelsim.errors import ModelUnsupportedError
from accelsim.workload.records import FloatArray
from restructure.graph import Graph, Node

Attributes = tuple[tuple[str, float], ...]

_LIMITS: dict[str, tuple[int, int]] = {
    "int4": (-8, 7),
    "uint4": (0, 15),
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-32768, 32767),
    "uint16": (0, 65535),
    "int32": (-(2**31), 2**31 - 1),
}


def scale_and_zero(graph: Graph, node: Node, scale: int, zero: int) -> tuple[float, int]:
    """One scale and zero point from operands `scale` and `zero` (0 if absent).

    Raises:
        ModelUnsupportedError: they are not constant, or there is one per channel.
    """
    values = graph.constant(node.inputs[scale])
    if values is None or values.size != 1:
        raise ModelUnsupportedError(
            f"node {node.name!r}: an activation with several or computed scales cannot be simulated; use one constant"
        )
    offsets = graph.constant(node.inputs[zero]) if len(node.inputs) > zero and node.inputs[zero] else None
    return float(values.reshape(-1)[0]), 0 if offsets is None else int(offsets.reshape(-1)[0])


def step_attributes(scale: float, zero: int, dtype: str, *, truncates: bool = False) -> Attributes:
    """The numbers of a step into an integer type; one that `truncates` rounds towards 0, not half to even."""
    low, high = _LIMITS[dtype]
    numbers = (("scale", scale), ("zero", float(zero)), ("low", float(low)), ("high", float(high)))
    return (*numbers, ("truncates", 1.0)) if truncates else numbers


def is_integer(dtype: str) -> bool:
    """Whether a type is one that values are quantised to."""
    return dtype in _LIMITS


def dequantised(graph: Graph, name: str, scale: str, zero: str, axis: int) -> FloatArray:
    """A constant's real values; scales and zero points (names, or empty) lie along `axis` where there are several.

    Raises:
        ModelUnsupportedError: a scale is infinite or no number.
    """
    array: FloatArray = np.asarray(graph.weight(name)).astype(np.float32)
    if zero:
        array = array - _along(np.asarray(graph.weight(zero)).astype(np.float32), axis, array.ndim)
    if not scale:
        return array
    steps = np.asarray(graph.weight(scale)).astype(np.float32)
    if not np.isfinite(steps).all():
        raise ModelUnsupportedError(
            f"{scale}: the scale of {name!r} must be finite, got {steps[~np.isfinite(steps)].flat[0]}: "
            "there is no result to compare; give it a scale"
        )
    return array * _along(steps, axis, array.ndim)


def _along(values: FloatArray, axis: int, rank: int) -> FloatArray:
    """A vector laid along an axis, or a number."""
    if values.size == 1:
        return values.reshape(())
    shape: Sequence[int] = [values.size if a == axis else 1 for a in range(rank)]
    return values.reshape(shape)
