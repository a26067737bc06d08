"""Which nodes are views under the placed layout, and which cells their results, or some rows of them, span."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from restructure import operators
from restructure.graph import Graph, Node
from restructure.operators import Shape
from restructure.profile.cells import CELL_AXES, Ids, inner_elements, joined, reshaped, sliced

__all__ = ["View", "cells_of", "view_of"]

_ROW = CELL_AXES - 1


@dataclass(frozen=True, slots=True)
class View:
    """How a node's results lie in its operands.

    Attributes:
        before: shape of the first operand; `after`: of the first result.
        axis: of a Concat.
        taken: per result the positions a Slice or Split takes of each axis.
    """

    kind: Literal["shape", "taken", "joined"]
    before: Shape
    after: Shape = ()
    axis: int = 1
    taken: tuple[tuple[range, ...], ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether a result spans, row by row, what its operands span; or has a single row and spans all of one."""
        if self.kind == "joined":
            return self.axis == 1
        if self.kind == "taken" or (len(self.after) > _ROW and self.after[_ROW] != 1):
            return False
        old, new = inner_elements(self.before), inner_elements(self.after)
        return new > 0 and old % new == 0


def view_of(graph: Graph, node: Node) -> View | None:
    """Return how a node is a view, or None if it is not."""
    if not node.inputs or graph.is_constant(node.inputs[0]):
        return None
    before, after = graph.tensors[node.inputs[0]].shape, graph.tensors[node.outputs[0]].shape
    if graph.spec(node).is_view:
        return View("shape", before, after)
    if node.op_type == "Slice":
        return View("taken", before, after, taken=(operators.slices(node, graph),))
    if node.op_type == "Split":
        axis, sizes = operators.splits(node, graph)
        return View("taken", before, after, taken=tuple(_parts(before, axis, sizes[: len(node.outputs)])))
    if node.op_type == "Concat" and not any(graph.is_constant(name) for name in node.inputs):
        return View("joined", before, after, axis=graph.call(node).integer("axis") % len(before))
    return None


def _parts(shape: Shape, axis: int, sizes: Sequence[int]) -> list[tuple[range, ...]]:
    whole, first, parts = [range(n) for n in shape], 0, []
    for size in sizes:
        parts.append((*whole[:axis], range(first, first + size), *whole[axis + 1 :]))
        first += size
    return parts


def cells_of(view: View, operands: Sequence[Ids]) -> list[Ids] | None:
    """Return the cells of a view's results, given those of the rows its operands have; None if it must be a copy."""
    first = operands[0]
    if view.kind == "joined":
        return [joined(operands, view.axis)]
    found = []
    if view.kind == "shape":
        found = [reshaped(first, view.before, view.after)]
    for taken in view.taken:
        rows = first.shape[_ROW]
        step = taken[_ROW].step if len(taken) > _ROW else 1
        whole = len(taken) <= _ROW or rows == view.before[_ROW]
        part = taken if whole else (*taken[:_ROW], range(0, rows, step), *taken[_ROW + 1 :])
        found.append(sliced(first, part, view.before))
    views = [ids for ids in found if ids is not None]
    return views if len(views) == len(found) else None
