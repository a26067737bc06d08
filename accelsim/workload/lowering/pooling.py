"""Pools over windows, on the vector unit."""

from __future__ import annotations

from accelsim.program import VectorKernel
from accelsim.workload.builder import Builder, elements
from accelsim.workload.fusion import Chain, chain
from accelsim.workload.layouts import map_layout
from accelsim.workload.lowering.convolution import pair, window_of
from accelsim.workload.lowering.refusals import unsupported
from accelsim.workload.records import Access, Along
from restructure.graph import Node
from restructure.operators import pool_geometry

#: Lane operations per window element, and per result (a division by a constant is one product, a root three).
_WORK = {"max": (1, 0), "average": (1, 1), "lp": (2, 3)}


def pool(builder: Builder, node: Node) -> None:
    """MaxPool, AveragePool and LpPool over one or two spatial axes."""
    pool_of(builder, node, node.inputs[0], node.op_type)


def pool_of(builder: Builder, node: Node, name: str, operator: str, after: Chain | None = None) -> None:
    """A pool of the value `name`; `after` is what follows it, if not simply what the readers say."""
    geometry = pool_geometry(node, builder.graph)
    rank = len(geometry.kernel)
    if rank > 2:
        raise unsupported(node, f"{node.op_type} over {rank} axes", "1-D and 2-D pools are simulated")
    if len(node.outputs) > 1 and node.outputs[1] and builder.graph.consumers(node.outputs[1]):
        raise unsupported(node, "the Indices output of MaxPool", "remove the output")
    layout = map_layout(rank + 2)
    folded = after or chain(builder, node.outputs[0], layout)
    attributes = [
        ("count_include_pad", float(geometry.count_include_pad)),
        ("ceil_mode", float(geometry.ceil_mode)),
    ]
    if geometry.kind == "lp":
        attributes.append(("p", float(node.attributes.get("p", 2))))
    kernel = VectorKernel(
        operator=operator,
        attributes=tuple(attributes),
        window=window_of(geometry.kernel, geometry.strides, geometry.dilations, geometry.pads),
        input_size=pair(geometry.in_spatial),
        post=tuple(folded.post),
    )
    each, result = _WORK[geometry.kind]
    taps = kernel.window.kernel[0] * kernel.window.kernel[1]
    outputs = elements(builder.shape(node.outputs[0]))
    source = Access("input", builder.view(name, layout), Along.WINDOW, Along.SAME)
    builder.add_layer(
        node,
        kernel,
        [source, *folded.residuals],
        folded.output,
        layout=layout,
        fused=folded.nodes,
        operations=outputs * (taps * each + result + folded.work),
    )


LOWERING = dict.fromkeys(("MaxPool", "AveragePool", "LpPool"), pool)
