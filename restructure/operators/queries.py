"""Questions about a node of a graph: what its operator does there, with everything resolved.

Whoever lowers, cuts or rewrites a node asks here and never parses an attribute.
"""

from typing import Protocol, TypeVar

from restructure.operators import convolution, matmul, movement, normalization, pooling, reduction, resize
from restructure.operators.records import Call, Shape
from restructure.operators.resize import ResizeGeometry
from restructure.operators.windows import ConvGeometry, PoolGeometry

__all__ = [
    "conv_geometry",
    "matmul_dims",
    "pads",
    "permutation",
    "pool_geometry",
    "reduce_axes",
    "resize_geometry",
    "slices",
    "softmax_axes_of",
    "splits",
]

NodeT = TypeVar("NodeT", contravariant=True)


class _Callable(Protocol[NodeT]):
    """What the geometry functions need of a graph: the call behind a node."""

    def call(self, node: NodeT, /) -> Call: ...


def conv_geometry(node: NodeT, graph: _Callable[NodeT]) -> ConvGeometry:
    """Return the resolved geometry of a Conv, ConvTranspose, FusedConv, QLinearConv or ConvInteger node."""
    return convolution.conv_geometry_of(graph.call(node))


def pool_geometry(node: NodeT, graph: _Callable[NodeT]) -> PoolGeometry:
    """Return the resolved geometry of a pooling node, global ones included."""
    return pooling.pool_geometry_of(graph.call(node))


def resize_geometry(node: NodeT, graph: _Callable[NodeT]) -> ResizeGeometry:
    """Return resolved scales and sizes of a Resize or Upsample node."""
    return resize.resize_geometry_of(graph.call(node))


def matmul_dims(node: NodeT, graph: _Callable[NodeT]) -> tuple[Shape, int, int, int]:
    """Return (batch dimensions, M, K, N) of a MatMul, Gemm, QLinearMatMul or MatMulInteger node."""
    return matmul.matmul_dims(graph.call(node))


def reduce_axes(node: NodeT, graph: _Callable[NodeT]) -> tuple[int, ...]:
    """Return the axes a Reduce* node reduces, ascending, counted from the front."""
    return reduction.reduced_axes(graph.call(node))


def softmax_axes_of(node: NodeT, graph: _Callable[NodeT]) -> tuple[int, ...]:
    """Return the axes a Softmax, LogSoftmax or Hardmax node normalises over."""
    return normalization.softmax_axes(graph.call(node))


def slices(node: NodeT, graph: _Callable[NodeT]) -> tuple[range, ...]:
    """Return the positions a Slice node takes from each axis."""
    return movement.slice_ranges(graph.call(node))


def splits(node: NodeT, graph: _Callable[NodeT]) -> tuple[int, tuple[int, ...]]:
    """Return (axis, extents of the parts) of a Split node."""
    return movement.split_sizes(graph.call(node))


def pads(node: NodeT, graph: _Callable[NodeT]) -> tuple[tuple[int, int], ...]:
    """Return (before, after) per axis of a Pad node, negative where it crops."""
    return movement.resolved_pads(graph.call(node))


def permutation(node: NodeT, graph: _Callable[NodeT]) -> tuple[int, ...]:
    """Return the permutation of a Transpose node."""
    return movement.transpose_permutation(graph.call(node))
