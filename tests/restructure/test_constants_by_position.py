"""A constant that has all rows or columns, as position embeddings have, is parted with them."""

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_nodes import model_of, random_array

import restructure
from restructure import graph
from restructure.planning.drafts import Draft
from restructure.planning.studio import Studio
from restructure.plans import BandCut, Plan
from restructure.profile import Definition
from restructure.verify import verify

SHAPES = [(40, 1), (24,), (40, 24), (6, 40, 1), (6, 1, 24), (1, 6, 40, 24), (6, 1, 1), ()]


def embedded(shape: tuple[int, ...], op: str = "Add", opset: int = 17) -> onnx.ModelProto:
    """Two convolutions; between them a constant of some shape is added, and behind them multiplied."""
    nodes = [
        helper.make_node("Conv", ["x", "w0"], ["a"], name="first", pads=[1, 1, 1, 1]),
        helper.make_node(op, ["a", "places"], ["b"], name="places"),
        helper.make_node("Relu", ["b"], ["c"], name="relu"),
        helper.make_node("Conv", ["c", "w1"], ["d"], name="second", pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("MaxPool", ["d"], ["y"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
    ]
    weights = {"w0": random_array((6, 3, 3, 3)), "places": random_array(shape), "w1": random_array((5, 6, 3, 3))}
    return model_of(nodes, {"x": random_array((1, 3, 40, 24))}, ["y"], weights, opset=opset)


def check(net: graph.Graph, plan: Plan) -> onnx.ModelProto:
    new = restructure.rewrite(net, plan)
    assert verify(net, new, plan=plan).problems == ()
    return new


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("op", ["Add", "Mul", "Div"])
def test_a_network_with_a_constant_of_any_shape_is_cut_and_verifies(shape: tuple[int, ...], op: str) -> None:
    net = graph.load(embedded(shape, op))
    plan = restructure.plan(net, max_overhead=0.0)
    assert plan.saving > 0.25
    check(net, plan)


def test_slices_of_old_operator_sets_have_attributes() -> None:
    net = graph.load(embedded((40, 1), opset=9))
    check(net, restructure.plan(net, max_overhead=0.0))


def test_what_is_sliced_is_the_one_weight_there_was() -> None:
    net = graph.load(embedded((1, 6, 40, 24)))
    new = graph.load(check(net, restructure.plan(net, max_overhead=0.0)))
    stored = {name: value.shape for name, value in new.model.graph.initializers.items()}
    assert tuple(stored["places"]) == (1, 6, 40, 24)
    parts = [node for node in new.nodes if node.name.startswith("places")]
    assert len(parts) > 1
    taken = np.concatenate([new.weight(node.inputs[1]) for node in parts], axis=2)
    rows = [net.weight("places")[:, :, row] for row in range(40)]
    assert all(any(np.array_equal(taken[:, :, i], row) for i in range(taken.shape[2])) for row in rows)


def test_a_constant_is_parted_by_rows_and_columns_where_nodes_are() -> None:
    net = graph.load(embedded((1, 6, 40, 24)))
    band = BandCut(("first", "places", "relu", "second", "pool"), 2)
    plan = Studio(net, Definition()).plan(Draft(targets=(4_000,), bands=(band,)))
    new = graph.load(check(net, plan))
    shapes = {new.tensors[node.inputs[1]].shape for node in new.nodes if node.name.startswith("places")}
    assert all(rows < 40 and columns < 24 for _, _, rows, columns in shapes)
