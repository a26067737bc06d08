"""Networks that round to scales: an integer kernel in the place of one is no difference, a wrong row is."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_nodes import model_of, random_array

from restructure import graph
from restructure.planning import plan
from restructure.rewriting import rewrite
from restructure.verify import verify
from restructure.verify.comparison import _feeds, _Twins, compare_integers, compare_random
from restructure.verify.roles import Role, Weight
from restructure.verify.values import power_of_two, random_weight


def quantised(channels: int = 8, rows: int = 32, layers: int = 4) -> onnx.ModelProto:
    """Convolutions between QuantizeLinear and DequantizeLinear, as quantisers write them, and a global average."""
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, np.ndarray] = {"zero": np.int8(3)}

    def rounded(x: str, scale: float) -> str:
        constants[f"{x}_scale"] = np.float32(scale)
        nodes.append(helper.make_node("QuantizeLinear", [x, f"{x}_scale", "zero"], [f"{x}_steps"]))
        nodes.append(helper.make_node("DequantizeLinear", [f"{x}_steps", f"{x}_scale", "zero"], [f"{x}_real"]))
        return f"{x}_real"

    last = rounded("x", 0.031)
    for number in range(layers):
        inputs = 3 if number == 0 else channels
        constants[f"w{number}"] = random_array((channels, inputs, 3, 3), np.int8, seed=number)
        constants[f"s{number}"] = np.float32(0.0011)
        constants[f"b{number}"] = random_array((channels,), seed=number)
        nodes.append(helper.make_node("DequantizeLinear", [f"w{number}", f"s{number}"], [f"filters{number}"]))
        names = [last, f"filters{number}", f"b{number}"]
        nodes.append(helper.make_node("Conv", names, [f"c{number}"], pads=[1] * 4))
        nodes.append(helper.make_node("HardSwish", [rounded(f"c{number}", 0.047)], [f"r{number}"]))
        last = rounded(f"r{number}", 0.023)
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["mean"]))
    last = rounded("mean", 0.008)
    nodes.append(helper.make_node("Flatten", [last], ["y"]))
    return model_of(nodes, {"x": random_array((1, 3, rows, rows))}, ["y"], constants)


@pytest.mark.parametrize("seed", range(3))
def test_a_quantised_network_cut_by_rows_is_equal_in_every_bit(seed: int) -> None:
    net = graph.load(quantised())
    cut = plan(net)
    assert cut.parts > 1
    found = verify(net, rewrite(net, cut), plan=cut, seed=seed)
    assert found.problems == ()
    assert found.max_abs_error == 0.0


def test_a_dynamically_quantised_network_is_cut_between_its_scales() -> None:
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, np.ndarray] = {"two": np.float32(2), "first": random_array((32, 3, 3, 3))}
    constants |= {"w": random_array((8, 32, 3, 3), np.int8), "last": random_array((4, 8, 3, 3), seed=1)}
    nodes += [
        helper.make_node("Conv", ["x", "first"], ["wide"], pads=[1] * 4),
        helper.make_node("MaxPool", ["wide"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("DynamicQuantizeLinear", ["pooled"], ["steps", "scale", "zero"]),
        helper.make_node("ConvInteger", ["steps", "w", "zero"], ["whole"], pads=[1] * 4),
        helper.make_node("Cast", ["whole"], ["real"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Mul", ["scale", "two"], ["twice"]),
        helper.make_node("Mul", ["real", "twice"], ["scaled"]),
        helper.make_node("Conv", ["scaled", "last"], ["y"], pads=[1] * 4),
    ]
    last = "y"
    net = graph.load(model_of(nodes, {"x": random_array((1, 3, 64, 64))}, [last], constants))
    cut = plan(net, max_overhead=0.0)
    assert cut.parts > 1
    found = verify(net, rewrite(net, cut), plan=cut)
    assert found.problems == ()


def wrong(change: str) -> onnx.ModelProto:
    """The network with one thing wrong that an output shows only through roundings behind it."""
    model = quantised()
    if change == "one step of a zero point":
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.int8(4), "next"))
        next(n for n in model.graph.node if n.output[0] == "c1_real").input[2] = "next"
    elif change == "a scale of its neighbour":
        for node in model.graph.node:
            if node.output[0] in ("r1_steps", "r1_real"):
                node.input[1] = "c1_scale"
    elif change == "a row less":
        first = next(n for n in model.graph.node if n.output[0] == "c2")
        (pads,) = first.attribute
        pads.ints[:] = [2, 1, 0, 1]
    return model


@pytest.mark.parametrize("change", ["one step of a zero point", "a scale of its neighbour", "a row less"])
def test_what_is_wrong_in_a_quantised_network_is_seen_by_random_numbers_and_by_integers(change: str) -> None:
    net = graph.load(quantised())
    (same,) = compare_random(net, graph.load(wrong("nothing")), 0)
    assert same.max_rel_error == 0.0
    (far,) = compare_random(net, graph.load(wrong(change)), 0)
    assert not far.is_explained
    assert far.max_rel_error > 100 * far.tolerance
    assert compare_integers(net, graph.load(wrong("nothing")), 0) == ()
    assert compare_integers(net, graph.load(wrong(change)), 0) != ()


def test_numbers_behind_a_rounding_are_many_and_of_usual_size() -> None:
    net = graph.load(quantised())
    with _Twins(net, lambda weight: random_weight(weight, 0, on_grid=True), integer=False, on_grid=True) as twins:
        (y,) = twins.run(net, _feeds(net, 0, integer=False)).values()
    assert len(np.unique(y)) >= 4
    assert 0.01 < np.abs(y).max() < 10


@pytest.mark.parametrize("values", [[1.0, 3.0, 0.0011, 0.0], [2.0**-9, 1e30, float("inf"), float("nan")]])
def test_scales_become_the_powers_of_two_nearest_by_ratio(values: list[float]) -> None:
    found = power_of_two(np.array(values, np.float32))
    for value, power in zip(values, found, strict=True):
        if value > 0 and np.isfinite(value):
            assert np.frexp(power)[0] == 0.5
            assert 2**-0.5 <= power / value <= 2**0.5
        else:
            assert np.isnan(power) if np.isnan(value) else power == value


@pytest.mark.parametrize(("role", "fan_in"), [("filter", 27), ("filter", 4608), ("bias", 1), ("scale", 1)])
def test_weights_on_a_grid_are_some_hundred_numbers_near_those_off_it(role: Role, fan_in: int) -> None:
    weight = Weight("w", (1000,), role, fan_in)
    off, on = random_weight(weight, 0), random_weight(weight, 0, on_grid=True)
    steps = np.unique(on)
    step = np.diff(steps).min()
    assert np.frexp(step)[0] == 0.5
    assert np.array_equal(on / step, np.rint(on / step))
    assert np.abs(on - off).max() <= step / 2
    assert 30 <= len(steps) <= 300
