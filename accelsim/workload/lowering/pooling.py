"""Pools and averages over a map, on the vector unit."""

from __future__ import annotations

from accelsim.program import VectorKernel, Window
from accelsim.workload.builder import Builder, elements
from accelsim.workload.fusion import chain
from accelsim.workload.lowering.matrix import unsupported
from accelsim.workload.records import Access, Along
from restructure.graph import Node
from restructure.operators import pool_geometry, reduce_axes


def pool(builder: Builder, node: Node) -> None:
    """MaxPool and AveragePool: one lane operation per window element (and one to divide)."""
    geometry = pool_geometry(node, builder.graph)
    if len(geometry.kernel) != 2 or geometry.kind not in ("max", "average"):
        raise unsupported(
            node, f"{node.op_type} over {len(geometry.kernel)} axes", "2-D max and average pools are simulated"
        )
    if len(node.outputs) > 1 and node.outputs[1]:
        raise unsupported(node, "the Indices output of MaxPool", "remove the output")
    folded = chain(builder, node.outputs[0])
    (kh, kw), (sy, sx), (dy, dx) = geometry.kernel, geometry.strides, geometry.dilations
    top, left, bottom, right = geometry.pads
    kernel = VectorKernel(
        operator=node.op_type,
        attributes=(
            ("count_include_pad", float(geometry.count_include_pad)),
            ("ceil_mode", float(geometry.ceil_mode)),
        ),
        window=Window((kh, kw), (sy, sx), (dy, dx), (top, left, bottom, right)),
        input_size=(geometry.in_spatial[0], geometry.in_spatial[1]),
        post=tuple(folded.post),
    )
    work = kh * kw + (geometry.kind == "average") + len(folded.post)
    outputs = elements(builder.graph.tensors[node.outputs[0]].shape)
    source = Access("input", builder.view(node.inputs[0]), Along.WINDOW, Along.SAME)
    builder.add_layer(
        node, kernel, [source, *folded.residuals], folded.output, fused=folded.nodes, operations=outputs * work
    )


def global_average(builder: Builder, node: Node) -> None:
    """GlobalAveragePool, GlobalMaxPool and ReduceMean over rows and columns: one lane operation per input element."""
    view = builder.view(node.inputs[0])
    if node.op_type.startswith("Reduce") and tuple(sorted(reduce_axes(node, builder.graph))) != (2, 3):
        raise unsupported(node, f"{node.op_type} over axes other than rows and columns", "use axes [2, 3]")
    folded = chain(builder, node.outputs[0])
    operator = "GlobalAveragePool" if node.op_type == "ReduceMean" else node.op_type
    kernel = VectorKernel(operator, input_size=(view.shape[1], view.shape[2]), post=tuple(folded.post))
    source = Access("input", view, Along.ALL, Along.SAME)
    outputs = view.shape[0] * view.shape[3]
    builder.add_layer(
        node,
        kernel,
        [source, *folded.residuals],
        folded.output,
        fused=folded.nodes,
        operations=view.elements + outputs * (1 + len(folded.post)),
    )


LOWERING = {
    "MaxPool": pool,
    "AveragePool": pool,
    "GlobalAveragePool": global_average,
    "GlobalMaxPool": global_average,
    "ReduceMean": global_average,
}
