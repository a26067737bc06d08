"""Rounding errors are measured against what an output is made of, where its own values are far smaller."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import restructure
from restructure import graph
from restructure.verify import verify
from restructure.verify.comparison import Deviation

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


def test_a_deviation_is_relative_to_the_larger_of_the_output_and_what_it_is_made_of() -> None:
    found = Deviation("y", 2.0, 0.5)
    assert found.beside(8.0).max_rel_error == 0.25
    assert found.beside(1.0).max_rel_error == 0.5
    assert found.beside(0.0) == found.beside(float("inf")) == found
    assert Deviation("y", float("inf"), float("inf")).beside(8.0).max_rel_error == float("inf")
