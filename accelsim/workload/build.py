"""From a graph to a workload: every node lowered, every operator accounted for."""

from __future__ import annotations

from collections import Counter

from accelsim.errors import ModelUnsupportedError
from accelsim.program import TensorKind
from accelsim.workload.builder import Builder
from accelsim.workload.lowering import LOWERING
from accelsim.workload.records import NamedView, Workload
from restructure.graph import Graph


def build(graph: Graph) -> Workload:
    """The layers of a network in the order of its nodes.

    Args:
        graph: a model with static shapes.

    Raises:
        ModelUnsupportedError: an operator cannot be costed; all of them are named, with how often they occur.
    """
    _refuse_unknown(graph)
    builder = Builder(graph)
    inputs = [builder.activation(name, TensorKind.INPUT) for name in graph.inputs]
    for node in graph.nodes:
        if node.index not in builder.folded:
            LOWERING[node.op_type](builder, node)
    outputs = tuple(NamedView(name, builder.view(name)) for name in graph.outputs)
    for output in outputs:
        builder.mark_output(output.view)
    return Workload(
        name=graph.name,
        storages=tuple(builder.storages),
        layers=tuple(builder.layers),
        inputs=tuple(inputs),
        outputs=outputs,
        values=builder.values,
        operators=len(graph.nodes),
        macs=sum(layer.macs for layer in builder.layers),
        parameters=graph.parameter_count,
        costed_operators=len(graph.nodes),
    )


def _refuse_unknown(graph: Graph) -> None:
    unknown = Counter(n.op_type for n in graph.nodes if n.op_type not in LOWERING)
    if unknown:
        listed = ", ".join(f"{name} ({count}×)" for name, count in sorted(unknown.items()))
        raise ModelUnsupportedError(
            f"{graph.name}: operators that cannot be simulated yet: {listed}; "
            f"rewrite them with supported ones: {', '.join(sorted(LOWERING))}"
        )
