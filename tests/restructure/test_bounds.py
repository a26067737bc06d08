"""The lower bound: below every plan ever found, met where nothing can be cut, and close on the networks it is for."""

from itertools import combinations, product

import onnx
import onnx_ir as ir
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from integer_models import analysed
from random_networks import RandomNetwork

import restructure
from restructure import zoo
from restructure.graph import Graph
from restructure.planning.drafts import WHOLE, Draft
from restructure.planning.studio import Studio
from restructure.profile import Definition, profile


@given(
    st.integers(0, 100_000),
    st.sampled_from([None, 0.0, 0.5, 10.0]),
    st.sampled_from([None, 2, 5]),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=4, deadline=None)
def test_no_plan_of_a_random_network_goes_below_the_bound(
    seed: int, overhead: float | None, parts: int | None, robust: bool, sums: bool
) -> None:
    net = analysed(ir.from_proto(RandomNetwork(seed).build(layers=5)))
    front = restructure.pareto(net, max_overhead=overhead, max_parts=parts, robust=robust, allow_reassociation=sums)
    for plan in front:
        assert 0 <= plan.lower_bound_bytes <= plan.peak_bytes
        assert 0 <= plan.gap <= 1


@given(
    st.integers(0, 100_000), st.sampled_from([Definition(), Definition(dtype="int8"), Definition(input_counted=False)])
)
@settings(max_examples=12, deadline=None)
def test_no_draft_of_up_to_two_cuts_goes_below_the_bound(seed: int, definition: Definition) -> None:
    studio = Studio(analysed(ir.from_proto(RandomNetwork(seed).build(layers=4))), definition)
    network = studio.network()
    nodes = [op.nodes[0].index for op in network.ops[1:]]
    names = frozenset(entry.name for entry in network.tensors)
    drafts = [
        Draft(cuts, targets, recomputed=recomputed, input_rows=rows)
        for count in range(3)
        for cuts in combinations(nodes, count)
        for targets in product((WHOLE, 0), repeat=count + 1)
        for recomputed in (frozenset[str](), names)
        for rows in (0, 1)
    ]
    assert studio.lower_bound <= min(studio.measure(draft).peak_bytes for draft in drafts)


def uncuttable() -> Graph:
    """Return two nodes that need all rows and columns at once, and all channels."""
    nodes = [
        onnx.helper.make_node("Transpose", ["x"], ["a"], perm=[0, 2, 1, 3]),
        onnx.helper.make_node("LayerNormalization", ["a", "scale"], ["b"], axis=1),
        onnx.helper.make_node("ReduceMax", ["b"], ["y"], axes=[1, 2, 3], keepdims=0),
    ]
    value = onnx.helper.make_tensor_value_info
    scale = onnx.helper.make_tensor("scale", 1, [8, 4, 8], [1.0] * 256)
    body = onnx.helper.make_graph(nodes, "whole", [value("x", 1, [1, 4, 8, 8])], [value("y", 1, [1])], [scale])
    return analysed(ir.from_proto(onnx.helper.make_model(body, opset_imports=[onnx.helper.make_opsetid("", 17)])))


def test_the_bound_is_met_where_nothing_can_be_cut() -> None:
    net = uncuttable()
    plan = restructure.plan(net)
    assert plan.peak_bytes == plan.lower_bound_bytes == profile(net).peak_bytes
    assert plan.gap == 0


@pytest.mark.parametrize("name", zoo.names())
def test_the_bound_of_a_standard_network_is_at_least_its_input(name: str) -> None:
    net = zoo.build(name)
    studio = Studio(net, Definition())
    inputs = sum(net.tensors[tensor].bytes for tensor in net.inputs)
    assert inputs <= studio.lower_bound <= profile(net).peak_bytes
