"""Element-wise operators of one and more operands, with broadcasting, as layers of the vector unit or folded."""

import numpy as np
import pytest
from single import check, node, normal, run

from accelsim.program import Opcode

POSITIVE = {"Log", "Sqrt", "Reciprocal", "Acosh"}
UNIT = {"Acos", "Asin", "Atanh"}
UNARY = [
    "Abs",
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "Ceil",
    "Celu",
    "Cos",
    "Cosh",
    "Elu",
    "Erf",
    "Exp",
    "Floor",
    "HardSigmoid",
    "HardSwish",
    "LeakyRelu",
    "Log",
    "Mish",
    "Neg",
    "Reciprocal",
    "Relu",
    "Round",
    "Selu",
    "Shrink",
    "Sigmoid",
    "Sign",
    "Sin",
    "Sinh",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Tan",
    "Tanh",
    "ThresholdedRelu",
]


def operand(op: str, *shape: int) -> np.ndarray:
    x = normal(*shape)
    if op in POSITIVE:
        return np.abs(x) + 1
    return np.tanh(x) * 0.9 if op in UNIT else x


@pytest.mark.parametrize("op", UNARY)
def test_an_activation_alone_and_behind_a_convolution_equals_onnxruntime(op):
    opset = 18 if op == "Mish" else 17
    check([node(op, "x")], {"x": operand(op, 1, 3, 4, 5)}, opset=opset)
    if op not in POSITIVE | UNIT | {"Tan"}:
        fused = check(
            [node("Conv", "x w", "t"), node(op, "t")], {"x": normal(1, 3, 4, 5)}, {"w": normal(4, 3, 1, 1)}, opset=opset
        )
        assert fused.kernels == ["Conv"] or op in ("Ceil", "Floor", "Round", "Sign", "Shrink")


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_as_one_operator_equals_onnxruntime(approximate):
    check([node("Gelu", "x", approximate=approximate)], {"x": normal(1, 7, 6)}, opset=20)


def test_swish_of_a_network_input_takes_four_operations_per_element():
    # A look-up (3) and the product folded behind it (1): ⌈4 · 120 / 16 lanes⌉ = 30 cycles and 4 to start. The operand
    # comes from DRAM once (120 B at int8) for both readers of a tile that lies there whole.
    result = run([node("Sigmoid", "x", "s"), node("Mul", "x s")], {"x": normal(1, 2, 6, 10)})
    assert result.kernels == ["Sigmoid"]
    assert result.layers[0].operations == 480
    assert result.cycles() == 30 + 4


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "PRelu", "Mean", "Sum"])
@pytest.mark.parametrize("other", [(1, 3, 4, 5), (3, 1, 1), (1, 3, 1, 1), (5,), (4, 1), (1, 1, 4, 5), ()])
def test_two_operands_broadcast_as_onnx_says(op, other):
    x, b = normal(1, 3, 4, 5), normal(*other, seed=1)
    x, b = (np.abs(x) + 0.5, np.abs(b) + 0.5) if op in ("Pow", "Div") else (x, b)
    check([node(op, "x b")], {"x": x}, {"b": b})
    if other and op not in ("PRelu",):
        check([node(op, "b x")], {"x": x, "b": b})


@pytest.mark.parametrize("op", ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"])
def test_a_comparison_selects_with_where(op):
    nodes = [node(op, "x b", "m"), node("Where", "m x z")]
    check(nodes, {"x": np.round(normal(1, 3, 4, 5)), "z": normal(1, 3, 4, 5, seed=2)}, {"b": np.float32(0)})


def test_logic_on_masks_equals_onnxruntime():
    nodes = [
        node("Greater", "x b", "m"),
        node("Less", "x c", "n"),
        node("And", "m n", "p"),
        node("Or", "p m", "q"),
        node("Xor", "q n", "r"),
        node("Not", "r", "s"),
        node("Where", "s x b"),
    ]
    check(nodes, {"x": normal(1, 3, 4, 5)}, {"b": np.float32(0), "c": np.float32(1)})


def test_three_operands_at_once_equal_onnxruntime():
    inputs = {name: normal(1, 3, 4, 5, seed=i) for i, name in enumerate("abc")}
    for op in ("Sum", "Mean", "Max", "Min"):
        check([node(op, "a b c")], inputs)


def test_casts_to_integers_truncate_and_back_do_nothing():
    nodes = [node("Cast", "x", "i", to=6), node("Cast", "i", "y", to=1)]
    result = check(nodes, {"x": normal(1, 3, 4, 5) * 10})
    assert len(result.layers) == 1


def test_clip_with_one_bound_or_two_equals_onnxruntime():
    check([node("Clip", "x low high")], {"x": normal(1, 3, 4, 5)}, {"low": np.float32(-0.5), "high": np.float32(0.5)})
    check([node("Clip", "x - high")], {"x": normal(1, 3, 4, 5)}, {"high": np.float32(0.5)})
    check([node("Clip", "x", min=-0.25, max=0.75)], {"x": normal(1, 3, 4, 5)}, opset=7)


def test_sequences_and_vectors_are_computed_where_they_lie():
    for shape in ((7,), (2, 9), (2, 5, 6), (2, 2, 3, 4, 5)):
        result = check([node("Relu", "x", "t"), node("Add", "t t")], {"x": normal(*shape)})
        assert "Rearrange" not in result.kernels


def test_squeeze_and_excitation_is_a_product_with_one_number_per_channel():
    nodes = [
        node("GlobalAveragePool", "x", "p"),
        node("Conv", "p a", "q"),
        node("Relu", "q", "r"),
        node("Conv", "r b", "s"),
        node("HardSigmoid", "s", "g"),
        node("Mul", "x g"),
    ]
    result = check(nodes, {"x": normal(1, 8, 6, 6)}, {"a": normal(2, 8, 1, 1), "b": normal(8, 2, 1, 1)})
    assert result.kernels == ["ReduceMean", "Conv", "Conv", "Mul"]
    # The gate: 8 channels of 36 positions, one product each.
    assert result.layers[3].operations == 8 * 36


def test_silu_and_unfused_gelu_fold_into_the_layer_before_them():
    silu = [node("Conv", "x w", "t"), node("Sigmoid", "t", "s"), node("Mul", "t s")]
    assert check(silu, {"x": normal(1, 3, 4, 5)}, {"w": normal(4, 3, 1, 1)}).kernels == ["Conv"]
    gelu = [
        node("MatMul", "x w", "t"),
        node("Div", "t r", "d"),
        node("Erf", "d", "e"),
        node("Add", "e one", "a"),
        node("Mul", "t a", "m"),
        node("Mul", "m half"),
    ]
    constants = {"r": np.float32(2**0.5), "one": np.float32(1), "half": np.float32(0.5)}
    result = check(gelu, {"x": normal(1, 5, 6)}, {"w": normal(6, 7), **constants})
    assert result.kernels == ["MatMul"]
    assert len(result.layers[0].fused) == 5


def test_a_layer_of_one_sum_per_element_takes_the_cycles_of_its_lanes():
    # 1×2×6×10 = 120 sums on 16 lanes: ⌈120 / 16⌉ = 8 cycles and 4 to start. Both operands (120 B each at int8) come
    # from DRAM, the result (120 B) goes there.
    result = run([node("Add", "a b")], {"a": normal(1, 2, 6, 10), "b": normal(1, 2, 6, 10, seed=1)})
    assert result.cycles() == 8 + 4
    assert result.moved(Opcode.LOAD) == 240
    assert result.moved(Opcode.STORE) == 120


@pytest.mark.parametrize("kind", [np.uint8, np.int32])
@pytest.mark.parametrize("op", ["BitwiseAnd", "BitwiseOr", "BitwiseXor"])
def test_bits_are_combined_as_onnx_says(op, kind):
    rng = np.random.default_rng(1)
    low, high = (0, 256) if kind is np.uint8 else (-1000, 1000)
    x, b = (rng.integers(low, high, (1, 3, 4, 5)).astype(kind) for _ in range(2))
    check([node(op, "x b")], {"x": x}, {"b": b}, tolerance=0, opset=18)


@pytest.mark.parametrize("direction", ["LEFT", "RIGHT"])
def test_bits_are_shifted_and_fall_off_the_end(direction):
    x = np.arange(60, dtype=np.uint8).reshape(1, 3, 4, 5) * 4
    check([node("BitShift", "x n", direction=direction)], {"x": x}, {"n": np.uint8(3)}, tolerance=0)
