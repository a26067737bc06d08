"""Reductions over any axes on the vector unit: Reduce*, ArgMax and the global pools."""

from __future__ import annotations

from math import prod

from accelsim.program import VectorKernel
from accelsim.workload.builder import Builder, elements
from accelsim.workload.fusion import Chain, chain
from accelsim.workload.layouts import Layout, default_layout, map_layout
from accelsim.workload.lowering.passes import LAST, PASSABLE, reduced_first
from accelsim.workload.lowering.refusals import unsupported
from accelsim.workload.pieces import free_layout
from accelsim.workload.records import Access, Along, Follow
from restructure.graph import Node
from restructure.operators import reduce_axes

#: Lane operations per element reduced, and per result.
WORK: dict[str, tuple[int, int]] = {
    "ArgMax": (2, 0),
    "ArgMin": (2, 0),
    "GlobalAveragePool": (1, 1),
    "GlobalLpPool": (2, 3),
    "QLinearGlobalAveragePool": (1, 1),
    "GlobalMaxPool": (1, 0),
    "ReduceL1": (2, 0),
    "ReduceL2": (2, 3),
    "ReduceLogSum": (1, 3),
    "ReduceLogSumExp": (5, 3),
    "ReduceMax": (1, 0),
    "ReduceMean": (1, 1),
    "ReduceMin": (1, 0),
    "ReduceProd": (1, 0),
    "ReduceSum": (1, 0),
    "ReduceSumSquare": (2, 0),
}

_WINDOWLESS = {"GlobalAveragePool": "ReduceMean", "GlobalMaxPool": "ReduceMax", "GlobalLpPool": "ReduceLp"}


def reduce_(builder: Builder, node: Node) -> None:
    """Reduce* over the axes the node names."""
    axes = reduce_axes(node, builder.graph)
    shape = builder.shape(node.inputs[0])
    layout = dividing_layout(builder, node.inputs[0], axes, default_layout(len(shape)))
    reduced(builder, node, axes, layout, node.op_type, ())


def arg(builder: Builder, node: Node) -> None:
    """ArgMax and ArgMin: a comparison and a selection per element."""
    shape = builder.shape(node.inputs[0])
    axis = int(node.attributes.get("axis", 0)) % len(shape)
    if int(node.attributes.get("select_last_index", 0)):
        raise unsupported(node, f"{node.op_type} of the last of equal elements", "use select_last_index=0")
    layout = dividing_layout(builder, node.inputs[0], (axis,), default_layout(len(shape)))
    reduced(builder, node, (axis,), layout, node.op_type, ())


def global_pool(builder: Builder, node: Node) -> None:
    """GlobalAveragePool, GlobalMaxPool and GlobalLpPool: one lane operation per input element."""
    rank = len(builder.shape(node.inputs[0]))
    axes = tuple(range(2, rank))
    layout = dividing_layout(builder, node.inputs[0], axes, map_layout(rank))
    attributes = (("p", float(node.attributes.get("p", 2))),)
    reduced(builder, node, axes, layout, _WINDOWLESS[node.op_type], attributes if "Lp" in node.op_type else ())


def dividing_layout(builder: Builder, name: str, axes: tuple[int, ...], preferred: Layout) -> Layout:
    """A layout whose physical axes are each wholly inside or outside `axes`: the value's own if possible."""
    shape = builder.shape(name)
    found = free_layout(builder.arrangement(name))
    for layout in (found, preferred):
        if layout is not None and all(_undivided(group, shape, axes) for group in layout):
            return layout
    kept = tuple(axis for axis in range(len(shape)) if axis not in axes)
    return ((), kept, (), tuple(axes))


def _undivided(group: tuple[int, ...], shape: tuple[int, ...], axes: tuple[int, ...]) -> bool:
    return len({axis in axes for axis in group if shape[axis] > 1}) <= 1


def physical_of(layout: Layout, shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """Physical axes that hold some of `axes` of more than one position."""
    return tuple(i for i, group in enumerate(layout) if any(axis in axes and shape[axis] > 1 for axis in group))


def reduced(
    builder: Builder,
    node: Node,
    axes: tuple[int, ...],
    layout: Layout,
    operator: str,
    attributes: tuple[tuple[str, float], ...],
    name: str = "",
    folded: Chain | None = None,
) -> None:
    """The layer of a reduction in a layout that does not divide `axes`; they stay as axes of size 1 or vanish.

    `name` and `folded` are the operand and the chain, where they are not simply what the node and its readers say.
    """
    shape = builder.shape(node.inputs[0])
    kept = tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    target = builder.shape(node.outputs[0])
    folded = folded or chain(builder, node.outputs[0], layout if target == kept else None)
    physical = physical_of(layout, shape, axes)
    view = builder.view(name or node.inputs[0], layout)
    each, result = WORK.get(node.op_type, (1, 1))
    if node.name in builder.in_passes and operator in PASSABLE and len(physical) > 1:
        view, last = reduced_first(builder, node, operator, view, physical, attributes, each)
        physical, operator = (last,), LAST.get(operator, operator)
    kernel = VectorKernel(
        operator,
        attributes=(*attributes, ("axes", tuple(float(axis) for axis in physical))),
        post=tuple(folded.post),
    )
    rules = [Follow() if axis in physical else Follow(axis) for axis in range(4)]
    source = Access("input", view, Along.ALL, Along.ALL, (rules[0], rules[1], rules[2], rules[3]))
    written = builder.add_layer(
        node,
        kernel,
        [source, *folded.residuals],
        folded.output,
        layout=layout,
        shape=kept,
        fused=folded.nodes,
        operations=elements(view.shape) * each + prod(kept) * (result + folded.work),
    )
    found = written.reshaped(target)
    if found is None:
        raise unsupported(node, f"{node.op_type} to {list(target)}", "keep the reduced axes (keepdims=1)")
    builder.arrangements[folded.output] = found


LOWERING = {
    **dict.fromkeys([name for name in WORK if name.startswith("Reduce")], reduce_),
    **dict.fromkeys(("ArgMax", "ArgMin"), arg),
    **dict.fromkeys(_WINDOWLESS, global_pool),
}
