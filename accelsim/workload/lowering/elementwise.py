"""Element-wise layers on the vector unit, with broadcasting; conversions between types and scales."""

from __future__ import annotations

from dataclasses import replace

from accelsim.program import VectorKernel
from accelsim.workload.builder import Builder, elements
from accelsim.workload.fusion import chain
from accelsim.workload.layouts import Layout, default_layout, physical_shape
from accelsim.workload.lowering import dynamic
from accelsim.workload.lowering.refusals import unsupported
from accelsim.workload.pieces import free_layout
from accelsim.workload.quantised import scale_and_zero, step_attributes
from accelsim.workload.records import Access, Along, Precision, View
from accelsim.workload.unary import BINARY, UNARY, unary_attributes
from restructure import dtypes
from restructure.graph import Node

Attributes = tuple[tuple[str, float], ...]


def unary(builder: Builder, node: Node) -> None:
    """An activation that could not be folded into its producer."""
    if node.op_type == "Cast" and _keeps_values(builder, node):
        builder.arrangements[node.outputs[0]] = builder.arrangement(node.inputs[0])
        return
    one_operand(builder, node, unary_attributes(builder.graph, node))


def one_operand(
    builder: Builder,
    node: Node,
    attributes: Attributes,
    operator: str = "",
    *,
    value: str = "",
    scale: tuple[float, int] | None = None,
) -> None:
    """A layer of one operand, in whatever arrangement it lies.

    Args:
        operator: what it computes, if not the node's operator.
        value, scale: what it makes by rounding, and to which scale, if it does.
    """
    source = builder.arrangement(node.inputs[0])
    like = source if source.covers_base else builder.settled(node.inputs[0])
    layout = like.natural()
    folded = chain(builder, node.outputs[0], layout, scale=scale)
    operator = operator or node.op_type
    kernel = VectorKernel(operator, attributes, input_size=like.base.shape[1:3], post=tuple(folded.post), value=value)
    outputs = elements(builder.shape(node.outputs[0]))
    builder.add_layer(
        node,
        kernel,
        [Access("input", like.base), *folded.residuals],
        folded.output,
        layout=layout,
        like=None if layout else like,
        fused=folded.nodes,
        operations=outputs * (UNARY[operator] + folded.work),
    )


def _keeps_values(builder: Builder, node: Node) -> bool:
    """Whether a Cast keeps every value as it is computed here (in float32)."""
    tensors = builder.graph.tensors
    return not tensors[node.inputs[0]].dtype.startswith(("float", "bfloat")) or tensors[node.outputs[0]].dtype in (
        "float32",
        "float64",
        "float16",
        "bfloat16",
    )


def many(builder: Builder, node: Node) -> None:
    """A sum, product, comparison, selection, … of several operands; an operand of size 1 along an axis is broadcast."""
    names = [name for name in node.inputs if name]
    shape = builder.shape(node.outputs[0])
    layout = _common_layout(builder, names, shape)
    views = [operand(builder, name, shape, layout) for name in names]
    folded = chain(builder, node.outputs[0], layout)
    slots = tuple("input" if i == 0 else f"input{i}" for i in range(len(views)))
    kernel = VectorKernel(
        node.op_type, _attributes(builder, node), input_size=views[0].shape[1:3], inputs=slots, post=tuple(folded.post)
    )
    sources = [Access(slot, view, Along.SAME, Along.SAME) for slot, view in zip(slots, views, strict=True)]
    work = 2 if node.op_type == "Where" else BINARY[node.op_type] * max(1, len(views) - 1) + (node.op_type == "Mean")
    builder.add_layer(
        node,
        kernel,
        [*sources, *folded.residuals],
        folded.output,
        layout=layout,
        fused=folded.nodes,
        operations=elements(shape) * (work + folded.work),
    )


def _attributes(builder: Builder, node: Node) -> Attributes:
    """What else defines an operator of several operands: `bits` of a number that is shifted to the left."""
    if node.op_type == "BitShift" and node.attributes["direction"] in ("LEFT", b"LEFT"):
        return (("bits", float(dtypes.bits(builder.graph.tensors[node.inputs[0]].dtype))),)
    return (("fmod", float(node.attributes["fmod"])),) if "fmod" in node.attributes else ()


def _common_layout(builder: Builder, names: list[str], shape: tuple[int, ...]) -> Layout:
    """The layout in which the first full-sized operand lies already, if all others can be broadcast there."""
    for name in names:
        if builder.is_constant(name) or builder.shape(name) != shape:
            continue
        layout = free_layout(builder.arrangement(name))
        if layout is not None and all(broadcasts(builder.shape(other), shape, layout) for other in names):
            return layout
    return default_layout(len(shape))


def broadcasts(own: tuple[int, ...], shape: tuple[int, ...], layout: Layout) -> bool:
    """Whether an operand can be broadcast along physical axes: each is of size 1 or the full one."""
    size = physical_shape((1,) * (len(shape) - len(own)) + own, layout)
    return all(n in (1, m) for n, m in zip(size, physical_shape(shape, layout), strict=True))


def operand(
    builder: Builder,
    name: str,
    shape: tuple[int, ...],
    layout: Layout,
    precision: Precision = Precision.ACTIVATIONS,
) -> View:
    """An operand aligned to `shape` in a layout, its broadcast axes of size 1 where they fill a physical axis."""
    own = builder.shape(name)
    aligned = (1,) * (len(shape) - len(own)) + own
    if builder.is_constant(name):
        spread = None if broadcasts(own, shape, layout) else shape
        return builder.constant(name, aligned, layout, precision, spread)
    if own == shape:
        return builder.view(name, layout)
    source = builder.arrangement(name)
    wide = replace(source, axes=((),) * (len(shape) - len(own)) + source.axes)
    if not broadcasts(own, shape, layout):
        wide = wide.expanded(shape)
    return builder.placed(f"{name}·{'x'.join(map(str, shape))}", wide, layout)


def clip(builder: Builder, node: Node) -> None:
    """Clip with constant bounds."""
    for name in node.inputs[1:]:
        if name and not builder.is_constant(name):
            raise unsupported(node, "Clip with computed bounds", "use Min and Max")
    one_operand(builder, node, unary_attributes(builder.graph, node))


def quantise(builder: Builder, node: Node) -> None:
    """QuantizeLinear that follows no layer: a network input, or a value with several readers."""
    scale, zero = scale_and_zero(builder.graph, node, 1, 2)
    name = node.outputs[0]
    kept = name not in builder.graph.outputs
    if kept:
        builder.scales[name] = (scale, zero)
    attributes = step_attributes(scale, zero, builder.graph.tensors[name].dtype)
    operator = "FakeQuantize" if kept else "QuantizeLinear"
    one_operand(builder, node, attributes, operator, value=name, scale=(scale, zero) if kept else None)


def dequantise(builder: Builder, node: Node) -> None:
    """DequantizeLinear: nothing where the value is computed with as the real number; else a layer."""
    if dynamic.dequantised(builder, node):
        return
    name = node.inputs[0]
    scale, zero = scale_and_zero(builder.graph, node, 1, 2)
    if name in builder.scales:
        require_scale(builder, node, name, scale, zero)
        builder.arrangements[node.outputs[0]] = builder.arrangement(name)
        return
    one_operand(builder, node, (("scale", scale), ("zero", float(zero))))


def require_scale(builder: Builder, node: Node, name: str, scale: float, zero: int) -> None:
    """Refuse to read a quantised value with another scale than it was written with."""
    if builder.scales[name] != (scale, zero):
        raise unsupported(
            node,
            f"{name!r} read with scale {scale} and zero point {zero}, written with {builder.scales[name]}",
            "use the same scale",
        )


LOWERING = {
    **dict.fromkeys(UNARY, unary),
    **dict.fromkeys([*BINARY, "Where"], many),
    "Clip": clip,
    "QuantizeLinear": quantise,
    "DequantizeLinear": dequantise,
}
