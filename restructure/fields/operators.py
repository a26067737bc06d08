"""The receptive field of every operator of the table, or the reason why it cannot be cut by rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import floor

from restructure import operators
from restructure.fields.maps import Padded, RowMap, Same, Scaled, Shifted, Transposed, Whole, Windowed
from restructure.graph import Graph, Node
from restructure.operators import Shape

__all__ = ["ROW_AXIS", "Reach", "height", "reach"]

ROW_AXIS = 2


def height(shape: Shape) -> int:
    """Return the rows of a tensor: the extent of axis 2, or 1 where there is none."""
    return shape[ROW_AXIS] if len(shape) > ROW_AXIS else 1


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


def reach(graph: Graph, node: Node) -> Reach:
    """Return the receptive fields of a node's activation operands."""
    positions = [i for i, name in enumerate(node.inputs) if name and not graph.is_constant(name)]
    try:
        return _cut(graph, node, positions)
    except _WholeError as error:
        heights = {i: height(graph.tensors[node.inputs[i]].shape) for i in positions}
        rows = height(graph.tensors[next(name for name in node.outputs if name)].shape)
        return Reach({i: Whole(rows) for i, rows in heights.items()}, rows, str(error))


def _cut(graph: Graph, node: Node, positions: list[int]) -> Reach:
    spec = graph.spec(node)
    shapes = [graph.tensors[name].shape for name in node.outputs if name]
    if not all(len(shape) > ROW_AXIS for shape in shapes):
        raise _WholeError("its result has no row axis")
    if len({height(shape) for shape in shapes}) > 1:
        raise _WholeError("its results differ in height")
    if spec.elementwise:
        return _elementwise(graph, node, positions)
    rule = _RULES.get(node.op_type) or _BY_CATEGORY.get(spec.category)
    if rule is None or positions != [0]:
        if node.op_type == "Concat":
            return _concat(graph, node, positions)
        raise _WholeError(f"{node.op_type} needs its whole operand")
    return rule(graph, node)


def _elementwise(graph: Graph, node: Node, positions: list[int]) -> Reach:
    result = graph.tensors[node.outputs[0]].shape
    if (
        node.op_type in ("QuantizeLinear", "DequantizeLinear")
        and graph.call(node).integer("axis", 1) % len(result) == ROW_AXIS
        and graph.tensors[node.inputs[1]].elements > 1
    ):
        raise _WholeError("its scales differ by row")
    maps: dict[int, RowMap] = {}
    for index, name in enumerate(node.inputs):
        if not name:
            continue
        rows = _aligned(graph.tensors[name].shape, result)
        if index not in positions:
            if rows > 1 and not _per_channel(node, index):
                raise _WholeError(f"its constant operand {name!r} differs by row")
        elif rows > 1 and len(graph.tensors[name].shape) != len(result):
            raise _WholeError("its operands have different ranks")
        else:
            maps[index] = Same() if rows == height(result) > 1 else Whole(height(graph.tensors[name].shape))
    return Reach(maps, 1)


def _per_channel(node: Node, index: int) -> bool:
    """Whether a constant operand's only axis is the channels', not the last one (as broadcasting would have it)."""
    return node.op_type in ("BatchNormalization", "QuantizeLinear", "DequantizeLinear")


def _aligned(shape: Shape, result: Shape) -> int:
    """Return the extent of `shape` that broadcasting lays along the rows of `result`."""
    axis = ROW_AXIS - (len(result) - len(shape))
    return shape[axis] if 0 <= axis < len(shape) else 1


def _concat(graph: Graph, node: Node, positions: list[int]) -> Reach:
    rank = len(graph.tensors[node.outputs[0]].shape)
    if graph.call(node).integer("axis") % rank == ROW_AXIS:
        raise _WholeError("it joins rows")
    if len(positions) != len(node.inputs):
        raise _WholeError("it joins constants")
    return Reach({i: Same() for i in positions}, 1)


def _conv(graph: Graph, node: Node) -> Reach:
    g = operators.conv_geometry(node, graph)
    return _window(g.in_spatial[0], g.extents[0], g.strides[0], g.pads_begin[0], g.out_spatial[0])


def _window(rows: int, extent: int, stride: int, begin: int, results: int) -> Reach:
    if begin >= extent or (results - 1) * stride - begin >= rows:
        raise _WholeError("some of its windows lie in the padding alone")
    return Reach({0: Windowed(rows, extent, stride, begin)}, 1)


def _conv_transpose(graph: Graph, node: Node) -> Reach:
    g = operators.conv_geometry(node, graph)
    field = Transposed(g.in_spatial[0], g.extents[0], g.strides[0], g.pads_begin[0])
    if g.extents[0] < g.strides[0]:
        raise _WholeError("its windows leave gaps")
    if field.crops(0, g.out_spatial[0])[1] < 0:
        raise _WholeError("its output padding adds rows that nothing reaches")
    return Reach({0: field}, 1)


def _pool(graph: Graph, node: Node) -> Reach:
    g = operators.pool_geometry(node, graph)
    if g.is_global:
        raise _WholeError("it pools all rows")
    if len(node.outputs) > 1:
        raise _WholeError("its indices count from the start of the whole operand")
    reached = [
        (n - 1) * s + e - b for n, s, e, b in zip(g.out_spatial, g.strides, g.extents, g.pads_begin, strict=True)
    ]
    overhang = any(r > n + p for r, n, p in zip(reached, g.in_spatial, g.pads_end, strict=True))
    if overhang and (g.kind != "max" and g.count_include_pad):
        raise _WholeError("ceil_mode lets its windows leave even the padding, which its averages count")
    return _window(g.in_spatial[0], g.extents[0], g.strides[0], g.pads_begin[0], g.out_spatial[0])


def _resize(graph: Graph, node: Node) -> Reach:
    g = operators.resize_geometry(node, graph)
    rows, results = g.in_shape[ROW_AXIS], g.out_shape[ROW_AXIS]
    if rows == results and g.scales[ROW_AXIS] == 1.0:
        return Reach({0: Same()}, 1)
    if g.mode != "nearest":
        raise _WholeError(f"{g.mode} resize mixes rows across every border")
    if results % rows or g.scales[ROW_AXIS] != results // rows:
        raise _WholeError("its scale is no whole number")
    factor = results // rows
    if any(_nearest(row, factor, g.coordinates, g.rounding) != row // factor for row in range(results)):
        raise _WholeError(f"{g.coordinates} with {g.rounding} does not repeat each row {factor} times")
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


def _slice(graph: Graph, node: Node) -> Reach:
    taken = operators.slices(node, graph)[ROW_AXIS]
    if taken.step < 1:
        raise _WholeError("it turns rows upside down")
    return Reach({0: Shifted(taken.start, taken.step)}, 1)


def _pad(graph: Graph, node: Node) -> Reach:
    pads = operators.pads(node, graph)
    before, after = pads[ROW_AXIS]
    if before == after == 0:
        return Reach({0: Same()}, 1)
    if graph.call(node).text("mode", "constant") != "constant" or before < 0 or after < 0:
        raise _WholeError("it pads with other rows, or crops")
    if "pads" in node.attributes:
        raise _WholeError("its pads are an attribute that cannot crop")
    return Reach({0: Padded(height(graph.tensors[node.inputs[0]].shape), before)}, 1)


def _keeps_rows(axes: tuple[int, ...]) -> Reach:
    if ROW_AXIS in axes:
        raise _WholeError("it works across rows")
    return Reach({0: Same()}, 1)


def _softmax(graph: Graph, node: Node) -> Reach:
    return _keeps_rows(operators.softmax_axes_of(node, graph))


def _reduce(graph: Graph, node: Node) -> Reach:
    if not node.op_type.startswith("Reduce"):
        raise _WholeError(f"{node.op_type} needs its whole operand")
    axes = operators.reduce_axes(node, graph)
    if not graph.call(node).integer("keepdims", 1) and any(axis <= ROW_AXIS for axis in axes):
        raise _WholeError("it moves the row axis")
    return _keeps_rows(axes)


def _split(graph: Graph, node: Node) -> Reach:
    return _keeps_rows((operators.splits(node, graph)[0],))


def _transpose(graph: Graph, node: Node) -> Reach:
    if operators.permutation(node, graph)[ROW_AXIS] != ROW_AXIS:
        raise _WholeError("it moves the row axis")
    return Reach({0: Same()}, 1)


def _depth_to_space(graph: Graph, node: Node) -> Reach:
    block = graph.call(node).integer("blocksize")
    return Reach({0: Scaled(block)}, block)


def _space_to_depth(graph: Graph, node: Node) -> Reach:
    return Reach({0: Scaled(1, graph.call(node).integer("blocksize"))}, 1)


def _across_channels(graph: Graph, node: Node) -> Reach:
    return Reach({0: Same()}, 1)


Rule = Callable[[Graph, Node], Reach]

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
