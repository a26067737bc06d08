"""Reductions and normalisations over more than the scratchpad holds, in passes, beside onnxruntime."""

import numpy as np
import pytest
from single import SMALL, assert_equal, model, node, normal, run

from accelsim.compiler import oversized
from accelsim.errors import DoesNotFitError
from accelsim.hardware import load
from accelsim.program import Opcode
from accelsim.simulation import compile_model, time_run
from accelsim.workload import build
from restructure.graph import load as load_graph

MAP = (1, 2, 60, 40)
"""A channel's map and its normalised twin are 4,800 B, the scratchpad 3,072."""

MANY = (2, 3, 80, 42)
REDUCTIONS = ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare")


@pytest.mark.parametrize("axes", [(2, 3), (1, 2, 3), (0, 1, 2, 3), (0, 2, 3)])
@pytest.mark.parametrize("operator", REDUCTIONS)
def test_reductions_over_several_axes(operator, axes):
    values = np.exp(normal(*MANY) / 64)  # products of thousands stay finite
    result = run([node(f"Reduce{operator}", "x", axes=axes)], {"x": values}, hardware=SMALL, opset=11)
    assert_equal(result)
    assert result.layers[0].name.endswith("·columns")


@pytest.mark.parametrize("operator", ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"])
def test_global_pools(operator):
    result = run([node(operator, "x")], {"x": normal(1, 2, 96, 60)}, hardware=SMALL)
    assert_equal(result)
    assert len(result.layers) == 2


def test_what_follows_a_reduction_follows_its_last_pass():
    nodes = [node("ReduceMean", "x", "m", axes=(1, 2, 3)), node("Sigmoid", "m", "y")]
    result = run(nodes, {"x": normal(*MANY)}, hardware=SMALL)
    assert_equal(result)
    assert [len(layer.kernel.post) for layer in result.layers] == [0, 0, 1]


NORMALISATIONS = {
    "InstanceNormalization": (node("InstanceNormalization", "x s b"), (2,), 17),
    "LayerNormalization": (node("LayerNormalization", "x s b", axis=1), MAP[1:], 17),
    "a LayerNormalization of maps": (node("LayerNormalization", "x s", axis=2), MAP[2:], 17),
    "MeanVarianceNormalization": (node("MeanVarianceNormalization", "x", axes=(0, 2, 3)), (), 13),
    "GroupNormalization": (node("GroupNormalization", "x s b", num_groups=1), (2,), 21),
}


@pytest.mark.parametrize("name", NORMALISATIONS)
def test_normalisations(name):
    norm, shape, opset = NORMALISATIONS[name]
    weights = {"s": normal(*shape, seed=1), "b": normal(*shape, seed=2)}
    weights = {key: weights[key] for key in norm.input if key in weights}
    result = run([norm], {"x": normal(*MAP) + 3}, weights, hardware=SMALL, opset=opset)
    assert_equal(result)
    assert result.kernels[-1] == "Normalize"


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_a_group_normalisation_as_exporters_say_it_moves_nothing_first(groups, batch):
    shape = (batch, 32, 10, 20)
    nodes = [
        node("Relu", "x", "r"),
        node("Reshape", "r there", "a"),
        node("InstanceNormalization", "a s b", "n"),
        node("Reshape", "n back", "m"),
        node("Mul", "m scale", "y"),
    ]
    weights = {
        "there": np.array([0, groups, -1]),
        "back": np.array(shape),
        "s": normal(groups, seed=1),
        "b": normal(groups, seed=2),
        "scale": normal(32, 1, 1, seed=3),
    }
    result = run(nodes, {"x": normal(*shape)}, weights, hardware=SMALL)
    assert_equal(result)
    assert "Reshape" not in [layer.operator for layer in result.layers]
    assert_equal(run(nodes, {"x": normal(*shape)}, weights))


def test_each_pass_costs_what_a_hand_counts():
    weights = {"s": normal(2, seed=1), "b": normal(2, seed=2)}
    result = run([node("InstanceNormalization", "x s b")], {"x": normal(*MAP)}, weights, hardware=SMALL)
    done = [0] * 5
    for instruction in result.computing():
        done[instruction.layer] += instruction.work.operations
    elements, rows, maps = 2 * 60 * 40, 2 * 60, 2
    assert done == [
        elements + rows,  # a sum per element, a division per row of 40
        rows + maps,
        3 * elements + rows,  # difference, square, sum
        rows + maps,
        5 * elements,  # difference, inverse deviation, scale and shift; one more for the deviation
    ]
    # The input is read three times, scale and shift once; nothing between the passes leaves the scratchpad.
    assert result.moved(Opcode.LOAD) == 3 * elements + 2 * 2 * 4
    assert result.moved(Opcode.STORE) == elements


def test_what_lies_between_the_passes_has_the_accumulators_type():
    result = run([node("ReduceMean", "x", axes=(1, 2, 3))], {"x": normal(*MANY)}, hardware=SMALL)
    widths = {storage.name: storage.precision for storage in result.workload.storages}
    assert {name: width for name, width in widths.items() if "·" in name} == {
        "y·columns": "accumulators",
        "y·rows": "accumulators",
    }


def test_the_result_says_what_was_done_in_passes():
    weights = {"s": normal(2, seed=1), "b": normal(2, seed=2)}
    made = load_graph(model([node("InstanceNormalization", "x s b")], {"x": normal(*MAP)}, weights, ["y"], 17))
    small = time_run(compile_model(made, load("edge_npu", list(SMALL)))).result
    assert small.notes == ("more than the scratchpad holds, done in passes: InstanceNormalization_0",)
    assert time_run(compile_model(made, load("edge_npu"))).result.notes == ()


def test_where_it_fits_nothing_is_done_in_passes():
    weights = {"s": normal(2, seed=1), "b": normal(2, seed=2)}
    result = run([node("InstanceNormalization", "x s b")], {"x": normal(*MAP)}, weights)
    assert result.kernels == ["LayerNormalization"]


def test_what_is_read_twice_need_not_be_there_twice():
    weights = {"s": normal(1, seed=1), "b": normal(1, seed=2)}
    nodes = [node("Relu", "x", "r"), node("InstanceNormalization", "r s b", "n"), node("Add", "n r")]
    # Two maps of 2,400 B and little else, not three: the map that is normalised is added to the result.
    result = run(nodes, {"x": normal(1, 1, 60, 40)}, weights, hardware=["scratchpad.capacity=6000 B"])
    assert_equal(result)
    assert result.kernels == ["Relu", "LayerNormalization"]
    assert result.workload.in_passes == ()


def test_a_tile_that_just_fits_is_not_oversized_and_one_byte_less_is():
    weights = {"s": normal(2, seed=1), "b": normal(2, seed=2)}
    made = model([node("InstanceNormalization", "x s b")], {"x": normal(*MAP)}, weights, ["y"], 17)
    workload = build(load_graph(made))
    needed = 2 * 60 * 40 + 2 * 4  # a channel's map, its twin, its scale and shift
    for capacity, expected in ((needed, 0), (needed - 1, 1)):
        assert len(oversized(workload, load("edge_npu", [f"scratchpad.capacity={capacity} B"]))) == expected


@pytest.mark.parametrize(
    ("operator", "options", "result_bytes"), [("ReduceMean", {"axes": (1,)}, 1), ("ArgMax", {"axis": 1}, 8)]
)
def test_one_axis_that_does_not_fit_is_refused(operator, options, result_bytes):
    made = model([node(operator, "x", **options)], {"x": normal(1, 4000)}, {}, ["y"], 13)
    with pytest.raises(DoesNotFitError, match=rf"needs 4,00{result_bytes} B, has 3,072 B"):
        compile_model(load_graph(made), load("edge_npu", list(SMALL)))
