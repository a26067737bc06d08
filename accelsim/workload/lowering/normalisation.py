"""Layers that look along axes before they write an element: softmax and the normalisations.

A tile holds the axes it looks along as a whole, so none of them is cut, unless they are more than the accelerator
holds and the normalisation is done in passes.
"""

from __future__ import annotations

from collections.abc import Sequence

from accelsim.program import PostOperation, VectorKernel
from accelsim.workload.builder import ALL_TILED, Builder, elements
from accelsim.workload.fusion import Chain, chain
from accelsim.workload.layouts import CHANNEL, Layout, default_layout, map_layout
from accelsim.workload.lowering.elementwise import operand
from accelsim.workload.lowering.passes import deviations
from accelsim.workload.lowering.reduction import dividing_layout, physical_of
from accelsim.workload.lowering.refusals import unsupported
from accelsim.workload.lowering.views import reshaped
from accelsim.workload.records import Access, Along, Parameter, Precision, View
from accelsim.workload.values import ScaleShift
from restructure.graph import Node
from restructure.operators import softmax_axes_of

#: Lane operations per element of a softmax: maximum, subtract, exponential (3), sum, divide (3). A LogSoftmax takes
#: the logarithm once per vector instead; a Hardmax compares.
SOFTMAX_WORK = {"Softmax": 9, "LogSoftmax": 7, "Hardmax": 2}
#: Of a normalisation: sum, subtract, square, sum, product with the inverse deviation; then scale and shift.
NORM_WORK = 5
RMS_WORK = 3
#: Of which passes before the last have done: the sums, and the square.
MEASURED_WORK = 2

Attributes = tuple[tuple[str, float], ...]


def softmax(builder: Builder, node: Node) -> None:
    """Softmax, LogSoftmax and Hardmax over any axes."""
    softmax_of(builder, node, node.inputs[0], node.op_type)


def softmax_of(builder: Builder, node: Node, name: str, operator: str, folded: Chain | None = None) -> None:
    """A softmax of the value `name`; `folded` is what follows it, if not simply what the readers say."""
    axes = softmax_axes_of(node, builder.graph)
    layout = dividing_layout(builder, name, axes, default_layout(len(builder.shape(name))))
    _append(builder, node, operator, axes, layout, (), [], SOFTMAX_WORK[operator], name, folded)


def layer_norm(builder: Builder, node: Node) -> None:
    """LayerNormalization and its kin over the last axes; scale and shift are read beside the tile."""
    name = node.inputs[0]
    shape = builder.shape(name)
    axes = tuple(range(int(node.attributes.get("axis", -1)) % len(shape), len(shape)))
    layout = dividing_layout(builder, name, axes, default_layout(len(shape)))
    slots = [
        Access(slot, operand(builder, other, shape, layout, Precision.ACCUMULATORS))
        for slot, other in zip(("scale", "bias"), node.inputs[1:3], strict=False)
        if other
    ]
    centred = "RMS" not in node.op_type and "Simplified" not in node.op_type
    attributes = (("epsilon", _epsilon(node)), ("centred", float(centred)))
    work = (NORM_WORK if centred else RMS_WORK) + len(slots)
    _append(builder, node, "LayerNormalization", axes, layout, attributes, slots, work)


def instance_norm(builder: Builder, node: Node) -> None:
    """InstanceNormalization: every channel's map by itself.

    Exporters say a GroupNormalization as one of (N, G, C/G·H·W); it is read as what it is, and nothing is copied.
    """
    name = node.inputs[0]
    shape = builder.shape(name)
    rank = len(shape)
    inner = () if builder.is_constant(name) else builder.arrangement(name).axes[-1]
    if rank == 3 and 1 < len(inner) < 4 and all(map(builder.is_constant, node.inputs[1:3])):
        _group_norm(builder, node, (*shape[:2], *(factor.size for factor in inner)))
        return
    axes = tuple(range(2, rank))
    layout = dividing_layout(builder, name, axes, map_layout(rank))
    per_channel = (1, shape[1], *(1 for _ in axes))
    slots = [
        Access(slot, _channel_constant(builder, node, other, per_channel, shape, layout))
        for slot, other in zip(("scale", "bias"), node.inputs[1:3], strict=True)
    ]
    attributes = (("epsilon", _epsilon(node)), ("centred", 1.0))
    _append(builder, node, "LayerNormalization", axes, layout, attributes, slots, NORM_WORK + 2)


def mean_variance(builder: Builder, node: Node) -> None:
    """MeanVarianceNormalization over the axes it names."""
    name = node.inputs[0]
    axes = tuple(int(a) for a in node.attributes.get("axes", (0, 2, 3)))
    layout = dividing_layout(builder, name, axes, default_layout(len(builder.shape(name))))
    _append(builder, node, "LayerNormalization", axes, layout, (("epsilon", 1e-9), ("centred", 1.0)), [], NORM_WORK)


def lp_norm(builder: Builder, node: Node) -> None:
    """LpNormalization along one axis."""
    name = node.inputs[0]
    rank = len(builder.shape(name))
    axes = (int(node.attributes.get("axis", -1)) % rank,)
    layout = dividing_layout(builder, name, axes, default_layout(rank))
    _append(builder, node, "LpNormalization", axes, layout, (("p", float(node.attributes.get("p", 2))),), [], 6)


def group_norm(builder: Builder, node: Node) -> None:
    """GroupNormalization: an instance normalisation of groups of channels."""
    shape = builder.shape(node.inputs[0])
    groups = int(node.attributes["num_groups"])
    if len(shape) > 4:
        raise unsupported(node, "GroupNormalization of maps of more than two axes", "use two spatial axes")
    _group_norm(builder, node, (shape[0], groups, shape[1] // groups, *shape[2:]))


def _group_norm(builder: Builder, node: Node, apart: tuple[int, ...]) -> None:
    """Normalise groups of channels of a value seen as (N, G, C/G, H, W), or without H, in N·G batches."""
    name = node.inputs[0]
    shape, groups = builder.shape(name), apart[1]
    layout: Layout = ((0, 1), (3,), (4,) if len(apart) > 4 else (), (2,))
    view = builder.placed(f"{name}·groups", reshaped(builder, node, name, apart), layout)
    slots = []
    for slot, other in zip(("scale", "bias"), node.inputs[1:3], strict=True):
        size = builder.shape(other)[0]
        aligned = (1, groups, size // groups, *(1 for _ in apart[3:]))
        spread = None if shape[0] == 1 else (shape[0], *aligned[1:])
        slots.append(Access(slot, builder.constant(other, aligned, layout, Precision.ACCUMULATORS, spread)))
    attributes = (("epsilon", _epsilon(node)), ("centred", 1.0))
    kernel, measured, tiled = _kernel(builder, node, "LayerNormalization", view, (1, 2, 3), attributes, ())
    written = builder.add_layer(
        node,
        kernel,
        [Access("input", view, Along.SAME, Along.SAME), *measured, *slots],
        node.outputs[0],
        layout=layout,
        shape=apart,
        operations=elements(shape) * (NORM_WORK + 2 - MEASURED_WORK * bool(measured)),
        tiled=tiled,
    )
    found = written.reshaped(shape)
    if found is None:
        raise unsupported(node, node.op_type, "split the channels evenly")
    builder.arrangements[node.outputs[0]] = found


def local_response(builder: Builder, node: Node) -> None:
    """LRN: squares, a running sum over `size` channels, a power (6) and a product per element."""
    given = node.attributes
    shape = builder.shape(node.inputs[0])
    size = int(given["size"])
    attributes = (
        ("alpha", float(given.get("alpha", 1e-4))),
        ("beta", float(given.get("beta", 0.75))),
        ("bias", float(given.get("bias", 1.0))),
        ("size", float(size)),
    )
    terms = min(size, shape[1])
    _append(builder, node, "LRN", (1,), map_layout(len(shape)), attributes, [], 1 + terms + 6 + 1)


def batch_normalization(builder: Builder, node: Node) -> None:
    """A BatchNormalization that follows no convolution: one product and one sum per element."""
    step = ScaleShift.of(node, builder.graph)
    rank = len(builder.shape(node.inputs[0]))
    layout = map_layout(rank) if rank > 2 else default_layout(rank)
    view = builder.view(node.inputs[0], layout)
    channels = view.shape[CHANNEL]
    folded = chain(builder, node.outputs[0], layout)
    scale = builder.parameter(f"{node.name}·scale", (channels,), Precision.ACCUMULATORS, step.scale)
    shift = builder.parameter(f"{node.name}·shift", (channels,), Precision.ACCUMULATORS, step.shift)
    kernel = VectorKernel(node.op_type, input_size=view.shape[1:3], post=tuple(folded.post))
    builder.add_layer(
        node,
        kernel,
        [Access("input", view, Along.SAME, Along.SAME), *folded.residuals],
        folded.output,
        layout=layout,
        fused=folded.nodes,
        parameters=[Parameter("scale", scale), Parameter("shift", shift)],
        operations=elements(view.shape) * (2 + folded.work),
    )


def _epsilon(node: Node) -> float:
    return float(node.attributes.get("epsilon", 1e-5))


def _channel_constant(
    builder: Builder, node: Node, name: str, aligned: tuple[int, ...], shape: tuple[int, ...], layout: Layout
) -> View:
    if not builder.is_constant(name):
        raise unsupported(node, f"{node.op_type} with computed scales", "use constant ones")
    own = all(len([axis for axis in group if shape[axis] > 1]) <= 1 for group in layout)
    return builder.constant(name, aligned, layout, Precision.ACCUMULATORS, None if own else shape)


def _append(
    builder: Builder,
    node: Node,
    operator: str,
    axes: tuple[int, ...],
    layout: Layout,
    attributes: Attributes,
    slots: list[Access],
    work: int,
    name: str = "",
    folded: Chain | None = None,
) -> None:
    shape = builder.shape(node.inputs[0])
    for extra in node.outputs[1:]:
        if extra and builder.graph.consumers(extra):
            raise unsupported(node, f"a further output of {node.op_type} that is read", "remove its readers")
    view = builder.view(name or node.inputs[0], layout)
    folded = folded or chain(builder, node.outputs[0], layout)
    physical = physical_of(layout, shape, axes)
    kernel, measured, tiled = _kernel(builder, node, operator, view, physical, attributes, folded.post)
    builder.add_layer(
        node,
        kernel,
        [Access("input", view, Along.SAME, Along.SAME), *measured, *slots, *folded.residuals],
        folded.output,
        layout=layout,
        fused=folded.nodes,
        operations=elements(shape) * (work - MEASURED_WORK * bool(measured) + folded.work),
        tiled=tiled,
    )


def _kernel(
    builder: Builder,
    node: Node,
    operator: str,
    view: View,
    axes: tuple[int, ...],
    attributes: Attributes,
    post: Sequence[PostOperation],
) -> tuple[VectorKernel, list[Access], tuple[bool, bool, bool, bool]]:
    """What a layer over some axes computes, what passes before it have measured, and which axes its tiles may cut."""
    if operator == "LayerNormalization" and node.name in builder.in_passes:
        measured = deviations(builder, node, view, axes, centred=bool(dict(attributes)["centred"]))
        return VectorKernel("Normalize", attributes, input_size=view.shape[1:3], post=tuple(post)), measured, ALL_TILED
    along = ("axes", tuple(float(axis) for axis in axes))
    b, y, x, c = (axis not in axes for axis in range(4))
    return VectorKernel(operator, (*attributes, along), input_size=view.shape[1:3], post=tuple(post)), [], (b, y, x, c)


LOWERING = {
    **dict.fromkeys(SOFTMAX_WORK, softmax),
    **dict.fromkeys(("LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization"), layer_norm),
    "BatchNormalization": batch_normalization,
    "GroupNormalization": group_norm,
    "InstanceNormalization": instance_norm,
    "LRN": local_response,
    "LpNormalization": lp_norm,
    "MeanVarianceNormalization": mean_variance,
}
