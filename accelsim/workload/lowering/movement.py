"""Operators that move elements in ways no arrangement can say: padding, look-ups, resizing, triangles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from accelsim.program import PostOperation, VectorKernel
from accelsim.workload.builder import Builder, elements
from accelsim.workload.fusion import Chain, chain
from accelsim.workload.layouts import Layout, default_layout, map_layout
from accelsim.workload.lowering.refusals import unsupported
from accelsim.workload.lowering.views import select
from accelsim.workload.quantised import is_integer, step_attributes
from accelsim.workload.records import Access, Along, Follow
from restructure.graph import Node
from restructure.operators import ResizeGeometry, pads, resize_geometry

Rules = tuple[Follow, Follow, Follow, Follow]
Attributes = tuple[tuple[str, float | tuple[float, ...]], ...]

#: Lane operations per result: taps of the interpolation, each a product and a sum, along rows and along columns.
RESIZE_WORK = {"nearest": 1, "linear": 8, "cubic": 16}
_COORDINATES = {
    "half_pixel": 0,
    "pytorch_half_pixel": 1,
    "align_corners": 2,
    "asymmetric": 3,
    "half_pixel_symmetric": 4,
}
_ROUNDING = {"round_prefer_floor": 0, "round_prefer_ceil": 1, "floor": 2, "ceil": 3}
_MODES = {"constant": 0, "edge": 1, "reflect": 2, "wrap": 3}


def pad(builder: Builder, node: Node) -> None:
    """Pad on any axes, with a constant or with what lies inside; negative pads crop."""
    mode = _text(node.attributes.get("mode", "constant"))
    if mode not in _MODES:
        raise unsupported(node, f"Pad with mode {mode!r}", f"use one of {', '.join(_MODES)}")
    amounts = pads(node, builder.graph)
    shape = builder.shape(node.inputs[0])
    layout = _single_axes(builder, node)
    before = tuple(float(amounts[group[-1]][0]) if group else 0.0 for group in layout)
    reach = 0 if mode == "constant" else max(max(abs(a), abs(b)) for a, b in amounts) + 1
    rules = [Follow(axis, 1, 1, -int(n) - reach, -int(n) + reach) for axis, n in enumerate(before)]
    if mode == "wrap":
        rules = [Follow()] * 4
    attributes = (("mode", float(_MODES[mode])), ("value", _pad_value(builder, node)), ("before", before))
    sizes = tuple(float(shape[group[-1]]) if group else 1.0 for group in layout)
    _move(builder, node, "Pad", (*attributes, ("size", sizes)), layout, _four(rules), 1)


def _pad_value(builder: Builder, node: Node) -> float:
    if len(node.inputs) > 2 and node.inputs[2]:
        value = builder.graph.constant(node.inputs[2])
        if value is None:
            raise unsupported(node, "Pad with a computed value", "pad with a constant")
        found = float(value.reshape(-1)[0])
    else:
        found = float(node.attributes.get("value", 0.0))
    scale, zero = builder.scales.get(node.inputs[0], (1.0, 0))
    return (found - zero) * scale


def gather(builder: Builder, node: Node) -> None:
    """Gather at constant positions: a region where they are evenly spaced, a look-up copy where not."""
    positions = builder.graph.constant(node.inputs[1])
    shape = builder.shape(node.inputs[0])
    axis = int(node.attributes.get("axis", 0)) % len(shape)
    if positions is None:
        raise unsupported(node, "Gather at computed positions", "gather at constant ones")
    found = [int(p) % shape[axis] for p in positions.reshape(-1)]
    name, target = node.outputs[0], builder.shape(node.outputs[0])
    even = _evenly_spaced(found)
    if even is not None:
        select(builder, node, node.inputs[0], name, tuple(even if a == axis else range(n) for a, n in enumerate(shape)))
    else:
        layout = default_layout(len(shape))
        physical = next(i for i, group in enumerate(layout) if axis in group)
        if len([a for a in layout[physical] if shape[a] > 1]) > 1:
            layout = (tuple(range(axis)), (axis,), (), tuple(range(axis + 1, len(shape))))
            physical = 1
        rules = [Follow() if a == physical else Follow(a) for a in range(4)]
        attributes = (("axis", float(physical)), ("positions", tuple(float(p) for p in found)))
        made = (*shape[:axis], len(found), *shape[axis + 1 :])
        _move(builder, node, "Gather", attributes, layout, _four(rules), 1, made)
    if builder.arrangements[name].shape == target:
        return
    reshaped = builder.arrangements[name].reshaped(target)
    if reshaped is None:
        raise unsupported(node, "Gather at a matrix of positions", "gather at a vector of positions")
    builder.arrangements[name] = reshaped


def _evenly_spaced(positions: list[int]) -> range | None:
    step = positions[1] - positions[0] if len(positions) > 1 else 1
    if step == 0:
        return None
    candidate = range(positions[0], positions[0] + step * len(positions), step)
    return candidate if list(candidate) == positions else None


def resize(builder: Builder, node: Node) -> None:
    """Resize and Upsample of rows and columns: nearest, linear, cubic."""
    g = resize_geometry(node, builder.graph)
    rank = len(g.in_shape)
    if rank not in (3, 4) or g.in_shape[:2] != g.out_shape[:2] or g.coordinates not in _COORDINATES:
        raise unsupported(
            node,
            f"{node.op_type} of {list(g.in_shape)} to {list(g.out_shape)} ({g.coordinates})",
            "resize rows and columns only",
        )
    if int(node.attributes.get("antialias", 0)) or (
        g.mode == "cubic" and int(node.attributes.get("exclude_outside", 0))
    ):
        raise unsupported(node, "Resize with antialias or exclude_outside", "use plain interpolation")
    layout = map_layout(rank)
    scales = (*(float(s) for s in g.scales[2:]), 1.0)[:2]
    sizes = (*(float(n) for n in g.in_shape[2:]), 1.0)[:2]
    outs = (*(float(n) for n in g.out_shape[2:]), 1.0)[:2]
    attributes: Attributes = (
        ("mode", float(list(RESIZE_WORK).index("linear" if g.mode == "bilinear" else g.mode))),
        ("coordinates", float(_COORDINATES[g.coordinates])),
        ("rounding", float(_ROUNDING[g.rounding])),
        ("cubic_coeff_a", float(node.attributes.get("cubic_coeff_a", -0.75))),
        ("scales", scales),
        ("size", sizes),
        ("target", outs),
    )
    rows, columns = (_resize_rule(axis, g, i) for axis, i in ((1, 2), (2, 3)))
    rules = (Follow(0), rows, columns, Follow(3))
    mode = "linear" if g.mode == "bilinear" else g.mode
    _move(builder, node, "Resize", attributes, layout, rules, RESIZE_WORK[mode], post=_to_integers(builder, node, mode))


def _to_integers(builder: Builder, node: Node, mode: str) -> list[PostOperation]:
    """The step that makes integers of what lies between integers; ONNX casts, which rounds towards 0."""
    name = node.outputs[0]
    dtype = builder.graph.tensors[name].dtype
    if mode == "nearest" or not is_integer(dtype):
        return []
    step = step_attributes(*builder.scales.get(name, (1.0, 0)), dtype, truncates=True)
    return [PostOperation("FakeQuantize", step, value=name)]


def _resize_rule(loop: int, g: ResizeGeometry, axis: int) -> Follow:
    """Input positions within reach of the interpolation; a margin covers the rounding of coordinates."""
    if axis >= len(g.in_shape) or g.in_shape[axis] == 1:
        return Follow()
    reach = 4 if g.mode == "cubic" else 3
    ratio = (g.in_shape[axis] - 1, g.out_shape[axis] - 1) if g.coordinates == "align_corners" else None
    numerator, denominator = ratio or (g.in_shape[axis], g.out_shape[axis])
    if ratio is None and abs(g.scales[axis] * g.in_shape[axis] - g.out_shape[axis]) > 0.01:
        return Follow()  # the scale is not the ratio of the sizes
    return Follow(loop, numerator, max(denominator, 1), -reach, reach)


def _single_axes(builder: Builder, node: Node) -> Layout:
    """The default layout, for tensors of which every physical axis holds at most one axis of the model."""
    rank = len(builder.shape(node.inputs[0]))
    if rank > 4:
        raise unsupported(node, f"{node.op_type} of a tensor of rank {rank}", "at most 4 axes are simulated")
    return default_layout(rank)


def _move(
    builder: Builder,
    node: Node,
    operator: str,
    attributes: Attributes,
    layout: Layout,
    rules: Rules,
    work: int,
    shape: tuple[int, ...] | None = None,
    post: Sequence[PostOperation] = (),
) -> None:
    view = builder.view(node.inputs[0], layout)
    target = shape or builder.shape(node.outputs[0])
    same = target == builder.shape(node.outputs[0])
    folded = chain(builder, node.outputs[0], layout) if same and not post else Chain(node.outputs[0], layout)
    folded.precede(post)
    kernel = VectorKernel(operator, attributes, input_size=view.shape[1:3], post=tuple(folded.post))
    source = Access("input", view, Along.ALL, Along.ALL, rules)
    written = builder.add_layer(
        node,
        kernel,
        [source, *folded.residuals],
        folded.output,
        layout=layout,
        shape=target,
        fused=folded.nodes,
        operations=elements(target) * (work + folded.work),
    )
    builder.arrangements[folded.output] = written
    builder.arrangements.setdefault(node.outputs[0], written)


def _four(rules: list[Follow]) -> Rules:
    return (rules[0], rules[1], rules[2], rules[3])


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def trilu(builder: Builder, node: Node) -> None:
    """Trilu: a comparison and a selection per element."""
    shape = builder.shape(node.inputs[0])
    offset = builder.graph.constant(node.inputs[1]) if len(node.inputs) > 1 and node.inputs[1] else np.zeros(())
    if offset is None or len(shape) != 2:
        raise unsupported(node, "Trilu of this shape", "use a matrix and a constant diagonal")
    attributes = (("k", float(offset.reshape(-1)[0])), ("upper", float(node.attributes.get("upper", 1))))
    layout: Layout = ((), (0,), (), (1,))
    _move(builder, node, "Trilu", attributes, layout, (Follow(0), Follow(1), Follow(2), Follow(3)), 2)


LOWERING = {
    "Pad": pad,
    "Gather": gather,
    "Resize": resize,
    "Upsample": resize,
    "Trilu": trilu,
}
