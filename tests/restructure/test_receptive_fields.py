"""Receptive fields, worked by hand."""

import numpy as np
import onnx_ir as ir
import pytest
from onnx import helper
from onnx_nodes import model_of, node_model, random_array

from restructure import graph
from restructure.fields import Padded, Same, Scaled, Shifted, Transposed, Whole, Windowed, reach
from restructure.fields.operators import Reach


def reach_of(
    op_type: str, shape: tuple[int, ...], weights: tuple[int, ...] | None = None, **attributes: object
) -> Reach:
    inputs = [random_array(shape), *([] if weights is None else [random_array(weights)])]
    net = graph.load(node_model(op_type, inputs, attributes, constant=range(1, len(inputs))))
    return reach(net, net.nodes[0])


def test_a_3_row_window_with_padding_needs_a_row_more_on_each_side() -> None:
    field = reach_of("Conv", (1, 2, 8, 8), (4, 2, 3, 3), pads=[1, 1, 1, 1]).maps[0]
    assert field == Windowed(8, 3, 1, 1)
    assert [field.need(0, 1), field.need(3, 5), field.need(7, 8)] == [(0, 2), (2, 6), (6, 8)]
    assert [field.pads(0, 1), field.pads(3, 5), field.pads(7, 8), field.pads(0, 8)] == [(1, 0), (0, 0), (0, 1), (1, 1)]


def test_strides_leave_trailing_rows_unused() -> None:
    field = reach_of("Conv", (1, 2, 8, 8), (4, 2, 1, 1), strides=[3, 3]).maps[0]
    assert field.need(0, 3) == (0, 7)
    assert field.slack == 2


def test_dilation_spreads_the_window_and_asymmetric_pads_shift_it() -> None:
    field = reach_of("Conv", (1, 1, 12, 5), (1, 1, 3, 1), dilations=[2, 1], pads=[3, 0, 1, 0]).maps[0]
    assert field == Windowed(12, 5, 1, 3)
    assert [field.need(0, 1), field.need(0, 4), field.need(11, 12)] == [(0, 2), (0, 5), (8, 12)]
    assert field.pads(0, 1) == (3, 0)
    assert field.pads(11, 12) == (0, 1)


def test_rounding_up_lets_the_last_window_hang_over() -> None:
    field = reach_of("MaxPool", (1, 1, 8, 8), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1).maps[0]
    assert isinstance(field, Windowed)
    assert field.need(3, 4) == (6, 8)
    assert field.pads(3, 4) == (0, 1)


def test_averages_that_count_a_padding_beyond_the_padding_run_whole() -> None:
    pool = {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}
    assert not reach_of("AveragePool", (1, 1, 8, 8), **pool).reason
    assert reach_of("AveragePool", (1, 1, 8, 8), count_include_pad=1, **pool).reason


def test_a_dilated_pool_whose_last_window_hangs_over_by_more_than_padding_may_runs_whole() -> None:
    """Seen in a random graph: a part of it had a padding of 2 with a kernel of 2, which onnxruntime refuses."""
    pool = {"kernel_shape": [2, 1], "strides": [3, 3], "ceil_mode": 1, "pads": [1, 0, 0, 0]}
    assert not reach_of("MaxPool", (1, 1, 3, 10), **pool).reason
    found = reach_of("MaxPool", (1, 1, 3, 10), dilations=[2, 1], **pool)
    assert found.reason == "ceil_mode lets its windows reach further past the end than padding may"


def test_a_transposed_convolution_needs_the_rows_that_reach_it() -> None:
    field = reach_of("ConvTranspose", (1, 2, 5, 5), (2, 1, 4, 1), strides=[2, 1], pads=[1, 0, 1, 0]).maps[0]
    assert field == Transposed(5, 4, 2, 1)
    # operand row i reaches result rows 2i−1 … 2i+2
    assert [field.need(0, 1), field.need(1, 2), field.need(2, 4), field.need(9, 10)] == [(0, 1), (0, 2), (0, 3), (4, 5)]
    assert field.crops(2, 4) == (3, 3)


def test_a_nearest_resize_repeats_rows() -> None:
    scales = np.array([1, 1, 2, 2], np.float32)
    model = node_model("Resize", [random_array((1, 1, 4, 4)), None, scales], {"mode": "nearest"}, constant=[2])
    net = graph.load(model)
    found = reach(net, net.nodes[0])
    assert (found.maps[0], found.granule) == (Scaled(2), 2)
    assert found.maps[0].need(3, 6) == (1, 3)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_a_resize_that_mixes_rows_runs_whole(mode: str) -> None:
    scales = np.array([1, 1, 2, 2], np.float32)
    net = graph.load(node_model("Resize", [random_array((1, 1, 4, 4)), None, scales], {"mode": mode}, constant=[2]))
    assert reach(net, net.nodes[0]).reason == f"{mode} resize mixes rows across every border"


def test_slices_shift_and_pads_shift_back() -> None:
    sliced, padded = Shifted(2, 3), Padded(6, 2)
    assert [sliced.need(0, 1), sliced.need(1, 3)] == [(2, 3), (5, 9)]
    assert [padded.need(0, 1), padded.need(0, 5), padded.need(7, 9)] == [(0, 1), (0, 3), (5, 6)]
    assert [padded.pads(0, 1), padded.pads(0, 5), padded.pads(7, 9)] == [(2, -2), (2, 0), (0, 1)]


def test_element_wise_operators_need_their_own_rows_and_gates_need_all() -> None:
    nodes = [helper.make_node("Mul", ["x", "gate"], ["y"], name="n")]
    model = model_of(nodes, {"x": random_array((1, 2, 6, 3)), "gate": random_array((1, 2, 1, 1))}, ["y"])
    net = graph.load(model)
    assert reach(net, net.nodes[0]).maps == {0: Same(), 1: Whole(1)}


def test_what_looks_at_all_rows_says_so() -> None:
    assert reach_of("GlobalAveragePool", (1, 2, 6, 6)).reason == "it pools all rows"
    assert reach_of("Softmax", (1, 2, 6, 6), axis=2).reason == "it works across rows"
    assert reach_of("Softmax", (1, 2, 6, 6), axis=1).reason == ""
    assert reach_of("Concat", (1, 2, 6, 6), axis=2).reason == "it joins rows"


def test_the_analysis_reads_models_of_onnx_ir_too() -> None:
    model = ir.from_proto(node_model("Relu", [random_array((1, 1, 4, 4))]))
    net = graph.load(ir.to_proto(model))
    assert reach(net, net.nodes[0]).maps == {0: Same()}
