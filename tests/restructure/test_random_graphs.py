"""Random networks: two executors agree on them, two counts agree on them, and restructuring them changes no value."""

from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from hypothesis import HealthCheck, Phase, currently_in_test_context, given, note, settings
from onnx import helper
from onnx_nodes import model_of, run
from random_graphs import Network, networks
from reference import execute

import restructure
from restructure import graph
from restructure.plans import Plan
from restructure.profile import Definition, profile
from restructure.verify import count, verify

quick = settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
long = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))

LIMITS: tuple[dict[str, Any], ...] = (
    {},
    {"max_overhead": 0.0},
    {"max_overhead": 0.5, "max_parts": 3},
    {"robust": True, "max_overhead": 0.5},
)


def check_the_executors_agree(network: Network) -> None:
    ours = execute(network.model, network.feeds)
    for (name, expected), got in zip(ours.items(), run(network.model, network.feeds), strict=True):
        if network.exact:
            np.testing.assert_array_equal(got, expected, err_msg=name)
        else:
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max(initial=1))


def check_the_counts_agree(network: Network) -> None:
    net = graph.load(network.model)
    for definition in (Definition(), Definition(activation_in_place=False), Definition(add_in_place=True)):
        counted, found = count(net, definition), profile(net, definition)
        assert [step.live_elements for step in counted.steps] == [step.live_elements for step in found.steps]


def check_restructuring(network: Network, limits: dict[str, Any]) -> Plan:
    net = graph.load(network.model)
    plan = restructure.plan(net, **limits)
    if currently_in_test_context():
        note(f"{limits}: {plan.saving:.1%} at {plan.mac_overhead:+.1%}, {plan.nodes} nodes for {plan.baseline_nodes}")
    model = restructure.rewrite(net, plan)
    assert verify(net, model, plan=plan).problems == ()
    assert plan.peak_bytes <= plan.baseline_bytes
    assert plan.mac_overhead <= limits.get("max_overhead", float("inf")) + 1e-12
    before, after = execute(network.model, network.feeds), execute(ir.to_proto(model), network.feeds)
    for name, expected in before.items():
        # each element is summed in the same order on both sides: averages agree to the last bit as well
        np.testing.assert_allclose(after[name], expected, rtol=0 if network.exact else 1e-12, atol=0, err_msg=name)
    return plan


@quick
@given(networks())
def test_the_reference_agrees_with_onnxruntime(network: Network) -> None:
    check_the_executors_agree(network)


@quick
@given(networks())
def test_the_count_agrees_with_the_profile(network: Network) -> None:
    check_the_counts_agree(network)


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@settings(quick, max_examples=3)
@given(network=networks())
def test_restructuring_changes_no_value_and_keeps_its_promise(limits: dict[str, Any], network: Network) -> None:
    check_restructuring(network, limits)


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize(("height", "kernels"), [(7, (1, 3)), (24, (4, 4)), (11, (4, 2))])
def test_results_of_one_split_may_be_read_at_different_paces(
    height: int, kernels: tuple[int, int], limits: dict[str, Any]
) -> None:
    x = np.random.default_rng(0).integers(-4, 5, (1, 1, height, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "filters"], ["c"], pads=[1, 0, 1, 0]),
        helper.make_node("Split", ["c", "sizes"], ["a", "b"], axis=1),
        helper.make_node("MaxPool", ["a"], ["p"], kernel_shape=[kernels[0], 1], strides=[2, 1]),
        helper.make_node("MaxPool", ["b"], ["q"], kernel_shape=[kernels[1], 1], strides=[3, 1]),
    ]
    constants = {"filters": np.ones((5, 1, 3, 1), np.float32), "sizes": np.array([1, 4])}
    model = onnx.shape_inference.infer_shapes(model_of(nodes, {"x": x}, ["p", "q"], constants), strict_mode=True)
    check_restructuring(Network(model, {"x": x}, exact=True), limits)


@pytest.mark.slow
@long
@given(networks())
def test_many_times_the_executors_and_the_counts_agree(network: Network) -> None:
    check_the_executors_agree(network)
    check_the_counts_agree(network)


@pytest.mark.slow
@pytest.mark.parametrize("limits", LIMITS, ids=str)
@long
@given(network=networks(largest=12))
def test_many_times_restructuring_changes_no_value_and_keeps_its_promise(
    limits: dict[str, Any], network: Network
) -> None:
    check_restructuring(network, limits)


def test_the_reference_sees_a_changed_pad() -> None:
    from strips import X, in_strips, set_pads, whole

    model = in_strips()
    assert isinstance(model, onnx.ModelProto)
    before = execute(whole(), X)["y"]
    np.testing.assert_allclose(execute(model, X)["y"], before, rtol=1e-12)
    set_pads(model, "conv2_0", [0, 1, 1, 1])
    assert np.abs(execute(model, X)["y"] - before).max() > 0.01
