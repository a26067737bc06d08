"""Pools over windows, global pools, and reductions over any axes."""

import numpy as np
import pytest
from single import check, node, normal, run

from accelsim.program import Opcode

POOLS = [
    {"kernel_shape": [3, 3], "strides": [2, 2]},
    {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1]},
    {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1},
    {"kernel_shape": [2, 2], "auto_pad": "SAME_UPPER"},
    {"kernel_shape": [3, 3], "auto_pad": "VALID", "strides": [3, 1]},
]


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool", "LpPool"])
@pytest.mark.parametrize("attributes", POOLS)
def test_every_form_of_pool_equals_onnxruntime(op, attributes):
    extra = {"p": 3} if op == "LpPool" else {}
    if op == "LpPool" and "ceil_mode" in attributes:
        pytest.skip("LpPool has no ceil_mode before opset 18")
    check([node(op, "x", **attributes, **extra)], {"x": normal(2, 3, 9, 8)})


def test_pools_that_count_pads_or_skip_positions_equal_onnxruntime():
    check(
        [node("AveragePool", "x", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)],
        {"x": normal(1, 3, 6, 7)},
    )
    check([node("MaxPool", "x", kernel_shape=[2, 2], dilations=[2, 3])], {"x": normal(1, 3, 9, 8)})
    check([node("MaxPool", "x", kernel_shape=[3], strides=[2])], {"x": normal(1, 3, 11)})


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"])
@pytest.mark.parametrize("shape", [(2, 5, 4, 6), (1, 5, 7)])
def test_a_global_pool_equals_onnxruntime(op, shape):
    check([node(op, "x")], {"x": normal(*shape)})


REDUCTIONS = ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"]


@pytest.mark.parametrize("op", REDUCTIONS)
@pytest.mark.parametrize("axes", [(2, 3), (1,), (0, 2), (-1,), (0, 1, 2, 3)])
def test_a_reduction_over_any_axes_equals_onnxruntime(op, axes):
    x = np.abs(normal(2, 3, 4, 5)) + 0.5 if op in ("LogSum", "Prod") else normal(2, 3, 4, 5)
    weights = {"a": np.array(axes)}
    check([node(f"Reduce{op}", "x a", keepdims=0)], {"x": x}, weights, opset=18, tolerance=1e-4)
    if axes == (1,):
        check([node(f"Reduce{op}", "x", axes=list(axes))], {"x": x}, opset=11)


@pytest.mark.parametrize("op", ["ArgMax", "ArgMin"])
@pytest.mark.parametrize(("shape", "axis"), [((2, 3, 4, 5), 1), ((2, 3, 4, 5), -1), ((2, 7), 1), ((2, 4, 6), 1)])
def test_arg_max_and_min_equal_onnxruntime(op, shape, axis):
    check([node(op, "x", axis=axis, keepdims=0)], {"x": normal(*shape)})


def test_a_mean_over_positions_is_a_global_pool_and_its_vector_goes_on_as_one():
    nodes = [node("ReduceMean", "x a", "m", keepdims=0), node("Gemm", "m w")]
    result = check(nodes, {"x": normal(1, 8, 4, 4)}, {"a": np.array([2, 3]), "w": normal(8, 3)}, opset=18)
    assert result.kernels == ["ReduceMean", "Gemm"]


def test_a_pool_takes_one_operation_per_window_element():
    # 3×3 windows, 4·4 positions of 2 channels: 9 · 32 = 288 comparisons on 16 lanes: 18 cycles and 4 to start.
    # 8·8·2 B in, 32 B out.
    result = run(
        [node("MaxPool", "x", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 0, 0])], {"x": normal(1, 2, 8, 8)}
    )
    assert result.cycles() == 18 + 4
    assert (result.moved(Opcode.LOAD), result.moved(Opcode.STORE)) == (128, 32)


def test_a_reduction_takes_one_operation_per_element_and_one_per_result():
    # A mean over 6·7 positions of 8 channels: 336 sums and 8 products: ⌈344 / 16⌉ = 22 cycles and 4 to start.
    result = run([node("GlobalAveragePool", "x")], {"x": normal(1, 8, 6, 7)})
    assert result.cycles() == 22 + 4
    assert (result.moved(Opcode.LOAD), result.moved(Opcode.STORE)) == (336, 8)
