"""The receptive field of every operator of the table along one spatial axis, or the reason why it cannot be cut there.

Everything is said of rows; along axis 3 the same holds of columns.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import floor

from restructure import operators
from restructure.fields.maps import Padded, RowMap, Same, Scaled, Shifted, Transposed, Whole, Windowed
from restructure.graph import Graph, Node
from restructure.operators import Shape, Window

__all__ = ["COLUMN_AXIS", "ROW_AXIS", "Reach", "extent", "height", "reach", "width"]

ROW_AXIS, COLUMN_AXIS = 2, 3
_WORDS = {ROW_AXIS: "row", COLUMN_AXIS: "column"}


def extent(shape: Shape, axis: int) -> int:
    """Return a tensor's extent along an axis, or 1 where it has none."""
    return shape[axis] if len(shape) > axis else 1


def height(shape: Shape) -> int:
    """Return the rows of a tensor: the extent of axis 2, or 1 where there is none."""
    return extent(shape, ROW_AXIS)


def width(shape: Shape) -> int:
    """Return the columns of a tensor: the extent of axis 3, or 1 where there is none."""
    return extent(shape, COLUMN_AXIS)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a node needs of its activations to make some of its rows.

    Attributes:
        maps: operand position → receptive field.
        granule: rows of the results that are made at least together (a divisor of every cut).
        reason: why the node runs whole; empty if it can be cut.
    """

    maps: Mapping[int, RowMap]
    granule: int
    reason: str = ""


class _WholeError(Exception):
    """The node cannot be cut by rows; the message says why."""


def reach(graph: Graph, node: Node, axis: int = ROW_AXIS) -> Reach:
    """Return the receptive fields of a node's activation operands along an axis."""
    positions = [i for i, name in enumerate(node.inputs) if name and not graph.is_constant(name)]
    try:
        return _cut(graph, node, positions, axis)
    except _WholeError as error:
        heights = {i: extent(graph.tensors[node.inputs[i]].shape, axis) for i in positions}
        rows = extent(graph.tensors[next(name for name in node.outputs if name)].shape, axis)
        return Reach({i: Whole(rows) for i, rows in heights.items()}, rows, str(error))


def _cut(graph: Graph, node: Node, positions: list[int], axis: int) -> Reach:
    spec = graph.spec(node)
    shapes = [graph.tensors[name].shape for name in node.outputs if name]
    if not all(len(shape) > axis for shape in shapes):
        raise _WholeError(f"its result has no {_WORDS[axis]} axis")
    if len({extent(shape, axis) for shape in shapes}) > 1:
        raise _WholeError(f"its results differ in {_WORDS[axis]}s")
    if spec.elementwise:
        return _elementwise(graph, node, positions, axis)
    rule = _RULES.get(node.op_type) or _BY_CATEGORY.get(spec.category)
    if rule is None or positions != [0]:
        if node.op_type == "Concat":
            return _concat(graph, node, positions, axis)
        raise _WholeError(f"{node.op_type} needs its whole operand")
    return rule(graph, node, axis)


def _elementwise(graph: Graph, node: Node, positions: list[int], axis: int) -> Reach:
    result = graph.tensors[node.outputs[0]].shape
    if (
        node.op_type in ("QuantizeLinear", "DequantizeLinear")
        and graph.call(node).integer("axis", 1) % len(result) == axis
        and graph.tensors[node.inputs[1]].elements > 1
    ):
        raise _WholeError(f"its scales differ by {_WORDS[axis]}")
    maps: dict[int, RowMap] = {}
    for index, name in enumerate(node.inputs):
        if not name:
            continue
        rows = _aligned(graph.tensors[name].shape, result, axis)
        if index not in positions:
            if rows > 1 and not _per_channel(node, index):
                raise _WholeError(f"its constant operand {name!r} differs by {_WORDS[axis]}")
        elif rows > 1 and len(graph.tensors[name].shape) != len(result):
            raise _WholeError("its operands have different ranks")
        else:
            maps[index] = Same() if rows == extent(result, axis) > 1 else Whole(extent(graph.tensors[name].shape, axis))
    return Reach(maps, 1)


def _per_channel(node: Node, index: int) -> bool:
    """Whether a constant operand's only axis is the channels', not the last one (as broadcasting would have it)."""
    return node.op_type in ("BatchNormalization", "QuantizeLinear", "DequantizeLinear")


def _aligned(shape: Shape, result: Shape, axis: int) -> int:
    """Return the extent of `shape` that broadcasting lays along an axis of `result`."""
    own = axis - (len(result) - len(shape))
    return shape[own] if 0 <= own < len(shape) else 1


def _concat(graph: Graph, node: Node, positions: list[int], axis: int) -> Reach:
    rank = len(graph.tensors[node.outputs[0]].shape)
    if graph.call(node).integer("axis") % rank == axis:
        raise _WholeError(f"it joins {_WORDS[axis]}s")
    if len(positions) != len(node.inputs):
        raise _WholeError("it joins constants")
    return Reach({i: Same() for i in positions}, 1)


def _conv(graph: Graph, node: Node, axis: int) -> Reach:
    return _window(operators.conv_geometry(node, graph), axis - ROW_AXIS)


def _window(g: Window, side: int) -> Reach:
    field = Windowed(g.in_spatial[side], g.extents[side], g.strides[side], g.pads_begin[side])
    if field.begin >= field.extent or (g.out_spatial[side] - 1) * field.stride - field.begin >= field.rows:
        raise _WholeError("some of its windows lie in the padding alone")
    return Reach({0: field}, 1)


def _conv_transpose(graph: Graph, node: Node, axis: int) -> Reach:
    g = operators.conv_geometry(node, graph)
    side = axis - ROW_AXIS
    field = Transposed(g.in_spatial[side], g.extents[side], g.strides[side], g.pads_begin[side])
    if field.extent < field.stride:
        raise _WholeError("its windows leave gaps")
    if field.crops(0, g.out_spatial[side])[1] < 0:
        raise _WholeError(f"its output padding adds {_WORDS[axis]}s that nothing reaches")
    return Reach({0: field}, 1)


def _pool(graph: Graph, node: Node, axis: int) -> Reach:
    g = operators.pool_geometry(node, graph)
    if g.is_global:
        raise _WholeError(f"it pools all {_WORDS[axis]}s")
    if len(node.outputs) > 1:
        raise _WholeError("its indices count from the start of the whole operand")
    reached = [
        (n - 1) * s + e - b for n, s, e, b in zip(g.out_spatial, g.strides, g.extents, g.pads_begin, strict=True)
    ]
    overhang = any(r > n + p for r, n, p in zip(reached, g.in_spatial, g.pads_end, strict=True))
    if overhang and (g.kind != "max" and g.count_include_pad):
        raise _WholeError("ceil_mode lets its windows leave even the padding, which its averages count")
    # Rounding up must be said as padding in a part, and executors take less padding than a kernel has entries.
    if any(r - n >= k for r, n, k in zip(reached, g.in_spatial, g.kernel, strict=True)):
        raise _WholeError("ceil_mode lets its windows reach further past the end than padding may")
    return _window(g, axis - ROW_AXIS)


def _resize(graph: Graph, node: Node, axis: int) -> Reach:
    g = operators.resize_geometry(node, graph)
    rows, results, scale = g.in_shape[axis], g.out_shape[axis], g.scales[axis]
    if rows == results and scale == 1.0:
        return Reach({0: Same()}, 1)
    if g.mode != "nearest":
        raise _WholeError(f"{g.mode} resize mixes {_WORDS[axis]}s across every border")
    if results % rows or scale != results // rows:
        raise _WholeError("its scale is no whole number")
    factor = results // rows
    if any(_nearest(row, factor, g.coordinates, g.rounding) != row // factor for row in range(results)):
        raise _WholeError(f"{g.coordinates} with {g.rounding} does not repeat each {_WORDS[axis]} {factor} times")
    return Reach({0: Scaled(factor)}, factor)


def _nearest(row: int, factor: int, coordinates: str, rounding: str) -> int:
    if coordinates in ("half_pixel", "pytorch_half_pixel"):
        place = (row + 0.5) / factor - 0.5
    elif coordinates == "asymmetric":
        place = row / factor
    else:
        return -1
    rounders: dict[str, Callable[[float], int]] = {
        "floor": floor,
        "ceil": lambda x: -floor(-x),
        "round_prefer_floor": lambda x: -floor(0.5 - x),
        "round_prefer_ceil": lambda x: floor(x + 0.5),
    }
    return max(rounders[rounding](place), 0)


def _slice(graph: Graph, node: Node, axis: int) -> Reach:
    taken = operators.slices(node, graph)[axis]
    if taken.step < 1:
        raise _WholeError(f"it turns {_WORDS[axis]}s round")
    return Reach({0: Shifted(taken.start, taken.step)}, 1)


def _pad(graph: Graph, node: Node, axis: int) -> Reach:
    pads = operators.pads(node, graph)
    before, after = pads[axis]
    if before == after == 0:
        return Reach({0: Same()}, 1)
    if graph.call(node).text("mode", "constant") != "constant" or before < 0 or after < 0:
        raise _WholeError(f"it pads with other {_WORDS[axis]}s, or crops")
    if "pads" in node.attributes:
        raise _WholeError("its pads are an attribute that cannot crop")
    return Reach({0: Padded(extent(graph.tensors[node.inputs[0]].shape, axis), before)}, 1)


def _keeps(axes: tuple[int, ...], axis: int) -> Reach:
    if axis in axes:
        raise _WholeError(f"it works across {_WORDS[axis]}s")
    return Reach({0: Same()}, 1)


def _softmax(graph: Graph, node: Node, axis: int) -> Reach:
    return _keeps(operators.softmax_axes_of(node, graph), axis)


def _reduce(graph: Graph, node: Node, axis: int) -> Reach:
    if not node.op_type.startswith("Reduce"):
        raise _WholeError(f"{node.op_type} needs its whole operand")
    axes = operators.reduce_axes(node, graph)
    if not graph.call(node).integer("keepdims", 1) and any(reduced <= axis for reduced in axes):
        raise _WholeError(f"it moves the {_WORDS[axis]} axis")
    return _keeps(axes, axis)


def _split(graph: Graph, node: Node, axis: int) -> Reach:
    return _keeps((operators.splits(node, graph)[0],), axis)


def _transpose(graph: Graph, node: Node, axis: int) -> Reach:
    if operators.permutation(node, graph)[axis] != axis:
        raise _WholeError(f"it moves the {_WORDS[axis]} axis")
    return Reach({0: Same()}, 1)


def _depth_to_space(graph: Graph, node: Node, axis: int) -> Reach:
    block = graph.call(node).integer("blocksize")
    return Reach({0: Scaled(block)}, block)


def _space_to_depth(graph: Graph, node: Node, axis: int) -> Reach:
    return Reach({0: Scaled(1, graph.call(node).integer("blocksize"))}, 1)


def _across_channels(graph: Graph, node: Node, axis: int) -> Reach:
    return Reach({0: Same()}, 1)


Rule = Callable[[Graph, Node, int], Reach]

_RULES: Mapping[str, Rule] = {
    "Slice": _slice,
    "Pad": _pad,
    "Split": _split,
    "Transpose": _transpose,
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth,
    "LRN": _across_channels,
}
_BY_CATEGORY: Mapping[str, Rule] = {
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "pool": _pool,
    "resize": _resize,
    "softmax": _softmax,
    "reduce": _reduce,
}
