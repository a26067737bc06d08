"""Quantised networks: QDQ folded into layers, QLinear operators, integer products, half precision.

Values are the real numbers of the dequantised network, rounded to its scales as ONNX rounds. onnxruntime adds integers
where the executor adds float32, and multiplies by the scales in another order: results may fall on the other side of a
rounding boundary, so quantised results are equal within one step of the output's scale (`STEP`), all but a few exactly.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from single import check, integers, node, normal, run, scale, unsigned, zero

from accelsim.errors import ModelUnsupportedError
from accelsim.program import Opcode
from accelsim.workload.quantised import dequantised

STEP = 1.0001


def assert_within_a_step(result, step: float) -> None:
    for name, expected in result.expected.items():
        off = np.abs(result.found[name].astype(np.float64) - expected.astype(np.float64)) / step
        assert result.found[name].shape == expected.shape
        assert off.max() <= STEP
        assert (off < 0.01).mean() > 0.97


def run_both(nodes, inputs, weights, step: float, **options):
    for hardware in (("scratchpad.capacity=3 KiB", "accumulator=null"), ()):
        result = run(nodes, inputs, weights, hardware=hardware, **options)
        assert_within_a_step(result, step)
    return result


def test_quantise_and_dequantise_are_exact():
    nodes = [node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q s z")]
    weights = {"s": scale(0.05), "z": zero(100)}
    check(nodes, {"x": normal(1, 3, 4, 5) * 4}, weights, tolerance=1e-7)
    halves = (np.arange(-40, 40, dtype=np.float32) / 2).reshape(1, 80)
    check(nodes, {"x": halves}, {"s": scale(1.0), "z": zero(3)}, tolerance=0.0)


def test_a_network_may_end_in_integers():
    nodes = [node("QuantizeLinear", "x s z")]
    check(nodes, {"x": normal(1, 3, 4, 5)}, {"s": scale(0.05), "z": zero(100)}, tolerance=0.0)


QDQ = [
    node("QuantizeLinear", "x sx zx", "xq"),
    node("DequantizeLinear", "xq sx zx", "xd"),
    node("DequantizeLinear", "wq sw zw", "wd", axis=0),
    node("DequantizeLinear", "bq sb zb", "bd"),
    node("Conv", "xd wd bd", "c", pads=[1, 1, 1, 1]),
    node("Relu", "c", "r"),
    node("QuantizeLinear", "r sy zy", "yq"),
    node("DequantizeLinear", "yq sy zy", "yd"),
]
QDQ_WEIGHTS = {
    "sx": scale(0.03),
    "zx": zero(120),
    "wq": integers(8, 4, 3, 3),
    "sw": np.linspace(0.01, 0.02, 8, dtype=np.float32),
    "zw": np.zeros(8, np.int8),
    "bq": integers(8, dtype=np.int32),
    "sb": np.float32([0.0005]),
    "zb": np.zeros(1, np.int32),
    "sy": scale(0.05),
    "zy": zero(0),
}


def test_qdq_around_a_convolution_is_one_layer_of_integers():
    nodes = [*QDQ, node("MaxPool", "yd", "y", kernel_shape=[2, 2], strides=[2, 2])]
    result = run_both(nodes, {"x": normal(1, 4, 6, 7)}, QDQ_WEIGHTS, 0.05)
    assert result.kernels == ["FakeQuantize", "Conv", "MaxPool"]
    # The model's own types: weights and the activations between the layers take a byte, whatever the hardware's are.
    wide = run(
        nodes,
        {"x": normal(1, 4, 6, 7)},
        QDQ_WEIGHTS,
        hardware=("precision.activations=int16", "precision.weights=int16"),
    )
    sizes = {tensor.name: tensor.element_bytes for tensor in wide.program.tensors}
    assert (sizes["xq"], sizes["yq"], sizes["x"], sizes["wd"]) == (1, 1, 2, 1)


def test_a_quantised_residual_is_added_in_real_numbers():
    nodes = [
        *QDQ,
        node("Conv", "yd vd", "e"),
        node("QuantizeLinear", "e sy zx", "eq"),
        node("DequantizeLinear", "eq sy zx", "ed"),
        node("Add", "ed yd", "a"),
        node("QuantizeLinear", "a sa zx", "aq"),
        node("DequantizeLinear", "aq sa zx"),
    ]
    result = run_both(
        nodes, {"x": normal(1, 4, 6, 7)}, QDQ_WEIGHTS | {"vd": normal(8, 8, 1, 1) / 4, "sa": scale(0.07)}, 0.07
    )
    # Quantised, dequantised, added and quantised again on the way out of the array.
    assert result.kernels == ["FakeQuantize", "Conv", "Conv"]


def test_qdq_around_a_product_equals_onnxruntime():
    nodes = [
        node("QuantizeLinear", "x sx zx", "xq"),
        node("DequantizeLinear", "xq sx zx", "xd"),
        node("DequantizeLinear", "wq sw", "wd"),
        node("Gemm", "xd wd", "g"),
        node("QuantizeLinear", "g sy zy", "yq"),
        node("DequantizeLinear", "yq sy zy"),
    ]
    weights = {
        "sx": scale(0.03),
        "zx": zero(120),
        "wq": integers(20, 6),
        "sw": scale(0.02),
        "sy": scale(0.2),
        "zy": zero(128),
    }
    run_both(nodes, {"x": normal(5, 20)}, weights, 0.2)


CONV_OPERANDS = "x sx zx w sw zw sy zy b"
CONV_WEIGHTS = {
    "sx": scale(0.03),
    "zx": zero(120),
    "w": integers(6, 4, 3, 3),
    "sw": np.linspace(0.01, 0.02, 6, dtype=np.float32),
    "zw": np.zeros(6, np.int8),
    "sy": scale(0.2),
    "zy": zero(128),
    "b": integers(6, dtype=np.int32),
}


def test_qlinear_convolutions_in_a_row_equal_onnxruntime():
    nodes = [
        node("QLinearConv", CONV_OPERANDS, "t", pads=[1, 1, 1, 1]),
        node("MaxPool", "t", "m", kernel_shape=[2, 2]),
        node("QLinearConv", "m sy zy v sv zv so zo"),
    ]
    weights = CONV_WEIGHTS | {
        "v": integers(3, 6, 1, 1),
        "sv": scale(0.02),
        "zv": zero(0, np.int8),
        "so": scale(1.0),
        "zo": zero(100),
    }
    x = unsigned(1, 4, 6, 7)
    result = run_both(nodes, {"x": x}, weights, 1.0)
    assert result.kernels == ["DequantizeLinear", "QLinearConv", "MaxPool", "QLinearConv", "QuantizeLinear"]


def test_a_qlinear_product_equals_onnxruntime():
    weights = {
        "sx": scale(0.03),
        "zx": zero(120),
        "w": integers(20, 6),
        "sw": scale(0.02),
        "zw": zero(0, np.int8),
        "sy": scale(0.2),
        "zy": zero(128),
    }
    x = unsigned(5, 20)
    run_both([node("QLinearMatMul", "x sx zx w sw zw sy zy")], {"x": x}, weights, 1.0)


@pytest.mark.parametrize(("a", "b"), [((5, 20), (20, 6)), ((2, 3, 5, 20), (2, 3, 20, 6)), ((2, 5, 20), (20, 6))])
def test_a_qlinear_product_of_two_activations_equals_onnxruntime(a, b):
    weights = {
        "sa": scale(0.03),
        "za": zero(120),
        "sb": scale(0.02),
        "zb": zero(130),
        "sy": scale(0.2),
        "zy": zero(128),
    }
    inputs = {
        "a": unsigned(*a),
        "b": unsigned(*b, seed=1),
    }
    result = run_both([node("QLinearMatMul", "a sa za b sb zb sy zy")], inputs, weights, 1.0)
    assert "QLinearMatMul" in result.kernels


def test_a_quantised_attention_equals_onnxruntime():
    """q·kᵀ of values that are quantised already, Softmax between, and the product with v."""
    nodes = [
        *(node("QuantizeLinear", f"{n} s z", f"{n}q") for n in "qkv"),
        node("Transpose", "kq", "kt", perm=[0, 1, 3, 2]),
        node("QLinearMatMul", "qq s z kt s z sp zp", "p"),
        node("QLinearSoftmax", "p sp zp sw zw", "w", domain="com.microsoft", axis=-1, opset=13),
        node("QLinearMatMul", "w sw zw vq s z s z", "o"),
        node("DequantizeLinear", "o s z"),
    ]
    weights = {
        "s": scale(0.03),
        "z": zero(120),
        "sp": scale(0.1),
        "zp": zero(128),
        "sw": scale(1 / 256),
        "zw": zero(0),
    }
    inputs = {n: np.random.default_rng(i).standard_normal((1, 2, 9, 8)).astype(np.float32) for i, n in enumerate("qkv")}
    result = run_both(nodes, inputs, weights, 0.03)
    assert "DequantizeLinear" not in result.kernels


def test_integer_products_with_zero_points_equal_onnxruntime():
    x = unsigned(1, 4, 6, 7)
    w = unsigned(6, 4, 3, 3)
    check([node("ConvInteger", "x w zx zw", pads=[1, 1, 1, 1])], {"x": x}, {"w": w, "zx": zero(120), "zw": zero(130)})
    nodes = [node("MatMulInteger", "a b za", "i"), node("Cast", "i", "f", to=1), node("Mul", "f s")]
    a = unsigned(5, 20)
    result = check(nodes, {"a": a}, {"b": integers(20, 6), "za": zero(120), "s": scale(0.01)})
    assert result.kernels == ["DequantizeLinear", "MatMulInteger"]


@pytest.mark.parametrize("op", ["QLinearAdd", "QLinearMul"])
def test_quantised_sums_and_products_equal_onnxruntime(op):
    nodes = [node(op, "a sa za b sb zb sy zy", domain="com.microsoft")]
    inputs = {name: unsigned(1, 4, 5, 6, seed=i) for i, name in enumerate("ab")}
    weights = {
        "sa": scale(0.02),
        "za": zero(110),
        "sb": scale(0.03),
        "zb": zero(130),
        "sy": scale(0.05),
        "zy": zero(120),
    }
    run_both(nodes, inputs, weights, 1.0)


def test_quantised_concats_round_parts_of_another_scale():
    nodes = [node("QLinearConcat", "sy zy a sy zy b sb zb", domain="com.microsoft", axis=1)]
    inputs = {name: unsigned(1, 4, 5, 6, seed=i) for i, name in enumerate("ab")}
    weights = {"sb": scale(0.03), "zb": zero(130), "sy": scale(0.05), "zy": zero(120)}
    run_both(nodes, inputs, weights, 1.0)


@pytest.mark.parametrize("axis", [1, 2, 3])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("own", ["sy zy", "sb zb"])
def test_a_part_of_a_quantised_concat_may_be_constant(axis, first, own):
    parts = [f"c {own}", "a sy zy"]
    operands = " ".join(["sy zy", *(parts if first else parts[::-1])])
    nodes = [
        node("QLinearConcat", operands, "q", domain="com.microsoft", axis=axis),
        node("DequantizeLinear", "q sy zy"),
    ]
    shape = [1, 4, 5, 6]
    shape[axis] = 2
    weights = {"sb": scale(0.08), "zb": zero(130), "sy": scale(0.05), "zy": zero(120)}
    weights["c"] = unsigned(*shape, seed=1)
    check(nodes, {"a": unsigned(1, 4, 5, 6)}, weights, tolerance=1e-7)


def test_quantised_global_pools_and_activations_equal_onnxruntime():
    nodes = [
        node("QLinearGlobalAveragePool", "a sa za sy zy", "g", domain="com.microsoft"),
        node("QLinearLeakyRelu", "g sy zy so zo", domain="com.microsoft", alpha=0.1),
    ]
    weights = {
        "sa": scale(0.02),
        "za": zero(110),
        "sy": scale(0.02),
        "zy": zero(120),
        "so": scale(0.03),
        "zo": zero(100),
    }
    run_both(nodes, {"a": unsigned(1, 8, 5, 6)}, weights, 1.0)


def test_quantised_average_pools_and_softmax_equal_onnxruntime():
    nodes = [
        node("QLinearAveragePool", "a sa za sy zy", "p", domain="com.microsoft", kernel_shape=[3, 2], strides=[2, 1]),
        node("Flatten", "p", "f"),
        node("QLinearSoftmax", "f sy zy so zo", domain="com.microsoft", axis=1, opset=13),
    ]
    weights = {
        "sa": scale(0.02),
        "za": zero(110),
        "sy": scale(0.03),
        "zy": zero(120),
        "so": scale(1 / 256),
        "zo": zero(0),
    }
    x = unsigned(1, 3, 5, 6)
    result = run_both(nodes, {"a": x}, weights, 1.0)
    assert result.kernels == ["DequantizeLinear", "AveragePool", "Softmax", "QuantizeLinear"]
    # 3·2·5 results of six elements; one operation to divide, four to scale, round, shift and saturate.
    assert result.computing()[1].work.operations == 30 * (6 + 1 + 4)


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("rounded", [True, False])
def test_a_quantised_gemm_equals_onnxruntime(per_channel, rounded):
    weights = {
        "sa": scale(0.03),
        "za": zero(120),
        "b": integers(6, 20),
        "sb": np.linspace(0.01, 0.02, 6, dtype=np.float32) if per_channel else scale(0.02),
        "zb": np.zeros(6, np.int8) if per_channel else zero(0, np.int8),
        "c": integers(6, dtype=np.int32, low=-3000, high=3000),
        "sy": scale(0.2),
        "zy": zero(128),
    }
    operands = "a sa za b sb zb c" + " sy zy" * rounded
    nodes = [node("QGemm", operands, domain="com.microsoft", transB=1, alpha=0.5)]
    x = unsigned(5, 20)
    if rounded:
        run_both(nodes, {"a": x}, weights, 1.0)
    else:
        check(nodes, {"a": x}, {name: value for name, value in weights.items() if name not in ("sy", "zy")})


@pytest.mark.parametrize("shape", [(1, 4, 5, 6), (4, 1, 1), (1,)])
def test_a_quantised_constant_is_added_as_the_number_it_stands_for(shape):
    nodes = [node("QLinearAdd", "a sa za b sb zb sy zy", domain="com.microsoft")]
    weights = {
        "sa": scale(0.02),
        "za": zero(110),
        "b": unsigned(*shape, seed=1),
        "sb": scale(0.03),
        "zb": zero(130),
        "sy": scale(0.05),
        "zy": zero(120),
    }
    result = run_both(nodes, {"a": unsigned(1, 4, 5, 6)}, weights, 1.0)
    assert result.kernels == ["DequantizeLinear", "Add", "QuantizeLinear"]


def test_half_precision_takes_two_bytes():
    # 4·6·7 inputs, 8·4·9 weights and 8·6·7 results of two bytes each, whatever the hardware's own precision is. Both
    # sides round differently (onnxruntime after every addition): 2⁻¹¹ of the largest, a few times.
    nodes = [node("Conv", "x w", "c", pads=[1, 1, 1, 1]), node("Relu", "c")]
    x, w = normal(1, 4, 6, 7).astype(np.float16), (normal(8, 4, 3, 3) / 4).astype(np.float16)
    result = check(nodes, {"x": x}, {"w": w}, tolerance=5e-3)
    assert result.moved(Opcode.LOAD) == 2 * (168 + 288)
    assert result.moved(Opcode.STORE) == 2 * 336


@pytest.mark.parametrize("scale", [np.inf, -np.inf, np.nan])
def test_weights_whose_scale_is_no_finite_number_are_refused_by_name(scale):
    stored = {"w": np.zeros((2, 3), np.int8), "s": np.array([0.5, scale], np.float32)}
    graph = SimpleNamespace(weight=stored.__getitem__)
    with pytest.raises(ModelUnsupportedError, match=f"s: the scale of 'w' must be finite, got {scale}"):
        dequantised(graph, "w", "s", "", 0)
