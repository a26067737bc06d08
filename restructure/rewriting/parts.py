"""One node, restricted to some of its rows: which attributes and constant operands change, and how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from restructure import operators
from restructure.fields import Padded, RowMap, Same, Scaled, Shifted, Transposed, Windowed
from restructure.fields.operators import ROW_AXIS
from restructure.graph import Graph, Node

__all__ = ["Changes", "Rows", "changes_of"]


@dataclass(frozen=True, slots=True)
class Rows:
    """The part: result rows start..stop−1, from operand rows low..high−1 of an operand of `height` rows."""

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


def changes_of(graph: Graph, node: Node, row_map: RowMap, rows: Rows) -> Changes:
    """Return what a part of a node needs changed."""
    for kind, rule in _RULES:
        if isinstance(row_map, kind):
            return rule(graph, node, row_map, rows)
    return Changes()


def _windowed(graph: Graph, node: Node, row_map: Windowed, rows: Rows) -> Changes:
    pooling = graph.spec(node).category == "pool"
    g = operators.pool_geometry(node, graph) if pooling else operators.conv_geometry(node, graph)
    pads = list(g.pads)
    if node.attributes.get("ceil_mode"):
        # Rounding up is padding at the end; said outright, it stays with the part that it belongs to.
        for axis in range(len(g.kernel)):
            reached = g.input_range(axis, 0, g.out_spatial[axis])[1]
            pads[axis + len(g.kernel)] = max(reached - g.in_spatial[axis], 0)
    pads[0], pads[len(g.kernel)] = row_map.pads(rows.start, rows.stop)
    return Changes({"pads": tuple(pads), "auto_pad": None, "ceil_mode": None})


def _transposed(graph: Graph, node: Node, row_map: Transposed, rows: Rows) -> Changes:
    g = operators.conv_geometry(node, graph)
    pads = list(g.pads)
    pads[0], pads[len(g.kernel)] = row_map.crops(rows.start, rows.stop)
    changed: dict[str, Any] = {"pads": tuple(pads), "auto_pad": None, "output_shape": None}
    extra = node.attributes.get("output_padding")
    if extra is not None:
        changed["output_padding"] = (0, *extra[1:])
    return Changes(changed)


def _shifted(graph: Graph, node: Node, row_map: Shifted, rows: Rows) -> Changes:
    taken = list(operators.slices(node, graph))
    taken[ROW_AXIS] = range(0, rows.high - rows.low, row_map.step)
    axes = tuple(range(len(taken)))
    starts = tuple(r.start for r in taken)
    # A range that runs backwards past the first element ends at −1, which ONNX would count from the back.
    ends = tuple(r.stop if r.stop >= 0 else -(2**31) for r in taken)
    if "starts" in node.attributes:
        return Changes({"starts": starts, "ends": ends, "axes": axes})
    return Changes({}, {1: starts, 2: ends, 3: axes, 4: tuple(r.step for r in taken)})


def _padded(graph: Graph, node: Node, row_map: Padded, rows: Rows) -> Changes:
    pads = list(operators.pads(node, graph))
    pads[ROW_AXIS] = row_map.pads(rows.start, rows.stop)
    return Changes({}, {1: (*(before for before, _ in pads), *(after for _, after in pads)), 3: None})


def _scaled(graph: Graph, node: Node, row_map: Scaled, rows: Rows) -> Changes:
    if node.op_type != "Resize" or len(node.inputs) < 4 or not node.inputs[3]:
        return Changes()
    g = operators.resize_geometry(node, graph)
    axes = graph.call(node).integers("axes") or tuple(range(len(g.out_shape)))
    sizes = {axis % len(g.out_shape): g.out_shape[axis] for axis in axes} | {ROW_AXIS: rows.stop - rows.start}
    ordered = tuple(sizes[axis % len(g.out_shape)] for axis in axes)
    return Changes({"keep_aspect_ratio_policy": None}, {3: ordered})


def _same(graph: Graph, node: Node, row_map: Same, rows: Rows) -> Changes:
    if node.op_type == "Slice":
        return _shifted(graph, node, Shifted(0, 1), Rows(rows.start, rows.stop, 0, rows.stop - rows.start))
    if node.op_type == "Resize" and len(node.inputs) > 3 and node.inputs[3]:
        return _scaled(graph, node, Scaled(1), rows)
    return Changes()


Rule = Callable[[Graph, Node, Any, Rows], Changes]
_RULES: tuple[tuple[type, Rule], ...] = (
    (Windowed, _windowed),
    (Transposed, _transposed),
    (Shifted, _shifted),
    (Padded, _padded),
    (Scaled, _scaled),
    (Same, _same),
)
