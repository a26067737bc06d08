"""What may be folded into a layer, and what may not."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from accelsim.errors import ModelUnsupportedError
from accelsim.workload import Workload, build
from restructure.graph import load


def built(nodes, outputs=("y",), weights=None, shape=(1, 4, 6, 6), opset=17) -> Workload:
    weights = {"w": np.ones((4, 4, 3, 3), np.float32), **(weights or {})}
    graph = helper.make_graph(
        [helper.make_node(op, i.split(), o.split(), **a) for op, i, o, a in nodes],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return build(load(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)))


CONV = ("Conv", "x w", "c", {"pads": [1, 1, 1, 1]})


def folded(workload: Workload) -> list[int]:
    return [len(layer.fused) for layer in workload.layers]


def test_an_activation_with_a_single_reader_is_folded():
    assert folded(built([CONV, ("Relu", "c", "y", {})])) == [1]


def test_a_value_that_is_a_network_output_is_not_folded_away():
    assert folded(built([CONV, ("Relu", "c", "y", {})], outputs=("c", "y"))) == [0, 0]


def test_a_value_with_two_readers_is_not_folded_away():
    nodes = [CONV, ("Relu", "c", "a", {}), ("Neg", "c", "b", {}), ("Add", "a b", "y", {})]
    assert folded(built(nodes)) == [0, 0, 1]


def test_a_product_with_a_function_of_itself_is_folded_as_a_fork():
    assert folded(built([CONV, ("Sigmoid", "c", "s", {}), ("Mul", "c s", "y", {})])) == [2]


def test_a_fork_whose_detour_leaves_the_pipeline_is_not_folded():
    nodes = [CONV, ("GlobalAveragePool", "c", "s", {}), ("Mul", "c s", "y", {})]
    assert folded(built(nodes)) == [0, 0, 0]


def test_a_residual_is_added_by_the_producer_that_comes_last():
    nodes = [CONV, ("Conv", "c w", "d", {"pads": [1, 1, 1, 1]}), ("Add", "c d", "a", {}), ("Relu", "a", "y", {})]
    assert folded(built(nodes)) == [0, 2]


def test_a_residual_that_does_not_exist_yet_is_not_waited_for():
    nodes = [CONV, ("Conv", "x w", "d", {"pads": [1, 1, 1, 1]}), ("Relu", "d", "e", {}), ("Add", "c e", "y", {})]
    assert folded(built(nodes)) == [0, 2]


def test_a_broadcast_that_enlarges_the_result_is_not_folded():
    nodes = [("GlobalAveragePool", "x", "g", {}), ("Relu", "g", "r", {}), ("Add", "r x", "y", {})]
    assert folded(built(nodes)) == [1, 0]


def test_a_normalisation_behind_an_activation_stays_a_step_of_its_own():
    vectors = {name: np.ones(4, np.float32) for name in "sbmv"}
    nodes = [CONV, ("Relu", "c", "r", {}), ("BatchNormalization", "r s b m v", "y", {})]
    assert folded(built(nodes, weights=vectors)) == [1, 0]


def test_every_problem_is_named_at_once_with_counts():
    nodes = [("CumSum", "x k", "a", {}), ("CumSum", "a k", "b", {}), ("Neg", "b", "y", {})]
    with pytest.raises(ModelUnsupportedError, match=r"^g: operators that cannot be simulated yet: CumSum \(2×\)"):
        built(nodes, weights={"k": np.array(1)})


def test_forms_that_cannot_be_simulated_are_named_together():
    cube = {"k": np.ones((4, 4, 1, 1, 1, 1), np.float32)}
    nodes = [("Conv", "x k", "a", {}), ("MaxPool", "a", "y", {"kernel_shape": [1, 1, 1, 1]})]
    with pytest.raises(ModelUnsupportedError, match=r"^g: 2 nodes: .*4 spatial axes.*over 4 axes"):
        built(nodes, weights=cube, shape=(1, 4, 2, 2, 2, 2))
