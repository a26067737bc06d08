"""Networks whose scales are found while they run: DynamicQuantizeLinear and what reads its integers."""

import numpy as np
import pytest
from single import SMALL, check, integers, model, node, normal, run, unsigned

from accelsim.errors import ModelUnsupportedError
from accelsim.verification import verify
from accelsim.workload import Precision

DYNAMIC = node("DynamicQuantizeLinear", "x", "q s z")
INPUTS = {
    "of both signs": normal(1, 4, 5, 6),
    "positive": np.abs(normal(1, 4, 5, 6)) + 3,
    "negative": -np.abs(normal(1, 4, 5, 6)) - 3,
    "a matrix": normal(7, 9) * 1000,
    "a vector": normal(11) / 1000,
    "a volume": normal(2, 3, 4, 3, 2),
    "one number": normal(1),
}


@pytest.mark.parametrize("form", INPUTS)
def test_integers_scale_and_zero_point_equal_onnxruntime(form):
    found = run([DYNAMIC], {"x": INPUTS[form]}, outputs=("q", "s", "z"), hardware=SMALL)
    np.testing.assert_array_equal(found.found["q"], found.expected["q"])
    np.testing.assert_array_equal(found.found["z"], found.expected["z"])
    np.testing.assert_allclose(found.found["s"], found.expected["s"], rtol=1e-6)


SCALED = [node("Mul", "s sw", "f"), node("Cast", "i", "c", to=1), node("Mul", "c f", "m"), node("Add", "m b")]


def test_a_convolution_of_integers_is_one_layer_behind_those_that_quantise():
    nodes = [
        DYNAMIC,
        SCALED[0],
        node("ConvInteger", "q w z zw", "i", pads=[1, 2, 1, 0]),
        *SCALED[1:3],
        node("Relu", "m"),
    ]
    weights = {"w": unsigned(8, 4, 3, 3), "zw": np.uint8(130), "sw": np.float32(0.02)}
    found = check(nodes, {"x": normal(2, 4, 6, 7) + 1}, weights, tolerance=2e-6)
    assert found.kernels == ["ReduceMin", "ReduceMax", "Div", "Div", "Mul", "ConvInteger"]
    assert len(found.layers[-1].fused) == 3
    storages = {storage.name: storage for storage in found.workload.storages}
    assert (storages["q"].element_bytes, storages["z"].element_bytes) == (1, 1)
    assert storages["s"].precision is Precision.ACCUMULATORS


def test_quantising_costs_two_comparisons_and_six_operations_an_element():
    found = run([DYNAMIC, node("DequantizeLinear", "q s z")], {"x": normal(1, 4, 5, 6)})
    least, scale, zero, rounded, product = (layer.operations for layer in found.layers)
    assert (least, rounded, product) == (120 + 1, 120 * 6, 120)
    assert (scale, zero) == (120 + 3, 5)


def test_products_of_the_same_integers_share_them():
    nodes = [
        DYNAMIC,
        SCALED[0],
        node("MatMulInteger", "q w z", "i"),
        *SCALED[1:],
        node("MatMulInteger", "q v z", "j"),
        node("Cast", "j", "k", to=1),
        node("Mul", "k f", "y2"),
    ]
    weights = {"w": integers(20, 6), "v": integers(20, 3), "sw": np.float32(0.02), "b": normal(6)}
    found = run(nodes, {"x": normal(2, 5, 20)}, weights, outputs=("y", "y2"), hardware=SMALL)
    for name, expected in found.expected.items():
        np.testing.assert_allclose(found.found[name], expected, atol=2e-6 * np.abs(expected).max())
    assert found.kernels.count("MatMulInteger") == 2
    assert found.kernels.count("ReduceMin") == 1


def test_filters_may_have_a_scale_each():
    nodes = [DYNAMIC, SCALED[0], node("MatMulInteger", "q w z zw", "i"), *SCALED[1:]]
    weights = {
        "w": integers(20, 6),
        "zw": np.zeros(6, np.int8),
        "sw": np.linspace(0.01, 0.03, 6, dtype=np.float32),
        "b": normal(6),
    }
    check(nodes, {"x": normal(5, 20)}, weights, tolerance=2e-6)


@pytest.mark.parametrize(
    "between",
    [
        [node("Transpose", "q", "t", perm=[0, 2, 3, 1])],
        [node("MaxPool", "q", "t", kernel_shape=[2, 2])],
        [node("Concat", "q q", "t", axis=2)],
        [node("Slice", "q one three", "t")],
        [node("Identity", "q", "t")],
    ],
    ids=lambda nodes: nodes[0].op_type,
)
def test_integers_that_were_moved_are_dequantised_by_the_computed_scale(between):
    weights = {"one": np.array([1]), "three": np.array([3])}
    check([DYNAMIC, *between, node("DequantizeLinear", "t s z")], {"x": normal(3, 4, 5, 6)}, weights, tolerance=1e-6)


@pytest.mark.parametrize(
    "reader",
    [
        node("Clip", "q low high"),
        node("Pad", "q pads low"),
        node("Cast", "q", to=1),
        node("Concat", "q more", axis=1),
    ],
    ids=lambda reader: reader.op_type,
)
def test_what_computes_on_such_integers_is_given_them_with_their_zero_point(reader):
    weights = {
        "low": np.uint8(90),
        "high": np.uint8(140),
        "pads": np.array([0, 0, 1, 1, 0, 0, 0, 2]),
        "more": unsigned(1, 2, 5, 6),
    }
    check([DYNAMIC, reader], {"x": normal(1, 4, 5, 6)}, weights, tolerance=0.0)


def test_what_the_scratchpad_does_not_hold_is_looked_along_in_passes():
    nodes = [DYNAMIC, node("DequantizeLinear", "q s z")]
    x = {"x": normal(1, 16, 20, 21)}
    check(nodes, x, tolerance=1e-6)
    found = run(nodes, x, hardware=SMALL)
    assert found.kernels == ["ReduceMin"] * 3 + ["ReduceMax"] * 3 + ["Div", "Div", "Mul"]
    assert len({layer.name for layer in found.layers}) == 9
    small = check(nodes, {"x": normal(1, 4, 5, 6)}, tolerance=1e-6)
    assert small.kernels == ["ReduceMin", "ReduceMax", "Div", "Div", "Mul"]


def test_zeros_alone_have_no_scale_and_stay_zeros():
    nodes = [DYNAMIC, SCALED[0], node("MatMulInteger", "q w z", "i"), *SCALED[1:]]
    nodes = [node("Mul", "a nothing", "x"), *nodes]
    weights = {"w": integers(20, 6), "sw": np.float32(0.02), "b": normal(6), "nothing": np.float32(0)}
    made = model(nodes, {"a": normal(5, 20)}, weights, ["y"], 17)
    found = verify(made, "edge_npu", orders=0)
    assert found.passed, found.notes
    assert any("no number" in note for note in found.notes)


@pytest.mark.parametrize("seed", range(3))
def test_a_dynamically_quantised_network_equals_onnxruntime(seed):
    nodes = []
    value = "x"
    for number in range(3):
        q, s, z = (f"{kind}{number}" for kind in "qsz")
        nodes += [
            node("DynamicQuantizeLinear", value, f"{q} {s} {z}"),
            node("Mul", f"{s} sw", f"f{number}"),
            node("ConvInteger", f"{q} w{number} {z}", f"i{number}", pads=[1, 1, 1, 1]),
            node("Cast", f"i{number}", f"c{number}", to=1),
            node("Mul", f"c{number} f{number}", f"m{number}"),
            node("LeakyRelu", f"m{number}", f"r{number}"),
        ]
        value = f"r{number}"
    nodes.append(node("Add", f"{value} r0"))
    weights = {f"w{i}": unsigned(8, 8, 3, 3) for i in range(3)} | {"sw": np.float32(0.002)}
    made = model(nodes, {"x": normal(2, 8, 12, 12)}, weights, ["y"], 17)
    found = verify(made, "edge_npu", overrides=["scratchpad.capacity=4KiB"], orders=1, seed=seed)
    assert found.passed, found.notes


def test_another_zero_point_than_the_computed_one_is_refused():
    nodes = [DYNAMIC, node("MatMulInteger", "q w three")]
    rule = r"'q' with another zero point than its own cannot be simulated; use the one computed with it"
    with pytest.raises(ModelUnsupportedError, match=rule):
        run(nodes, {"x": normal(5, 20)}, {"w": integers(20, 6), "three": np.uint8(3)})
