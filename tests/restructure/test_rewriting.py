"""A rewritten model is an ordinary ONNX file that computes the same bits and has the predicted profile."""

from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from integer_models import analysed, integer_feeds, integer_weights, outputs
from onnx import helper
from onnx_nodes import model_of, random_array
from random_networks import RandomNetwork, random_draft

import restructure
from restructure import graph, zoo
from restructure.errors import PlanError
from restructure.planning.studio import Studio
from restructure.profile import Definition, profile
from restructure.verify import verify


def check(net: restructure.graph.Graph, plan: restructure.Plan) -> ir.Model:
    """Assert that the plan's figures are those of the emitted model, and that outputs are equal bit for bit."""
    model = restructure.rewrite(net, plan)
    emitted = analysed(model)
    measured = profile(emitted, plan.definition)
    assert (measured.peak_bytes, measured.peak_elements) == (plan.peak_bytes, plan.peak_elements)
    assert (len(emitted.nodes), emitted.macs) == (plan.nodes, plan.macs)
    feeds = integer_feeds(net)
    for before, after in zip(outputs(net.model, feeds), outputs(model, feeds), strict=True):
        assert np.abs(before).max() < 2**24
        np.testing.assert_array_equal(before, after)
    return model


@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(8, 60))])
def test_any_plan_of_a_random_network_keeps_every_bit_and_meets_its_prediction(seed: int) -> None:
    net = analysed(ir.from_proto(RandomNetwork(seed).build()))
    studio = Studio(net, Definition(), None)
    for number in range(3):
        check(net, studio.plan(random_draft(studio, 100 * seed + number)))


@pytest.mark.parametrize("limits", [{}, {"max_overhead": 0.0}, {"robust": True}, {"max_parts": 4}], ids=str)
def test_the_plans_of_tiny_keep_every_bit(limits: dict[str, object]) -> None:
    net = analysed(integer_weights(zoo.model("tiny")))
    plan = restructure.plan(net, **limits)  # type: ignore[arg-type]
    check(net, plan)
    assert plan.saving > 0.3


def test_a_plan_survives_its_trip_through_a_dictionary() -> None:
    net = zoo.build("tiny")
    plan = restructure.plan(net)
    again = restructure.Plan.from_dict(plan.to_dict())
    assert again == plan
    one, two = (ir.to_proto(restructure.rewrite(net, p)).graph.node for p in (plan, again))
    assert [n.name for n in one] == [n.name for n in two]


def test_a_plan_for_another_network_is_refused() -> None:
    plan = restructure.plan(zoo.build("tiny"))
    with pytest.raises(PlanError, match=r"^plan: was made for another graph than 'tiny'; make the plan again$"):
        restructure.rewrite(zoo.build("squeezenet1.1"), plan)


def test_a_plan_of_another_version_is_refused() -> None:
    with pytest.raises(PlanError, match=r"^plan: version must be 1, got 7; make the plan again$"):
        restructure.Plan.from_dict({"version": 7})


def test_inputs_outputs_and_opset_stay_and_weights_stay_lazy() -> None:
    net = zoo.build("tiny")
    model = restructure.rewrite(net, restructure.plan(net))
    assert [v.name for v in model.graph.inputs] == ["input"]
    assert [v.name for v in model.graph.outputs] == ["output"]
    assert model.opset_imports == net.model.opset_imports
    assert model.graph.initializers["fc.weight"].const_value is net.model.graph.initializers["fc.weight"].const_value
    onnx.checker.check_model(ir.to_proto(model), full_check=True)


def test_nothing_depends_on_the_metadata() -> None:
    net = analysed(integer_weights(zoo.model("tiny")))
    model = restructure.rewrite(net, restructure.plan(net))
    assert "restructure.plan" in model.metadata_props
    model.metadata_props.clear()
    feeds = integer_feeds(net)
    np.testing.assert_array_equal(outputs(net.model, feeds)[0], outputs(model, feeds)[0])


@pytest.mark.parametrize("parts", [(20, 44), (44, 20), (8, 40, 16)])
@pytest.mark.parametrize("limits", [{}, {"max_overhead": 0.0}, {"robust": True}])
def test_a_split_into_uneven_rows_is_made_once(parts: tuple[int, ...], limits: dict[str, Any]) -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"], pads=[1] * 4)]
    nodes.append(helper.make_node("Split", ["a", "rows"], [f"s{i}" for i in range(len(parts))], axis=2))
    for i in range(len(parts)):
        nodes.append(helper.make_node("Conv", [f"s{i}", "v"], [f"c{i}"], pads=[1] * 4))
        nodes.append(helper.make_node("MaxPool", [f"c{i}"], [f"p{i}"], kernel_shape=[2, 2], strides=[2, 2]))
    nodes.append(helper.make_node("Concat", [f"p{i}" for i in range(len(parts))], ["y"], axis=2))
    weights = {"w": random_array((8, 3, 3, 3)), "v": random_array((32, 8, 3, 3)), "rows": np.array(parts)}
    net = graph.load(model_of(nodes, {"x": random_array((1, 3, 64, 64))}, ["y"], weights))
    cut = restructure.plan(net, **limits)
    made = restructure.rewrite(net, cut)
    assert [node.op_type for node in made.graph].count("Split") == 1
    assert verify(net, made, plan=cut).problems == ()
