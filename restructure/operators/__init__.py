"""The one table of operators: shapes, MACs, windows, view or copy, element-wise or not, in place or not.

>>> from restructure import operators
>>> operators.spec("Relu").elementwise
True
"""

from typing import Protocol, TypeVar

from restructure.operators.convolution import conv_geometry_of
from restructure.operators.matmul import matmul_dims as _matmul_dims
from restructure.operators.movement import resolved_pads, slice_ranges, split_sizes, transpose_permutation
from restructure.operators.normalization import softmax_axes
from restructure.operators.pooling import pool_geometry_of
from restructure.operators.records import Array, Call, Category, OperatorSpec, Shape, TensorInfo
from restructure.operators.reduction import reduced_axes
from restructure.operators.resize import ResizeGeometry, resize_geometry_of
from restructure.operators.table import CONTROL_FLOW, TABLE, canonical_domain, find, spec
from restructure.operators.windows import ConvGeometry, PoolGeometry, Window

__all__ = [
    "CONTROL_FLOW",
    "TABLE",
    "Array",
    "Call",
    "Category",
    "ConvGeometry",
    "OperatorSpec",
    "PoolGeometry",
    "ResizeGeometry",
    "Shape",
    "TensorInfo",
    "Window",
    "canonical_domain",
    "conv_geometry",
    "find",
    "matmul_dims",
    "pads",
    "permutation",
    "pool_geometry",
    "reduce_axes",
    "resize_geometry",
    "slice_ranges",
    "slices",
    "softmax_axes_of",
    "spec",
    "splits",
    "transpose_permutation",
]

NodeT = TypeVar("NodeT", contravariant=True)


class _Callable(Protocol[NodeT]):
    """What the geometry functions need of a graph: the call behind a node."""

    def call(self, node: NodeT, /) -> Call: ...


def conv_geometry(node: NodeT, graph: _Callable[NodeT]) -> ConvGeometry:
    """Return the resolved geometry of a Conv, ConvTranspose, FusedConv, QLinearConv or ConvInteger node."""
    return conv_geometry_of(graph.call(node))


def pool_geometry(node: NodeT, graph: _Callable[NodeT]) -> PoolGeometry:
    """Return the resolved geometry of a pooling node, global ones included."""
    return pool_geometry_of(graph.call(node))


def resize_geometry(node: NodeT, graph: _Callable[NodeT]) -> ResizeGeometry:
    """Return resolved scales and sizes of a Resize or Upsample node."""
    return resize_geometry_of(graph.call(node))


def matmul_dims(node: NodeT, graph: _Callable[NodeT]) -> tuple[Shape, int, int, int]:
    """Return (batch dimensions, M, K, N) of a MatMul, Gemm, QLinearMatMul or MatMulInteger node."""
    return _matmul_dims(graph.call(node))


def reduce_axes(node: NodeT, graph: _Callable[NodeT]) -> tuple[int, ...]:
    """Return the axes a Reduce* node reduces, ascending, counted from the front."""
    return reduced_axes(graph.call(node))


def softmax_axes_of(node: NodeT, graph: _Callable[NodeT]) -> tuple[int, ...]:
    """Return the axes a Softmax, LogSoftmax or Hardmax node normalises over."""
    return softmax_axes(graph.call(node))


def slices(node: NodeT, graph: _Callable[NodeT]) -> tuple[range, ...]:
    """Return the positions a Slice node takes from each axis."""
    return slice_ranges(graph.call(node))


def splits(node: NodeT, graph: _Callable[NodeT]) -> tuple[int, tuple[int, ...]]:
    """Return (axis, extents of the parts) of a Split node."""
    return split_sizes(graph.call(node))


def pads(node: NodeT, graph: _Callable[NodeT]) -> tuple[tuple[int, int], ...]:
    """Return (before, after) per axis of a Pad node, negative where it crops."""
    return resolved_pads(graph.call(node))


def permutation(node: NodeT, graph: _Callable[NodeT]) -> tuple[int, ...]:
    """Return the permutation of a Transpose node."""
    return transpose_permutation(graph.call(node))
