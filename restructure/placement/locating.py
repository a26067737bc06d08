"""Which boxes of which results a tensor is, through any number of views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from restructure.graph import Graph, Node
from restructure.operators import Shape
from restructure.placement.items import padded
from restructure.profile.views import View, view_of

__all__ = ["Box", "locate"]


@dataclass(frozen=True, slots=True)
class Box:
    """A box of a tensor that is a strided box of a result.

    Attributes:
        source: the result.
        start, shape: of the box, in the tensor's coordinates (padded to four axes).
        first: the result's coordinates of its first element.
        step: of the result's coordinates, per axis; may be negative.
    """

    source: str
    start: Shape
    shape: Shape
    first: Shape
    step: Shape


def whole(name: str, shape: Shape) -> Box:
    sizes = padded(shape)
    nothing = (0,) * len(sizes)
    return Box(name, nothing, sizes, nothing, (1,) * len(sizes))


def locate(graph: Graph, stored: Sequence[str], in_place: Mapping[int, str]) -> dict[str, tuple[Box, ...] | None]:
    """Return the boxes of every tensor; None for views of another element order, and for views of those.

    Args:
        stored: network inputs and results that lie in memory of their own.
        in_place: node → operand whose memory its first result takes over.
    """
    own = set(stored)
    found: dict[str, tuple[Box, ...] | None] = {
        name: (whole(name, graph.tensors[name].shape),) for name in graph.inputs if name in own
    }
    for node in graph.nodes:
        if node.index in in_place:
            found[node.outputs[0]] = found[in_place[node.index]]
        for name in node.outputs:
            if name in own:
                found[name] = (whole(name, graph.tensors[name].shape),)
        if node.outputs[0] not in found:
            found.update(zip(node.outputs, _views(graph, node, found), strict=False))
    return found


def _views(graph: Graph, node: Node, found: Mapping[str, tuple[Box, ...] | None]) -> list[tuple[Box, ...] | None]:
    view = view_of(graph, node)
    operands = [found.get(name) for name in node.inputs]
    if view is None or view.kind == "shape" or operands[0] is None:
        return [None] * len(node.outputs)
    if view.kind == "joined":
        return [_joined(graph, node, view, operands)]
    return [tuple(cut for box in operands[0] if (cut := _taken(box, taken)) is not None) for taken in view.taken]


def _joined(graph: Graph, node: Node, view: View, operands: Sequence[tuple[Box, ...] | None]) -> tuple[Box, ...] | None:
    boxes: list[Box] = []
    at = 0
    for name, known in zip(node.inputs, operands, strict=True):
        if known is None:
            return None
        for box in known:
            start = tuple(n + at * (axis == view.axis) for axis, n in enumerate(box.start))
            boxes.append(replace(box, start=start))
        at += graph.tensors[name].shape[view.axis]
    return tuple(boxes)


def _taken(box: Box, taken: Sequence[range]) -> Box | None:
    """Return what a Slice leaves of a box, in the Slice's coordinates."""
    start, shape, first, step = list(box.start), list(box.shape), list(box.first), list(box.step)
    for axis, positions in enumerate(taken):
        inside = [i for i, at in enumerate(positions) if box.start[axis] <= at < box.start[axis] + box.shape[axis]]
        if not inside:
            return None
        start[axis], shape[axis] = inside[0], len(inside)
        first[axis] = box.first[axis] + (positions[inside[0]] - box.start[axis]) * box.step[axis]
        step[axis] = box.step[axis] * positions.step
    return Box(box.source, tuple(start), tuple(shape), tuple(first), tuple(step))
