"""Along which axis of every tensor rows, or columns, lie.

Rows are positions of axis 2 and columns of axis 3 where nothing has moved them: Transposes move them (to channels last,
say), Reshapes may pass them on alone, split them or merge others into them, a matrix product keeps those of its left
operand. Where they end, as in a Reshape to a vector, what follows has rows along axis 2 again, if it has such an axis.
"""

from collections.abc import Mapping
from math import prod
from weakref import WeakKeyDictionary

from restructure import operators
from restructure.graph import Graph, Node
from restructure.operators import Shape

__all__ = ["COLUMN_AXIS", "ROW_AXIS", "axes_of", "extent", "passed_on"]

ROW_AXIS, COLUMN_AXIS = 2, 3

_NOWHERE = 1 << 30
"""More axes than any tensor has: there is one column, all of it."""
_KEEPING = frozenset({"Concat", "Split", "Slice", "Pad", "Softmax", "LogSoftmax", "LayerNormalization"})
"""Operators on operands of the result's rank that leave every axis where it is."""

_KNOWN: "WeakKeyDictionary[Graph, dict[tuple[int, bool], Mapping[str, int]]]" = WeakKeyDictionary()


def extent(shape: Shape, axis: int) -> int:
    """Return a tensor's extent along an axis, or 1 where it has none."""
    return shape[axis] if len(shape) > axis else 1


def axes_of(graph: Graph, axis: int, moving: bool = True) -> Mapping[str, int]:
    """Return tensor → axis along which its rows (`axis` is 2) or its columns (3) lie, for all activations.

    No tensor has both along one axis: then it has rows, and a single column.

    Args:
        moving: whether Transposes and Reshapes move them; else all lie along `axis`.
    """
    known = _KNOWN.setdefault(graph, {})
    if (axis, moving) not in known:
        found = _walk(graph, axis) if moving else dict.fromkeys(graph.tensors, axis)
        if moving and axis == COLUMN_AXIS:
            rows = axes_of(graph, ROW_AXIS)
            found = {name: _NOWHERE if own == rows[name] else own for name, own in found.items()}
        known[axis, moving] = found
    return known[axis, moving]


def _walk(graph: Graph, start: int) -> dict[str, int]:
    axes = dict.fromkeys(graph.inputs, start)
    for node in graph.nodes:
        operands = {name: axes[name] for name in node.inputs if name in axes}
        found = passed_on(graph, node, operands) if operands else None
        axes.update(dict.fromkeys([name for name in node.outputs if name], start if found is None else found))
    return axes


def passed_on(graph: Graph, node: Node, operands: Mapping[str, int]) -> int | None:
    """Return the axis of a node's results that rows of its operands come to lie along; None if they end here."""
    spec, shape = graph.spec(node), graph.tensors[next(name for name in node.outputs if name)].shape
    if spec.elementwise:
        return _broadcast(graph, shape, operands)
    name, own = next(iter(operands.items()))
    operand = graph.tensors[name].shape
    if node.op_type in _KEEPING:
        return own
    if name != node.inputs[0] or own >= len(operand):
        return None
    if node.op_type == "Transpose":
        return operators.permutation(node, graph).index(own)
    if spec.is_view:
        return _regrouped(operand, shape, own)
    if node.op_type == "MatMul":
        return own + len(shape) - len(operand) if own < len(operand) - 1 and len(shape) >= len(operand) else None
    if node.op_type == "Gather":
        gathered = graph.call(node).integer("axis", 0) % len(operand)
        return None if own == gathered else own + (own > gathered) * (len(shape) - len(operand))
    if spec.category == "reduce" and node.op_type.startswith("Reduce"):
        axes = operators.reduce_axes(node, graph)
        kept = graph.call(node).integer("keepdims", 1)
        return None if own in axes else own - (0 if kept else sum(axis < own for axis in axes))
    return None


def _broadcast(graph: Graph, shape: Shape, operands: Mapping[str, int]) -> int | None:
    """Return the axis that the first operand with several rows gives; else any operand of the result's rank."""
    fallback = None
    for name, own in operands.items():
        operand = graph.tensors[name].shape
        if len(operand) == len(shape):
            if extent(operand, own) > 1:
                return own
            fallback = own if fallback is None else fallback
    return fallback


def _regrouped(before: Shape, after: Shape, axis: int) -> int | None:
    """Return the axis along which the positions of `axis` lie after a Reshape, in order and whole; None if nowhere.

    One position may become several, or several become one, as long as no axis further out has a share in it.
    """
    outer, count = prod(before[:axis]), before[axis]
    for other, size in enumerate(after):
        if size > 1 and prod(after[:other]) == outer:
            return other if count and max(size, count) % min(size, count) == 0 else None
    return None
