"""Which operators keep integers integers, and what stands behind the others in the integer-valued twin.

Behind an operator that adds or multiplies (*exact*) its results are brought back to −15..15 by subtracting a multiple
of 31. All of it is exact in float32: sums stay below 2²², and x/31 + ½ is never an integer, by a margin of 1/62 that no
rounding of x·(1/31) reaches. So it is a true residue: sums of residues have the residue of the sum.

Behind an operator that leaves the integers (*rounded*: Sigmoid, Div, averages, …) results are multiplied, rounded to
integers and then reduced. An average is multiplied by a number that every possible divisor of its kernel divides, so
that rounding gives back the exact sum, whatever way the average was computed; so is a division by a whole number, which
may be the end of an average whose sum was taken part by part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm, nan, prod

from restructure import operators
from restructure.graph import Graph, Node
from restructure.verify.roles import FLOATS

__all__ = ["Reduction", "reduction_of"]

_INTEGER = frozenset({
    "Abs", "ArgMax", "ArgMin", "Cast", "Ceil", "Concat", "DepthToSpace", "Dropout", "Equal", "Expand", "Flatten",
    "Floor", "Gather", "GatherElements", "GatherND", "GlobalMaxPool", "Greater", "GreaterOrEqual", "Hardmax",
    "Identity", "Less", "LessOrEqual", "Max", "MaxPool", "Min", "Neg", "Not", "OneHot", "Pad", "Range", "ReduceMax",
    "ReduceMin", "Relu", "Reshape", "Round", "Scatter", "ScatterElements", "ScatterND", "Sign", "Slice",
    "SpaceToDepth", "Split", "Squeeze", "ThresholdedRelu", "Tile", "TopK", "Transpose", "Trilu", "Unsqueeze",
    "Where",
})  # fmt: skip
_EXACT = frozenset({
    "Add", "BatchNormalization", "Conv", "ConvTranspose", "CumSum", "Einsum", "Gemm", "MatMul", "Mul", "PRelu",
    "ReduceL1", "ReduceSum", "ReduceSumSquare", "Sub", "Sum",
})  # fmt: skip
_BOUNDLESS = 1e30
_STEPS = 64
"""Rounded operators keep six binary places."""
_LARGEST_DIVISOR = 2**17
"""An average times this is still closer to the right integer than to the next, rounded twice in float32."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """What follows an operator: multiply by `scale` and round (not if `scale` is None), then reduce modulo 31."""

    scale: int | None = None


def reduction_of(graph: Graph, node: Node) -> Reduction | None:
    """Return what must follow `node`, or None if its results are integers as small as its operands."""
    if graph.tensors[next(name for name in node.outputs if name)].dtype not in FLOATS:
        return None
    if node.op_type in _EXACT and all(float(node.attributes.get(key, 1)).is_integer() for key in ("alpha", "beta")):
        return Reduction()
    if node.op_type in _INTEGER or _keeps_integers(graph, node):
        return None
    return Reduction(_scale(graph, node))


def _keeps_integers(graph: Graph, node: Node) -> bool:
    if node.op_type == "Clip":
        return all(bound.is_integer() or abs(bound) > _BOUNDLESS for bound in _clip_bounds(graph, node))
    if node.op_type in ("Resize", "Upsample"):
        return operators.resize_geometry(node, graph).mode == "nearest"
    return False


def _clip_bounds(graph: Graph, node: Node) -> list[float]:
    operands = [graph.constant(name) for name in node.inputs[1:] if name]
    bounds = [nan if operand is None else float(operand.reshape(())) for operand in operands]
    return bounds + [float(node.attributes.get(key, 0)) for key in ("min", "max")]


def _scale(graph: Graph, node: Node) -> int:
    if node.op_type == "GlobalAveragePool":
        return _bounded(operators.pool_geometry(node, graph).kernel)
    if node.op_type == "AveragePool":
        return _common_multiple(operators.pool_geometry(node, graph).kernel)
    if node.op_type == "ReduceMean":
        shape = graph.tensors[node.inputs[0]].shape
        return _bounded([shape[axis] for axis in operators.reduce_axes(node, graph)])
    if node.op_type == "Div" and (divisor := _divisor(graph, node)) is not None:
        return divisor
    return _STEPS


def _divisor(graph: Graph, node: Node) -> int | None:
    """Return the whole number that a Div divides everything by, if it is one."""
    operand = graph.constant(node.inputs[1])
    if operand is None or operand.size != 1:
        return None
    number = abs(float(operand.reshape(())))
    return int(number) if number.is_integer() and 0 < number <= _LARGEST_DIVISOR else None


def _common_multiple(kernel: Sequence[int]) -> int:
    """Return a multiple of every number of positions that a window may share with its input.

    It depends on the kernel alone: parts of a pool have other pads than the whole.
    """
    multiple = prod(lcm(*range(1, size + 1)) for size in kernel)
    return multiple if multiple <= _LARGEST_DIVISOR else _bounded(kernel)


def _bounded(sizes: Sequence[int]) -> int:
    return prod(sizes) if prod(sizes) <= _LARGEST_DIVISOR else _STEPS
