"""Rounding errors are allowed what a network magnifies a change of its inputs by, where its outputs are clipped."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import restructure
from restructure import graph
from restructure.verify import comparison, magnification, tolerance_of, verify
from restructure.verify.runtime import Arrays

SEED = 0


def clipped(first: int = 0) -> onnx.ModelProto:
    """A product of products whose values, in the thousands, are clipped to −7..7."""
    constants = {"first": [first], "last": [first + 4], "axis": [2], "low": -7.0, "high": 7.0}
    arrays = [
        numpy_helper.from_array(np.array(value, np.int64 if isinstance(value, list) else np.float32), name)
        for name, value in constants.items()
    ]
    nodes = [
        helper.make_node("Transpose", ["x"], ["xt"], perm=[0, 1, 3, 2], name="turn"),
        helper.make_node("MatMul", ["x", "xt"], ["square"], name="square"),
        helper.make_node("Slice", ["square", "first", "last", "axis"], ["top"], name="top"),
        helper.make_node("Transpose", ["top"], ["topt"], perm=[0, 1, 3, 2], name="turn_top"),
        helper.make_node("MatMul", ["top", "topt"], ["fourth"], name="fourth"),
        helper.make_node("Clip", ["fourth", "low", "high"], ["y"], name="clip"),
    ]
    shape = [1, 1, 10, 21]
    graph_ = helper.make_graph(
        nodes,
        "clipped",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 4, 4])],
        arrays,
    )
    return helper.make_model(graph_, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_clipped_from_large_values_verifies_whatever_the_seed(seed: int) -> None:
    net = graph.load(clipped())
    plan = restructure.plan(net)
    found = verify(net, restructure.rewrite(net, plan), plan=plan, seed=seed)
    assert found.problems == ()
    assert found.max_rel_error <= found.tolerance


def test_one_row_too_low_is_still_seen_on_random_numbers() -> None:
    problems = verify(graph.load(clipped()), graph.load(clipped(first=1)), seed=SEED).problems
    assert any("on random numbers, tolerance" in problem for problem in problems)


def test_a_change_is_magnified_by_what_the_network_does_to_it_within_bounds() -> None:
    x, whole = np.linspace(-1, 1, 7, dtype=np.float32), np.arange(3)

    def by(factor: float) -> float:
        def run(feeds: Arrays) -> Arrays:
            assert feeds["n"] is whole
            return {"y": np.tanh(factor * feeds["x"]) + 0.0}

        feeds = {"x": x, "n": whole}
        return magnification(run, feeds, run(feeds))["y"]

    assert by(0.5) == 1.0
    steep = {"x": x[3:5]}
    gain = magnification(lambda f: {"y": f["x"] - np.float32(0.3)}, steep, {"y": steep["x"] - np.float32(0.3)})["y"]
    assert gain == pytest.approx(np.float32(1 / 3) / np.float32(0.3), rel=1e-3)
    assert magnification(lambda f: {"y": 1e6 * f["x"]}, steep, {"y": steep["x"]})["y"] == 64.0


def test_infinite_and_missing_numbers_are_left_out() -> None:
    before = np.array([1.0, np.inf, np.nan, 2.0], np.float32)
    assert magnification(lambda f: {"y": f["x"]}, {"x": before}, {"y": before})["y"] == pytest.approx(1.0)


def test_only_what_is_beyond_the_tolerance_is_allowed_more() -> None:
    net = graph.load(clipped())
    found = verify(net, net, seed=SEED)
    assert (found.max_rel_error, found.tolerance) == (0.0, tolerance_of(net))


def star(last: str = "Add", *, off: bool = False) -> onnx.ModelProto:
    """Blocks x + g(relu6(a(x)) · b(x)): with weights of usual size values grow a hundredfold every few blocks.

    Args:
        off: the first sum over channels is 2e-5 off. Rounding alone is off by so little that on some processors nothing
            flips from one side of a clip to the other.
    """
    rng = np.random.default_rng(0)
    arrays, nodes, before = [], [], "x"
    for block in range(16):
        for name, (m, n) in {"a": (24, 8), "b": (24, 8), "g": (8, 24)}.items():
            values = rng.standard_normal((m, n, 1, 1)).astype(np.float32)
            arrays.append(numpy_helper.from_array(values, f"{name}{block}"))
        result = "y" if block == 15 else f"x{block}"
        nodes += [
            helper.make_node("Conv", [before, f"a{block}"], [f"l{block}"]),
            helper.make_node("Clip", [f"l{block}", "low", "high"], [f"c{block}"]),
            helper.make_node("Conv", [before, f"b{block}"], [f"r{block}"]),
            helper.make_node("Mul", [f"c{block}", f"r{block}"], [f"m{block}"]),
            helper.make_node("Conv", [f"m{block}", f"g{block}"], [f"f{block}"]),
            helper.make_node(last if block == 15 else "Add", [before, f"f{block}"], [result]),
        ]
        before = result
    if off:
        exact, nearly_one = "l0_exact", np.float32(1 + 2e-5)
        nodes[0:1] = [helper.make_node("Conv", ["x", "a0"], [exact]), helper.make_node("Mul", [exact, "f"], ["l0"])]
        arrays.append(numpy_helper.from_array(nearly_one, "f"))
    arrays += [numpy_helper.from_array(np.float32(value), name) for name, value in (("low", 0), ("high", 6))]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 8, 32, 32]) for name in "xy"]
    body = helper.make_graph(nodes, "star", values[:1], values[1:], arrays)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def test_where_values_outgrow_what_clips_them_smaller_weights_are_taken() -> None:
    whole, other = graph.load(star()), graph.load(star(off=True))
    (usual,), says_nothing = comparison._compare_random(whole, other, SEED, gain=1.0)
    assert says_nothing
    assert not usual.is_explained
    (found,) = comparison.compare_random(whole, other, SEED)
    assert 0 < found.max_rel_error <= found.tolerance < 1e-3


def test_with_smaller_weights_a_wrong_block_is_still_seen() -> None:
    (found,) = comparison.compare_random(graph.load(star()), graph.load(star("Sub", off=True)), SEED)
    assert not found.is_explained
