"""Normalisations and softmax over any axes."""

import numpy as np
import pytest
from single import check, node, normal, run

from accelsim.program import Opcode


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax", "Hardmax"])
@pytest.mark.parametrize(
    ("shape", "axis"), [((2, 7), 1), ((2, 3, 4, 5), 1), ((2, 3, 4, 5), -1), ((2, 3, 4, 5), 2), ((2, 5, 6), -1)]
)
def test_a_softmax_over_any_axis_equals_onnxruntime(op, shape, axis):
    check([node(op, "x", axis=axis)], {"x": normal(*shape)})


def test_an_old_softmax_normalises_everything_behind_its_axis():
    check([node("Softmax", "x", axis=1)], {"x": normal(2, 3, 4, 5)}, opset=11)


@pytest.mark.parametrize(("shape", "axis"), [((2, 5, 8), -1), ((2, 3, 4, 6), -1), ((2, 3, 4, 6), 1), ((4, 9), 1)])
def test_a_layer_normalisation_over_the_last_axes_equals_onnxruntime(shape, axis):
    tail = shape[axis:]
    weights = {"s": normal(*tail), "b": normal(*tail, seed=1)}
    check([node("LayerNormalization", "x s b", axis=axis, epsilon=1e-4)], {"x": normal(*shape)}, weights)


def test_a_layer_normalisation_written_out_equals_onnxruntime():
    nodes = [
        node("ReduceMean", "x", "m", axes=[-1]),
        node("Sub", "x m", "d"),
        node("Pow", "d two", "p"),
        node("ReduceMean", "p", "v", axes=[-1]),
        node("Add", "v e", "w"),
        node("Sqrt", "w", "q"),
        node("Div", "d q", "n"),
        node("Mul", "n s", "t"),
        node("Add", "t b"),
    ]
    weights = {"two": np.float32(2), "e": np.float32(1e-5), "s": normal(8), "b": normal(8, seed=1)}
    check(nodes, {"x": normal(1, 5, 8)}, weights)


def test_an_rms_normalisation_equals_onnxruntime():
    check([node("SimplifiedLayerNormalization", "x s", axis=-1)], {"x": normal(1, 5, 8)}, {"s": normal(8)})


@pytest.mark.parametrize("shape", [(2, 4, 5, 6), (1, 4, 9)])
def test_an_instance_normalisation_equals_onnxruntime(shape):
    check([node("InstanceNormalization", "x s b")], {"x": normal(*shape)}, {"s": normal(4), "b": normal(4, seed=1)})


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("channels", [6, 32])
def test_a_group_normalisation_equals_onnxruntime(batch, channels):
    nodes = [node("GroupNormalization", "x s b", "t", num_groups=2), node("Conv", "t w")]
    weights = {"s": normal(channels), "b": normal(channels, seed=1), "w": normal(3, channels, 1, 1)}
    result = check(nodes, {"x": normal(batch, channels, 3, 4)}, weights, opset=21)
    # 16 channels of a group lie side by side and are read where they are; 3 channels are copied there and back.
    assert ("Rearrange" in result.kernels) == (channels == 6)


def test_a_group_normalisation_with_a_scale_per_group_equals_onnxruntime():
    nodes = [node("GroupNormalization", "x s b", num_groups=4)]
    check(nodes, {"x": normal(1, 8, 3, 4)}, {"s": normal(4), "b": normal(4, seed=1)}, opset=18)


def test_mean_variance_and_lp_normalisation_equal_onnxruntime():
    check([node("MeanVarianceNormalization", "x", axes=[0, 2, 3])], {"x": normal(1, 3, 4, 5)})
    check([node("LpNormalization", "x", axis=1, p=2)], {"x": normal(2, 6, 4, 5)})


def test_local_response_normalisation_equals_onnxruntime():
    check([node("LRN", "x", size=5, alpha=0.1, beta=0.7, bias=2.0)], {"x": normal(1, 9, 4, 5)})


@pytest.mark.parametrize("size", [9, 17, 19, 41, 100_001])
def test_local_response_normalisation_sees_no_more_channels_than_there_are(size):
    found = check([node("LRN", "x", size=size, alpha=0.1, beta=0.7, bias=2.0)], {"x": normal(1, 9, 4, 5)})
    assert found.layers[0].operations == 9 * 4 * 5 * (1 + 9 + 6 + 1)


def test_a_batch_normalisation_alone_is_a_product_and_a_sum():
    # 3·4·5 elements, 2 operations each, on 16 lanes: ⌈120 / 16⌉ = 8 cycles and 4 to start. Behind a pool it cannot be
    # part of anybody's weights; scale and shift are 3 accumulators of 4 B each.
    weights = {"s": normal(3), "b": normal(3, seed=1), "m": normal(3, seed=2), "v": abs(normal(3, seed=3)) + 1}
    nodes = [node("MaxPool", "x", "t", kernel_shape=[1, 1]), node("BatchNormalization", "t s b m v")]
    result = check(nodes, {"x": normal(1, 3, 4, 5)}, weights)
    assert result.computing()[-1].work.cycles == 8 + 4
    assert result.moved(Opcode.LOAD) == 60 + 2 * 12


def test_a_caffe_scale_behind_a_batch_normalisation_goes_into_the_convolution():
    nodes = [
        node("Conv", "x w", "c"),
        node("BatchNormalization", "c s b m v", "n"),
        node("Mul", "n g", "t"),
        node("Add", "t h", "u"),
        node("Relu", "u"),
    ]
    weights = {"w": normal(4, 3, 1, 1), "s": normal(4), "b": normal(4, seed=1), "m": normal(4, seed=2)}
    weights |= {"v": abs(normal(4, seed=3)) + 1, "g": normal(4, 1, 1, seed=4), "h": normal(4, 1, 1, seed=5)}
    result = check(nodes, {"x": normal(1, 3, 4, 5)}, weights)
    assert result.kernels == ["Conv"]
    assert len(result.layers[0].kernel.post) == 1


def test_a_softmax_takes_nine_operations_per_element():
    # 2 rows of 40 elements: ⌈9 · 80 / 16⌉ = 45 cycles and 4 to start; 80 B in, 80 B out.
    result = run([node("Softmax", "x")], {"x": normal(2, 40)})
    assert result.cycles() == sum(-(-i.work.operations // 16) + 4 for i in result.computing())
    assert sum(i.work.operations for i in result.computing()) == 720
    assert (result.moved(Opcode.LOAD), result.moved(Opcode.STORE)) == (80, 80)
