"""Constants as four-axis arrays, and the bytes an element of the model's own types takes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from accelsim.workload.layouts import Layout, physical_shape
from accelsim.workload.records import FloatArray
from restructure.graph import Graph

#: Types a model fixes. float32 and float64 are what exporters write whatever runs in the end: the hardware decides.
_FIXED = {
    "bool": 1,
    "int4": 1,
    "uint4": 1,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "float16": 2,
    "bfloat16": 2,
    "int32": 4,
    "uint32": 4,
    "int64": 8,
    "uint64": 8,
}


def element_size(dtype: str) -> int:
    """Bytes per element that a model's type fixes; 0 where the hardware's precision decides."""
    return _FIXED.get(dtype, 0)


def constant_array(
    graph: Graph, name: str, shape: tuple[int, ...], layout: Layout, spread: tuple[int, ...] | None = None
) -> Callable[[], FloatArray]:
    """The values of a constant, seen as `shape` (and spread over a larger one), in a layout; made when asked for."""

    def value() -> FloatArray:
        array = np.asarray(graph.weight(name)).astype(np.float32).reshape(shape)
        return laid_out(array if spread is None else np.broadcast_to(array, spread), layout)

    return value


def laid_out(array: FloatArray, layout: Layout) -> FloatArray:
    """A model's array as its four physical axes."""
    order = [axis for group in layout for axis in group]
    rest = [axis for axis in range(array.ndim) if axis not in order]
    return array.transpose(order + rest).reshape(physical_shape(array.shape, layout))
