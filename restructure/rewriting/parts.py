"""One node, restricted to a part of its result: which attributes and constant operands change, and how."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from restructure import operators
from restructure.fields import ROW_AXIS, Padded, RowMap, Shifted, Transposed, Windowed
from restructure.graph import Graph, Node

__all__ = ["Changes", "Stretch", "changes_of"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part along one axis: result positions start..stop−1, from positions low..high−1 of the operand.

    Attributes:
        axis: of the operand; `of_result`: of the result.
        field: receptive field of the operand along the axis.
    """

    axis: int
    of_result: int
    field: RowMap
    start: int
    stop: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs from the original node.

    Attributes:
        attributes: name → new value (None removes it).
        integers: operand position → new constant list (None leaves it out).
    """

    attributes: Mapping[str, Any] = field(default_factory=dict)
    integers: Mapping[int, tuple[int, ...] | None] = field(default_factory=dict)


def changes_of(graph: Graph, node: Node, part: Sequence[Stretch]) -> Changes:
    """Return what a part of a node needs changed; axes that are not cut are not named."""
    rule = _RULES.get(node.op_type) or _RULES.get(graph.spec(node).category)
    return rule(graph, node, part) if rule is not None and part else Changes()


def _windowed(graph: Graph, node: Node, part: Sequence[Stretch]) -> Changes:
    pooling = graph.spec(node).category == "pool"
    g = operators.pool_geometry(node, graph) if pooling else operators.conv_geometry(node, graph)
    pads, sides = list(g.pads), len(g.kernel)
    if node.attributes.get("ceil_mode"):
        # Rounding up is padding at the end; said outright, it stays with the part that it belongs to.
        for side in range(sides):
            reached = g.input_range(side, 0, g.out_spatial[side])[1]
            pads[side + sides] = max(reached - g.in_spatial[side], 0)
    for cut in part:
        if isinstance(cut.field, Windowed):
            side = cut.axis - ROW_AXIS
            pads[side], pads[side + sides] = cut.field.pads(cut.start, cut.stop)
    return Changes({"pads": tuple(pads), "auto_pad": None, "ceil_mode": None})


def _transposed(graph: Graph, node: Node, part: Sequence[Stretch]) -> Changes:
    g = operators.conv_geometry(node, graph)
    pads, sides = list(g.pads), len(g.kernel)
    extra = list(node.attributes.get("output_padding") or ())
    for cut in part:
        if isinstance(cut.field, Transposed):
            side = cut.axis - ROW_AXIS
            pads[side], pads[side + sides] = cut.field.crops(cut.start, cut.stop)
            extra[side : side + 1] = [0] * len(extra[side : side + 1])
    changed: dict[str, Any] = {"pads": tuple(pads), "auto_pad": None, "output_shape": None}
    return Changes(changed | ({"output_padding": tuple(extra)} if extra else {}))


def _slice(graph: Graph, node: Node, part: Sequence[Stretch]) -> Changes:
    taken = list(operators.slices(node, graph))
    for cut in part:
        if isinstance(cut.field, Shifted):
            taken[cut.axis] = range(0, cut.high - cut.low, cut.field.step)
    axes = tuple(range(len(taken)))
    starts = tuple(r.start for r in taken)
    # A range that runs backwards past the first element ends at −1, which ONNX would count from the back.
    ends = tuple(r.stop if r.stop >= 0 else -(2**31) for r in taken)
    if "starts" in node.attributes:
        return Changes({"starts": starts, "ends": ends, "axes": axes})
    return Changes({}, {1: starts, 2: ends, 3: axes, 4: tuple(r.step for r in taken)})


def _pad(graph: Graph, node: Node, part: Sequence[Stretch]) -> Changes:
    pads = list(operators.pads(node, graph))
    for cut in part:
        if isinstance(cut.field, Padded):
            pads[cut.axis] = cut.field.pads(cut.start, cut.stop)
    listed = (*(before for before, _ in pads), *(after for _, after in pads))
    if "pads" in node.attributes:  # before opset 11
        return Changes({"pads": listed})
    return Changes({}, {1: listed, 3: None})


def _resize(graph: Graph, node: Node, part: Sequence[Stretch]) -> Changes:
    if node.op_type != "Resize" or len(node.inputs) < 4 or not node.inputs[3]:
        return Changes()
    g = operators.resize_geometry(node, graph)
    axes = graph.call(node).integers("axes") or tuple(range(len(g.out_shape)))
    sizes = {axis % len(g.out_shape): g.out_shape[axis] for axis in axes}
    sizes |= {cut.axis: cut.stop - cut.start for cut in part}
    ordered = tuple(sizes[axis % len(g.out_shape)] for axis in axes)
    return Changes({"keep_aspect_ratio_policy": None}, {3: ordered})


def _reshape(graph: Graph, node: Node, part: Sequence[Stretch]) -> Changes:
    shape = list(graph.tensors[node.outputs[0]].shape)
    for cut in part:
        shape[cut.of_result] = cut.stop - cut.start
    return Changes({"allowzero": None}, {1: tuple(shape)})


Rule = Callable[[Graph, Node, Sequence[Stretch]], Changes]
_RULES: Mapping[str, Rule] = {
    "conv": _windowed,
    "pool": _windowed,
    "conv_transpose": _transposed,
    "Slice": _slice,
    "Pad": _pad,
    "Reshape": _reshape,
    "resize": _resize,
}
"""By operator, or by category."""
