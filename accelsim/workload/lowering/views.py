"""Operators that only rename, select or join elements: arrangements, which cost nothing until a layer needs a copy."""

from __future__ import annotations

from accelsim.errors import ModelUnsupportedError
from accelsim.workload import arrangement
from accelsim.workload.arrangement import Arrangement
from accelsim.workload.builder import Builder, elements
from accelsim.workload.layouts import Layout, default_layout
from accelsim.workload.lowering.refusals import unsupported
from accelsim.workload.views import join
from restructure.graph import Node
from restructure.operators import permutation, slices, splits


def reshape(builder: Builder, node: Node) -> None:
    """Reshape, Flatten, Squeeze, Unsqueeze: another grouping of the same factors."""
    name, shape = node.outputs[0], builder.shape(node.outputs[0])
    builder.arrangements[name] = reshaped(builder, node, node.inputs[0], shape)


def reshaped(builder: Builder, node: Node, name: str, shape: tuple[int, ...]) -> Arrangement:
    """A value under another shape; copied into its own order first where factors cannot express it."""
    found = builder.arrangement(name).reshaped(shape)
    if found is None:
        found = in_order(builder, name).reshaped(shape)
    if found is None:
        raise unsupported(node, f"a reshape of {list(builder.shape(name))} to {list(shape)}", "reshape in two steps")
    return found


def in_order(builder: Builder, name: str) -> Arrangement:
    """A copy of the value whose elements lie one after another."""
    rank = len(builder.shape(name))
    layout: Layout = ((), (), (), tuple(range(rank)))
    view = builder.copied(f"{name}·in order", builder.arrangement(name), layout)
    return arrangement.of_view(view, builder.shape(name), layout)


def transpose(builder: Builder, node: Node) -> None:
    """Transpose: the axes in another order."""
    order = permutation(node, builder.graph)
    builder.arrangements[node.outputs[0]] = builder.arrangement(node.inputs[0]).permuted(order)


def concat(builder: Builder, node: Node) -> None:
    """Concat: its readers see fragments of the parts; nothing moves but parts in unlike layouts."""
    names = [name for name in node.inputs if elements(builder.shape(name))]
    shape = builder.shape(node.outputs[0])
    joined(builder, node.outputs[0], names, shape, int(node.attributes["axis"]) % len(shape))


def joined(builder: Builder, output: str, names: list[str], shape: tuple[int, ...], axis: int) -> None:
    """Let `output` be values side by side along an axis."""
    layout = joining_layout(builder, names, shape, axis)
    views = [builder.view(name, layout) for name in names]
    physical = next(i for i, group in enumerate(layout) if axis in group)
    builder.arrangements[output] = arrangement.of_view(join(views, physical), shape, layout)


def joining_layout(builder: Builder, names: list[str], shape: tuple[int, ...], axis: int) -> Layout:
    """A layout in which the axis is the outermost of its group: that of the first part that lies so, or a default."""
    for name in names:
        found = None if builder.is_constant(name) else builder.arrangement(name).natural()
        if found is not None and _is_outermost(builder.shape(name), found, axis):
            return found
    layout = default_layout(len(shape))
    if _is_outermost(shape, layout, axis):
        return layout
    before, after = tuple(range(axis)), tuple(range(axis, len(shape)))
    return (before, (), (), after)


def _is_outermost(shape: tuple[int, ...], layout: Layout, axis: int) -> bool:
    """Whether only axes of size 1 lie outside of `axis` in its group."""
    group = next((group for group in layout if axis in group), None)
    return group is not None and all(shape[other] == 1 for other in group[: group.index(axis)])


def slice_(builder: Builder, node: Node) -> None:
    """Slice: a region of its operand, with steps of either sign."""
    select(builder, node, node.inputs[0], node.outputs[0], slices(node, builder.graph))


def select(builder: Builder, node: Node, name: str, output: str, ranges: tuple[range, ...]) -> None:
    """Let `output` be the chosen positions of a value."""
    found: Arrangement | None = builder.arrangement(name)
    for axis, positions in enumerate(ranges):
        found = found.sliced(axis, positions) if found is not None else None
    if found is None:
        found = builder.settled(name) if builder.arrangement(name).natural() is None else in_order(builder, name)
        for axis, positions in enumerate(ranges):
            chosen = found.sliced(axis, positions)
            if chosen is None:
                raise unsupported(node, f"{node.op_type} of a part of axis {axis}", "slice before reshaping")
            found = chosen
    builder.arrangements[output] = found


def split(builder: Builder, node: Node) -> None:
    """Split: each part is a region of its operand."""
    axis, sizes = splits(node, builder.graph)
    shape = builder.shape(node.inputs[0])
    offset = 0
    for name, size in zip(node.outputs, sizes, strict=False):
        ranges = tuple(range(offset, offset + size) if a == axis else range(n) for a, n in enumerate(shape))
        if name and size:
            select(builder, node, node.inputs[0], name, ranges)
        offset += size


def expand(builder: Builder, node: Node) -> None:
    """Expand: a factor that stays where it is."""
    builder.arrangements[node.outputs[0]] = builder.arrangement(node.inputs[0]).expanded(builder.shape(node.outputs[0]))


def tile(builder: Builder, node: Node) -> None:
    """Tile: repetitions of the whole axis."""
    shape, target = builder.shape(node.inputs[0]), builder.shape(node.outputs[0])
    split_shape = tuple(n for size in shape for n in (1, size))
    wide = tuple(n for size, whole in zip(shape, target, strict=True) for n in (whole // size, size))
    found = builder.arrangement(node.inputs[0]).reshaped(split_shape)
    repeated = found.expanded(wide).reshaped(target) if found is not None else None
    if repeated is None:
        raise unsupported(node, "Tile of this arrangement", "tile before reshaping")
    builder.arrangements[node.outputs[0]] = repeated


def depth_to_space(builder: Builder, node: Node) -> None:
    """DepthToSpace (DCR and CRD): channels become blocks of positions."""
    n, c, h, w = builder.shape(node.inputs[0])
    b = int(node.attributes["blocksize"])
    mode = node.attributes.get("mode", "DCR")
    depth = c // (b * b)
    apart, order = (
        ((n, depth, b, b, h, w), (0, 1, 4, 2, 5, 3))
        if _text(mode) == "CRD"
        else ((n, b, b, depth, h, w), (0, 3, 4, 1, 5, 2))
    )
    _rearranged(builder, node, apart, order)


def space_to_depth(builder: Builder, node: Node) -> None:
    """SpaceToDepth: blocks of positions become channels."""
    n, c, h, w = builder.shape(node.inputs[0])
    b = int(node.attributes["blocksize"])
    _rearranged(builder, node, (n, c, h // b, b, w // b, b), (0, 3, 5, 1, 2, 4))


def _rearranged(builder: Builder, node: Node, apart: tuple[int, ...], order: tuple[int, ...]) -> None:
    found = reshaped(builder, node, node.inputs[0], apart).permuted(order).reshaped(builder.shape(node.outputs[0]))
    if found is None:
        raise ModelUnsupportedError(f"node {node.name!r}: cannot be arranged")
    builder.arrangements[node.outputs[0]] = found


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


LOWERING = {
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"), reshape),
    "Transpose": transpose,
    "Concat": concat,
    "Slice": slice_,
    "Split": split,
    "Expand": expand,
    "Tile": tile,
    "DepthToSpace": depth_to_space,
    "SpaceToDepth": space_to_depth,
}
