"""Sums that may be taken part by part: averages over space, and products over input channels.

Adding up in another order changes last bits of real numbers, so nobody does it unasked. Integers stay exact.
"""

from dataclasses import dataclass
from math import prod
from typing import Literal

from restructure import operators
from restructure.graph import Graph, Node

__all__ = ["MOST_TERMS", "Sum", "sum_of"]

MOST_TERMS = 2**17
"""Of an average: with more the check on integers could not tell the right sum from its neighbour."""
_SMALLEST_POOL = 7
"""Smaller pools are checked at another scale than a division is."""
_WIDE = frozenset({"float32", "float64"})
_OLDEST_OPSET, _OPTIONAL_BIAS_OPSET = 7, 11


@dataclass(frozen=True, slots=True)
class Sum:
    """A node whose result is a sum.

    Attributes:
        kind: *mean* over `axes` (a ReduceSum of each part, and at the end a division by `terms`), *sum* over them
            (the same without a division), or *product*: a convolution or matrix product over all input channels.
        axes: those summed over; of a product, the axis of its weight that belongs to the input channels.
        keepdims: whether summed axes stay, with extent 1.
        reason: why it cannot be taken part by part; empty if it can.
    """

    kind: Literal["mean", "sum", "product"]
    axes: tuple[int, ...] = ()
    terms: int = 1
    keepdims: bool = True
    reason: str = ""


def sum_of(graph: Graph, node: Node) -> Sum:
    """Return what a node sums over, or the reason why its sum cannot be taken apart."""
    if graph.opsets.get("", 1) < _OLDEST_OPSET:
        return Sum("sum", reason=f"the model's operator set is older than {_OLDEST_OPSET}")
    activations = [i for i, name in enumerate(node.inputs) if name and not graph.is_constant(name)]
    if activations != [0] or node.domain:
        return Sum("sum", reason="its operands are not one activation and weights")
    if graph.tensors[node.outputs[0]].dtype not in _WIDE:
        # Sums of halves may leave their range, or their precision, on the way.
        return Sum("sum", reason=f"its sums would be held as {graph.tensors[node.outputs[0]].dtype}")
    if node.op_type in ("ReduceMean", "ReduceSum"):
        keep = bool(graph.call(node).integer("keepdims", 1))
        return _over_space(graph, node, operators.reduce_axes(node, graph), node.op_type == "ReduceMean", keep)
    if node.op_type in ("GlobalAveragePool", "AveragePool"):
        return _pool(graph, node)
    if node.op_type in ("Conv", "Gemm", "MatMul"):
        return _product(graph, node)
    return Sum("sum", reason=f"{node.op_type} is no sum that can be taken apart")


def _pool(graph: Graph, node: Node) -> Sum:
    g = operators.pool_geometry(node, graph)
    axes = tuple(range(2, 2 + len(g.kernel)))
    if g.is_global:
        return _over_space(graph, node, axes, True, True)
    if g.kernel != g.in_spatial or any(g.pads) or prod(g.out_spatial) > 1:
        return Sum("mean", reason="it does not average the whole map")
    if min(g.kernel) < _SMALLEST_POOL:
        return Sum("mean", reason=f"it averages fewer than {_SMALLEST_POOL} × {_SMALLEST_POOL} positions")
    return _over_space(graph, node, axes, True, True)


def _over_space(graph: Graph, node: Node, axes: tuple[int, ...], mean: bool, keepdims: bool) -> Sum:
    shape = graph.tensors[node.inputs[0]].shape
    terms = prod(shape[axis] for axis in axes)
    if not axes or min(axes) < 2:
        return Sum("mean", reason="it does not sum over space alone")
    if terms > MOST_TERMS:
        return Sum("mean", reason=f"it averages {terms:,} numbers, more than the {MOST_TERMS:,} that can be checked")
    return Sum("mean" if mean else "sum", axes, terms, keepdims)


def _product(graph: Graph, node: Node) -> Sum:
    if node.op_type == "Conv":
        if operators.conv_geometry(node, graph).groups > 1:
            return Sum("product", reason="its groups read different channels")
        return Sum("product", (1,))
    rank = len(graph.tensors[node.inputs[0]].shape)
    call = graph.call(node)
    if rank != 2 or (node.op_type == "Gemm" and call.integer("transA", 0)):
        return Sum("product", reason="its channels are not the second axis")
    bias = len(node.inputs) > 2 and bool(node.inputs[2])
    if node.op_type == "Gemm" and bias and graph.opsets.get("", 1) < _OPTIONAL_BIAS_OPSET:
        return Sum("product", reason=f"before operator set {_OPTIONAL_BIAS_OPSET} every part would add its bias")
    return Sum("product", (1 if node.op_type == "Gemm" and call.integer("transB", 0) else 0,))
