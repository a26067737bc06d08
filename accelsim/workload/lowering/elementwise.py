"""Element-wise layers on the vector unit, with broadcasting."""

from __future__ import annotations

from accelsim.program import VectorKernel
from accelsim.workload.builder import Builder, elements
from accelsim.workload.fusion import chain
from accelsim.workload.lowering.matrix import unsupported
from accelsim.workload.records import Access, Along, View
from accelsim.workload.unary import UNARY, unary_attributes
from accelsim.workload.views import is_flattened, physical_axes
from restructure.graph import Node

#: Lane operations per element.
BINARY: dict[str, int] = {"Add": 1, "Sub": 1, "Mul": 1, "Div": 3, "Max": 1, "Min": 1, "PRelu": 2, "Pow": 6}


def unary(builder: Builder, node: Node) -> None:
    """An activation that could not be folded into its producer."""
    _append(builder, node, [builder.view(node.inputs[0])], unary_attributes(builder.graph, node), UNARY[node.op_type])


def binary(builder: Builder, node: Node) -> None:
    """A sum, product, … of two operands; an operand of size 1 along an axis is broadcast."""
    rank = len(builder.graph.tensors[node.outputs[0]].shape)
    views = [_aligned(builder, node, name, rank) for name in node.inputs]
    if any(is_flattened(view) != is_flattened(views[0]) for view in views if view.elements > 1):
        raise unsupported(node, f"{node.op_type} of a flattened map and a vector", "put it before the Flatten")
    _append(builder, node, views, (), BINARY[node.op_type] * (len(views) - 1))


def _aligned(builder: Builder, node: Node, name: str, rank: int) -> View:
    """The operand as a view of the result's rank: ONNX aligns shapes at the right."""
    view = builder.view(name)
    missing = rank - len(view.onnx_shape)
    if missing <= 0 or view.elements == 1:
        return view if view.elements > 1 else View((1, 1, 1, 1), view.pieces, (1,) * rank)
    if len(view.pieces) != 1:
        raise unsupported(node, "broadcasting a concatenation to a higher rank", "give both operands the same rank")
    shape = [1, 1, 1, 1]
    for size, axis in zip((1,) * missing + view.onnx_shape, physical_axes(rank), strict=True):
        shape[axis] = size
    return builder.recast(name, (shape[0], shape[1], shape[2], shape[3]), (1,) * missing + view.onnx_shape)


def _append(
    builder: Builder, node: Node, views: list[View], attributes: tuple[tuple[str, float], ...], work: int
) -> None:
    folded = chain(builder, node.outputs[0])
    slots = tuple("input" if i == 0 else f"input{i}" for i in range(len(views)))
    kernel = VectorKernel(
        node.op_type,
        attributes=attributes,
        input_size=(views[0].shape[1], views[0].shape[2]),
        inputs=slots,
        post=tuple(folded.post),
    )
    sources = [Access(slot, view, Along.SAME, Along.SAME) for slot, view in zip(slots, views, strict=True)]
    outputs = elements(builder.graph.tensors[node.outputs[0]].shape)
    builder.add_layer(
        node,
        kernel,
        [*sources, *folded.residuals],
        folded.output,
        fused=folded.nodes,
        operations=outputs * (work + len(folded.post)),
    )


LOWERING = {**dict.fromkeys(UNARY, unary), **dict.fromkeys(BINARY, binary)}
