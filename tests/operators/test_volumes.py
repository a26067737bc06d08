"""Convolutions and pools over depth, rows and columns: values, products, layers and bytes."""

import numpy as np
import pytest
from single import SMALL, check, integers, node, normal, run, unsigned

from accelsim.errors import ModelUnsupportedError
from accelsim.program import Opcode

CONVOLUTIONS = {
    "plain": ({}, (4, 3, 3, 3, 3)),
    "deep alone": ({"pads": [1, 0, 0, 1, 0, 0]}, (4, 3, 3, 1, 1)),
    "flat": ({"pads": [0, 1, 1, 0, 1, 1]}, (4, 3, 1, 3, 3)),
    "strides": ({"strides": [2, 3, 1], "pads": [1, 1, 1, 1, 1, 1]}, (4, 3, 3, 3, 3)),
    "dilations": ({"dilations": [2, 1, 2]}, (4, 3, 2, 3, 2)),
    "asymmetric pads": ({"pads": [2, 0, 1, 0, 2, 0]}, (4, 3, 3, 2, 3)),
    "more padding than depth": ({"pads": [4, 1, 1, 5, 1, 1]}, (4, 3, 5, 3, 3)),
    "same upper": ({"auto_pad": "SAME_UPPER", "strides": [2, 2, 2]}, (4, 3, 3, 3, 3)),
    "grouped": ({"group": 3, "pads": [1, 1, 1, 1, 1, 1]}, (6, 1, 3, 3, 3)),
    "grouped and flat": ({"group": 3}, (6, 1, 1, 3, 3)),
    "one by one": ({}, (5, 3, 1, 1, 1)),
    "one by one with strides": ({"strides": [2, 2, 2]}, (5, 3, 1, 1, 1)),
}


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("form", CONVOLUTIONS)
def test_every_form_of_convolution_equals_onnxruntime(form, batch):
    attributes, filters = CONVOLUTIONS[form]
    check(
        [node("Conv", "x w b", "c", **attributes), node("Relu", "c")],
        {"x": normal(batch, 3, 5, 6, 7)},
        {"w": normal(*filters), "b": normal(filters[0])},
    )


@pytest.mark.parametrize("form", CONVOLUTIONS)
def test_quantised_convolutions_equal_onnxruntime(form):
    """Sums of integers are exact; a scale may put a result on the other side of a rounding boundary."""
    attributes, filters = CONVOLUTIONS[form]
    x = {"x": unsigned(2, 3, 5, 6, 7)}
    weights = {
        "sx": np.float32(0.02),
        "zx": np.uint8(120),
        "w": integers(*filters),
        "sw": np.linspace(0.01, 0.02, filters[0], dtype=np.float32),
        "zw": np.zeros(filters[0], np.int8),
        "sy": np.float32(0.5),
        "zy": np.uint8(128),
        "b": np.arange(filters[0], dtype=np.int32) * 1000,
    }
    found = run([node("QLinearConv", "x sx zx w sw zw sy zy b", **attributes)], x, weights, hardware=SMALL)
    off = np.abs(found.found["y"].astype(int) - found.expected["y"].astype(int))
    assert found.found["y"].shape == found.expected["y"].shape
    assert np.ptp(found.expected["y"].astype(int)) > 20
    assert off.max() <= 1
    assert (off > 0).mean() < 0.01
    whole = {"w": unsigned(*filters), "zx": np.uint8(120), "zw": np.uint8(130)}
    check([node("ConvInteger", "x w zx zw", **attributes)], x, whole, tolerance=0.0)


TRANSPOSED = {
    "plain": ({}, (3, 4, 3, 3, 3)),
    "as large as strides": ({"strides": [2, 2, 2]}, (3, 4, 2, 2, 2)),
    "strides": ({"strides": [2, 1, 3], "pads": [1, 0, 1, 0, 1, 0]}, (3, 4, 3, 3, 3)),
    "output padding": ({"strides": [3, 2, 2], "output_padding": [2, 1, 0]}, (3, 4, 2, 3, 3)),
    "dilations": ({"dilations": [2, 1, 2]}, (3, 4, 2, 3, 2)),
    "strides without taps": ({"strides": [3, 2, 2]}, (3, 4, 2, 1, 1)),
    "grouped": ({"strides": [2, 2, 2], "group": 3}, (3, 2, 2, 2, 2)),
}


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("form", TRANSPOSED)
def test_every_form_of_transposed_convolution_equals_onnxruntime(form, batch):
    attributes, filters = TRANSPOSED[form]
    bias = filters[1] * int(attributes.get("group", 1))
    check(
        [node("ConvTranspose", "x w b", **attributes)],
        {"x": normal(batch, 3, 3, 4, 3)},
        {"w": normal(*filters), "b": normal(bias)},
    )


POOLS = {
    "plain": {"kernel_shape": [2, 2, 2]},
    "strides": {"kernel_shape": [2, 3, 2], "strides": [2, 1, 3]},
    "flat": {"kernel_shape": [1, 2, 2], "strides": [1, 2, 2]},
    "deep alone": {"kernel_shape": [3, 1, 1], "pads": [1, 0, 0, 1, 0, 0]},
    "steps alone": {"kernel_shape": [1, 1, 1], "strides": [2, 2, 2]},
    "pads": {"kernel_shape": [3, 3, 3], "pads": [1, 1, 0, 1, 0, 1], "strides": [2, 2, 1]},
    "ceiling": {"kernel_shape": [2, 2, 2], "strides": [2, 2, 2], "ceil_mode": 1},
}


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("form", POOLS)
@pytest.mark.parametrize("operator", ["MaxPool", "AveragePool", "AveragePool with its padding"])
def test_every_form_of_pool_equals_onnxruntime(operator, form, batch):
    name, _, counted = operator.partition(" ")
    attributes = POOLS[form] | ({"count_include_pad": 1} if counted else {})
    nodes = [node(name, "x", "p", **attributes), node("Relu", "p")]
    check(nodes, {"x": normal(batch, 3, 5, 6, 7)}, opset=19)


def test_dilated_maxima_equal_onnxruntime():
    check([node("MaxPool", "x", kernel_shape=[2, 2, 2], dilations=[2, 1, 2])], {"x": normal(1, 3, 5, 6, 7)})


def test_a_residual_is_added_on_the_way_out_of_the_array():
    nodes = [node("Conv", "x w", "c", pads=[1] * 6), node("Add", "c x", "s"), node("Relu", "s")]
    for group in (1, 4):
        nodes[0] = node("Conv", "x w", "c", pads=[1] * 6, group=group)
        found = check(nodes, {"x": normal(1, 4, 3, 5, 5)}, {"w": normal(4, 4 // group, 3, 3, 3)})
        assert all(kernel == "Conv" for kernel in found.kernels)


def test_a_network_over_volumes_needs_no_copies():
    nodes = [
        node("Conv", "x w", "a", pads=[1] * 6),
        node("BatchNormalization", "a s t m v", "n"),
        node("Relu", "n", "r"),
        node("MaxPool", "r", "p", kernel_shape=[2, 2, 2], strides=[2, 2, 2]),
        node("ConvTranspose", "p u", "q", strides=[2, 2, 2]),
        node("Concat", "q r", "j", axis=1),
        node("Conv", "j k", "c"),
        node("GlobalAveragePool", "c"),
    ]
    one = np.ones(8, np.float32)
    weights = {"w": normal(8, 8, 3, 3, 3), "u": normal(8, 8, 2, 2, 2), "k": normal(8, 16, 1, 1, 1)}
    found = check(nodes, {"x": normal(1, 8, 4, 6, 6)}, weights | dict.fromkeys("stmv", one))
    # What interleaves the eight phases is the only thing that moves.
    assert found.kernels == ["Conv", "MaxPool", "Max", *["ConvTranspose"] * 8, "Rearrange", "Conv", "ReduceMean"]


@pytest.mark.parametrize("group", [1, 4])
def test_products_are_those_of_all_taps(group):
    found = run(
        [node("Conv", "x w", pads=[1] * 6, group=group)],
        {"x": normal(1, 4, 3, 5, 6)},
        {"w": normal(8, 4 // group, 3, 3, 3)},
    )
    assert sum(layer.macs for layer in found.layers) == 8 * (3 * 5 * 6) * (4 // group) * 27
    assert len(found.layers) == (1 if group == 1 else 3)
    sums = [found.workload.storages[layer.output].precision for layer in found.layers]
    assert sums == [*["accumulators"] * (len(sums) - 1), "activations"]


def test_a_tap_reads_its_maps_and_beside_the_volume_zeros():
    found = run(
        [node("Conv", "x w", pads=[1, 0, 0, 1, 0, 0])], {"x": normal(1, 16, 4, 5, 6)}, {"w": normal(8, 16, 3, 1, 1)}
    )
    loads = [i.reads[0] for i in found.program.instructions if i.opcode is Opcode.LOAD]
    read = {
        name: sum(o.bytes for o in loads if found.program.tensors[o.tensor].name == name) for name in ("x", "zeros")
    }
    of_map = 5 * 6 * 16
    # Every map at least once, at most once for each tap that reads it; what is on chip already is not loaded again.
    assert 4 * of_map <= read["x"] <= (3 + 4 + 3) * of_map
    assert of_map <= read["zeros"] <= 2 * of_map


def test_forms_that_are_refused_are_named():
    volume, weights = {"x": normal(1, 4, 3, 5, 5)}, {"w": normal(4, 2, 3, 3, 3)}
    with pytest.raises(
        ModelUnsupportedError, match=r"a grouped ConvTranspose over 3 axes cannot be simulated; use one group"
    ):
        run([node("ConvTranspose", "x w", group=2)], volume, weights)
    with pytest.raises(
        ModelUnsupportedError, match=r"LpPool over 3 axes cannot be simulated; pools over 1 or 2 axes are"
    ):
        run([node("LpPool", "x", kernel_shape=[2, 2, 2])], volume)
    with pytest.raises(
        ModelUnsupportedError, match=r"MaxPool of a window in the padding alone cannot be simulated; pad less"
    ):
        run([node("MaxPool", "x", kernel_shape=[2, 2, 2], dilations=[4, 1, 1], pads=[1, 0, 0, 1, 0, 0])], volume)
