"""Rewriting a graph as its plan says."""

import json
from typing import TYPE_CHECKING

from restructure.graph import Graph
from restructure.plans import Plan
from restructure.rewriting.emitter import Emitter
from restructure.streaming import network_of, stream
from restructure.streaming.schedule import cuts_of, input_rows_of, ordered, phases_of
from restructure.streaming.settling import settled

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["rewrite"]


def rewrite(graph: Graph, plan: Plan) -> "ir.Model":
    """Return a standard ONNX model that computes what `graph` does, part by part; weights stay shared and lazy.

    Inputs, outputs and opset are those of the original (symbolic dimensions as they were pinned). Nodes stand in the
    order that gives the plan's profile. Names depend on graph and plan alone. The plan is kept in the model's metadata,
    and nothing depends on it.

    Raises:
        PlanError: the plan was made for another graph.
    """
    graph = ordered(graph, plan)
    network = network_of(graph, plan.definition, cuts_of(plan))
    program = stream(network, phases_of(network, plan), input_rows_of(network, plan))
    program = settled(network, program, plan.definition)
    inputs = _inputs(graph)
    emitter = Emitter(graph, network, program, inputs)
    emitter.run()
    return _model(graph, plan, emitter, inputs)


def _inputs(graph: Graph) -> "dict[str, ir.Value]":
    import onnx_ir as ir

    types = {str(value.name): value for value in graph.model.graph.inputs}
    return {
        name: ir.Value(name=name, type=types[name].type, shape=ir.Shape(graph.tensors[name].shape))
        if name in graph.tensors
        else ir.Value(name=name, type=types[name].type, shape=types[name].shape)
        for name in graph.inputs
    }


def _outputs(graph: Graph, emitter: Emitter, inputs: "dict[str, ir.Value]") -> "list[ir.Value]":
    import onnx_ir as ir

    blocks = {emitter.network.tensors[t].name: emitter.values[b] for t, b in emitter.program.delivered.items()}
    outputs = []
    for value, name in zip(graph.model.graph.outputs, graph.outputs, strict=True):
        made = blocks.get(name) or inputs.get(name) or emitter.constants.get(name)
        if name not in inputs:
            made.type, made.shape = value.type, ir.Shape(graph.tensors[name].shape)
        outputs.append(made)
    return outputs


def _model(graph: Graph, plan: Plan, emitter: Emitter, inputs: "dict[str, ir.Value]") -> "ir.Model":
    import onnx_ir as ir

    original = graph.model
    outputs = _outputs(graph, emitter, inputs)
    constants = emitter.constants
    # Old files list their weights among the inputs; what is still used stays there.
    listed = [inputs.get(str(v.name)) or constants.values.get(str(v.name)) for v in original.graph.inputs]
    body = ir.Graph(
        [value for value in listed if value is not None],
        outputs,
        nodes=[*constants.nodes, *emitter.nodes],
        initializers=list(constants.values.values()),
        opset_imports=dict(original.graph.opset_imports),
        name=original.graph.name,
        doc_string=original.graph.doc_string,
    )
    model = ir.Model(
        body,
        ir_version=max(original.ir_version, 4),
        producer_name=original.producer_name,
        producer_version=original.producer_version,
        domain=original.domain,
        model_version=original.model_version,
        doc_string=original.doc_string,
    )
    model.metadata_props.update(original.metadata_props)
    model.metadata_props["restructure.plan"] = json.dumps(plan.to_dict(), sort_keys=True)
    return model
