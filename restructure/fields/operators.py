"""The receptive field of every operator of the table along one spatial axis, or the reason why it cannot be cut there.

Everything is said of rows; the same holds of columns. Where the rows of a tensor lie: `restructure.fields.axes`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import floor
from weakref import WeakKeyDictionary

from restructure import operators
from restructure.fields.axes import COLUMN_AXIS, ROW_AXIS, axes_of, extent, passed_on
from restructure.fields.maps import Padded, RowMap, Same, Scaled, Shifted, Transposed, Whole, Windowed
from restructure.graph import Graph, Node
from restructure.operators import Shape, Window

__all__ = ["PER_CHANNEL", "Reach", "reach"]

PER_CHANNEL = frozenset({"BatchNormalization", "QuantizeLinear", "DequantizeLinear"})
"""Element-wise operators whose constants' only axis is the channels', and not the last one, as in broadcasting."""

_WORDS = {ROW_AXIS: "row", COLUMN_AXIS: "column"}

_KNOWN: "WeakKeyDictionary[Graph, dict[tuple[int, int, bool], Reach]]" = WeakKeyDictionary()


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


@dataclass(frozen=True, slots=True)
class _At:
    """Where a node's rows lie.

    Attributes:
        word: what they are called.
        of: tensor → axis of its rows.
        before, after: axis of the first activation operand's rows, and of the results'.
        moved: whether either is another than where networks begin.
        moving: whether rows may move.
    """

    word: str
    of: Mapping[str, int]
    before: int
    after: int
    moved: bool
    moving: bool


def reach(graph: Graph, node: Node, axis: int = ROW_AXIS, moving: bool = True) -> Reach:
    """Return the receptive fields of a node's activation operands along an axis.

    Args:
        axis: rows (2) or columns (3).
        moving: whether they are followed through Transposes and Reshapes; see `axes_of`.
    """
    known = _KNOWN.setdefault(graph, {})
    key = node.index, axis, moving
    if key not in known:
        known[key] = _reach(graph, node, axis, moving)
    return known[key]


def _reach(graph: Graph, node: Node, axis: int, moving: bool) -> Reach:
    positions = [i for i, name in enumerate(node.inputs) if name and not graph.is_constant(name)]
    axes = axes_of(graph, axis, moving)
    result = next(name for name in node.outputs if name)
    before, after = axes[node.inputs[positions[0]]] if positions else axis, axes[result]
    at = _At(_WORDS[axis], axes, before, after, (before, after) != (axis, axis), moving)
    try:
        return _cut(graph, node, positions, at)
    except _WholeError as error:
        heights = {i: extent(graph.tensors[node.inputs[i]].shape, axes[node.inputs[i]]) for i in positions}
        rows = extent(graph.tensors[result].shape, after)
        return Reach({i: Whole(rows) for i, rows in heights.items()}, rows, str(error))


def _cut(graph: Graph, node: Node, positions: list[int], at: _At) -> Reach:
    spec = graph.spec(node)
    shapes = [graph.tensors[name].shape for name in node.outputs if name]
    if not all(len(shape) > at.after for shape in shapes):
        raise _WholeError(f"its result has no {at.word} axis")
    if len({extent(shape, at.after) for shape in shapes}) > 1:
        raise _WholeError(f"its results differ in {at.word}s")
    if spec.elementwise:
        return _elementwise(graph, node, positions, at)
    if node.op_type == "Concat":
        return _concat(graph, node, positions, at)
    if node.op_type == "MatMul":
        return _matmul(graph, node, positions, at)
    rule = _RULES.get(node.op_type) or _SPATIAL.get(node.op_type) or _SPATIAL.get(spec.category)
    rule = rule or _BY_CATEGORY.get(spec.category)
    if rule is None or positions != [0]:
        raise _WholeError(f"{node.op_type} needs its whole operand")
    if rule in _SPATIAL.values():
        if at.moved:
            raise _WholeError(f"its operand's {at.word}s lie along another axis")
        return rule(graph, node, at)
    found = rule(graph, node, at)
    if passed_on(graph, node, {node.inputs[0]: at.before}) != at.after:
        raise _WholeError(f"it moves the {at.word} axis")
    return found


def _elementwise(graph: Graph, node: Node, positions: list[int], at: _At) -> Reach:
    result = graph.tensors[node.outputs[0]].shape
    if (
        node.op_type in ("QuantizeLinear", "DequantizeLinear")
        and graph.call(node).integer("axis", 1) % len(result) == at.after
        and graph.tensors[node.inputs[1]].elements > 1
    ):
        raise _WholeError(f"its scales differ by {at.word}")
    maps: dict[int, RowMap] = {}
    for index, name in enumerate(node.inputs):
        if not name:
            continue
        shape = graph.tensors[name].shape
        rows = _aligned(shape, result, at.after)
        if index not in positions:
            # One that has all rows is parted with them.
            if node.op_type in PER_CHANNEL and at.after == 1:
                raise _WholeError(f"its constant operand {name!r} differs by {at.word}")
        elif rows > 1 and len(shape) != len(result):
            raise _WholeError("its operands have different ranks")
        elif rows > 1 and at.of[name] != at.after:
            raise _WholeError(f"its operands' {at.word}s lie along different axes")
        else:
            maps[index] = Same() if rows == extent(result, at.after) > 1 else Whole(extent(shape, at.of[name]))
    return Reach(maps, 1)


def _aligned(shape: Shape, result: Shape, axis: int) -> int:
    """Return the extent of `shape` that broadcasting lays along an axis of `result`."""
    own = axis - (len(result) - len(shape))
    return shape[own] if 0 <= own < len(shape) else 1


def _concat(graph: Graph, node: Node, positions: list[int], at: _At) -> Reach:
    rank = len(graph.tensors[node.outputs[0]].shape)
    if graph.call(node).integer("axis") % rank == at.after:
        raise _WholeError(f"it joins {at.word}s")
    if len(positions) != len(node.inputs):
        raise _WholeError("it joins constants")
    if any(at.of[name] != at.after for name in node.inputs):
        raise _WholeError(f"its operands' {at.word}s lie along different axes")
    return Reach({i: Same() for i in positions}, 1)


def _matmul(graph: Graph, node: Node, positions: list[int], at: _At) -> Reach:
    """Rows of the left operand are the result's; so are those of a batch, if the right operand has the same."""
    left, right = (graph.tensors[name].shape for name in node.inputs[:2])
    rank = len(graph.tensors[node.outputs[0]].shape)
    if 0 not in positions or min(len(left), len(right)) < 2 or rank != len(left) or at.after >= rank - 1:
        raise _WholeError(f"a row of its result needs all {at.word}s")
    maps: dict[int, RowMap] = {}
    for index, name in enumerate(node.inputs[:2]):
        shape = left if index == 0 else right
        own = at.after - (rank - len(shape))
        shared = own >= 0 and shape[own] > 1 and (index == 0 or at.after < rank - 2)
        if shared and index not in positions:
            raise _WholeError(f"its constant operand {name!r} differs by {at.word}")
        if shared and at.of[name] != own:
            raise _WholeError(f"its operands' {at.word}s lie along different axes")
        if index in positions:
            maps[index] = Same() if shared else Whole(extent(shape, at.of[name]))
    return Reach(maps, 1)


def _conv(graph: Graph, node: Node, at: _At) -> Reach:
    return _window(operators.conv_geometry(node, graph), at.after - ROW_AXIS)


def _window(g: Window, side: int) -> Reach:
    field = Windowed(g.in_spatial[side], g.extents[side], g.strides[side], g.pads_begin[side])
    if field.begin >= field.extent or (g.out_spatial[side] - 1) * field.stride - field.begin >= field.rows:
        raise _WholeError("some of its windows lie in the padding alone")
    return Reach({0: field}, 1)


def _conv_transpose(graph: Graph, node: Node, at: _At) -> Reach:
    g = operators.conv_geometry(node, graph)
    side = at.after - ROW_AXIS
    field = Transposed(g.in_spatial[side], g.extents[side], g.strides[side], g.pads_begin[side])
    if field.extent < field.stride:
        raise _WholeError("its windows leave gaps")
    if field.crops(0, g.out_spatial[side])[1] < 0:
        raise _WholeError(f"its output padding adds {at.word}s that nothing reaches")
    # What one operand row reaches first is cut together: else that row would be multiplied for either part.
    return Reach({0: field}, field.stride)


def _pool(graph: Graph, node: Node, at: _At) -> Reach:
    g = operators.pool_geometry(node, graph)
    if g.is_global:
        raise _WholeError(f"it pools all {at.word}s")
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
    return _window(g, at.after - ROW_AXIS)


def _resize(graph: Graph, node: Node, at: _At) -> Reach:
    g = operators.resize_geometry(node, graph)
    rows, results, scale = g.in_shape[at.after], g.out_shape[at.after], g.scales[at.after]
    if rows == results and scale == 1.0:
        return Reach({0: Same()}, 1)
    if g.mode != "nearest":
        raise _WholeError(f"{g.mode} resize mixes {at.word}s across every border")
    if results % rows or scale != results // rows:
        raise _WholeError("its scale is no whole number")
    factor = results // rows
    if any(_nearest(row, factor, g.coordinates, g.rounding) != row // factor for row in range(results)):
        raise _WholeError(f"{g.coordinates} with {g.rounding} does not repeat each {at.word} {factor} times")
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


def _slice(graph: Graph, node: Node, at: _At) -> Reach:
    taken = operators.slices(node, graph)[at.before]
    if taken.step < 1:
        raise _WholeError(f"it turns {at.word}s round")
    return Reach({0: Shifted(taken.start, taken.step)}, 1)


def _pad(graph: Graph, node: Node, at: _At) -> Reach:
    pads = operators.pads(node, graph)
    before, after = pads[at.before]
    if before == after == 0:
        return Reach({0: Same()}, 1)
    if graph.call(node).text("mode", "constant") != "constant" or before < 0 or after < 0:
        raise _WholeError(f"it pads with other {at.word}s, or crops")
    if "pads" in node.attributes:
        raise _WholeError("its pads are an attribute that cannot crop")
    return Reach({0: Padded(extent(graph.tensors[node.inputs[0]].shape, at.before), before)}, 1)


def _keeps(axes: tuple[int, ...], at: _At) -> Reach:
    if at.before in axes:
        raise _WholeError(f"it works across {at.word}s")
    return Reach({0: Same()}, 1)


def _softmax(graph: Graph, node: Node, at: _At) -> Reach:
    return _keeps(operators.softmax_axes_of(node, graph), at)


def _reduce(graph: Graph, node: Node, at: _At) -> Reach:
    if not node.op_type.startswith("Reduce"):
        raise _WholeError(f"{node.op_type} needs its whole operand")
    return _keeps(operators.reduce_axes(node, graph), at)


def _layer_norm(graph: Graph, node: Node, at: _At) -> Reach:
    rank = len(graph.tensors[node.inputs[0]].shape)
    return _keeps(tuple(range(graph.call(node).integer("axis", -1) % rank, rank)), at)


def _split(graph: Graph, node: Node, at: _At) -> Reach:
    return _keeps((operators.splits(node, graph)[0],), at)


def _gather(graph: Graph, node: Node, at: _At) -> Reach:
    return _keeps((graph.call(node).integer("axis", 0) % len(graph.tensors[node.inputs[0]].shape),), at)


def _transpose(graph: Graph, node: Node, at: _At) -> Reach:
    return Reach({0: Same()}, 1)


def _view(graph: Graph, node: Node, at: _At) -> Reach:
    before, after = graph.tensors[node.inputs[0]].shape, graph.tensors[node.outputs[0]].shape
    if not at.moving or passed_on(graph, node, {node.inputs[0]: at.before}) != at.after:
        raise _WholeError(f"{node.op_type} needs its whole operand")
    if node.op_type == "Reshape" and len(node.inputs) < 2:
        raise _WholeError("its shape is an attribute")
    if node.op_type == "Squeeze" and graph.call(node).axes(1) is None:
        raise _WholeError(f"it would drop a single {at.word}, too")
    up, down = max(after[at.after] // before[at.before], 1), max(before[at.before] // after[at.after], 1)
    return Reach({0: Same() if up == down else Scaled(up, down)}, up)


def _depth_to_space(graph: Graph, node: Node, at: _At) -> Reach:
    block = graph.call(node).integer("blocksize")
    return Reach({0: Scaled(block)}, block)


def _space_to_depth(graph: Graph, node: Node, at: _At) -> Reach:
    return Reach({0: Scaled(1, graph.call(node).integer("blocksize"))}, 1)


def _across_channels(graph: Graph, node: Node, at: _At) -> Reach:
    return Reach({0: Same()}, 1)


Rule = Callable[[Graph, Node, _At], Reach]

_SPATIAL: Mapping[str, Rule] = {
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth,
    "LRN": _across_channels,
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "pool": _pool,
    "resize": _resize,
}
"""By operator, or by category: those that know which axes are channels, rows and columns."""
_RULES: Mapping[str, Rule] = {
    "Slice": _slice,
    "Pad": _pad,
    "Split": _split,
    "Gather": _gather,
    "Transpose": _transpose,
    "LayerNormalization": _layer_norm,
}
_BY_CATEGORY: Mapping[str, Rule] = {"softmax": _softmax, "reduce": _reduce, "view": _view}
