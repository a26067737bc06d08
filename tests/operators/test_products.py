"""Matrix products: Gemm and MatMul with constant matrices, batched ones of two activations, attention."""

import numpy as np
import pytest
from single import check, node, normal, run

from accelsim.program import Opcode


@pytest.mark.parametrize("trans_a", [0, 1])
@pytest.mark.parametrize("trans_b", [0, 1])
def test_gemm_transposes_either_operand(trans_a, trans_b):
    x = normal(6, 5) if trans_a else normal(5, 6)
    w = normal(7, 6) if trans_b else normal(6, 7)
    gemm = node("Gemm", "x w c", transA=trans_a, transB=trans_b, alpha=0.5, beta=2.0)
    check([gemm], {"x": x}, {"w": w, "c": normal(7)})


@pytest.mark.parametrize("shape", [(7,), (1, 7), (5, 1), (5, 7), ()])
def test_gemm_adds_a_third_operand_of_any_shape(shape):
    check([node("Gemm", "x w c")], {"x": normal(5, 6)}, {"w": normal(6, 7), "c": normal(*shape)})


def test_gemm_of_two_activations_adds_a_third():
    inputs = {"a": normal(5, 6), "b": normal(7, 6, seed=1), "c": normal(5, 7, seed=2)}
    check([node("Gemm", "a b c", transB=1)], inputs)


@pytest.mark.parametrize("left", [(6,), (5, 6), (2, 5, 6), (2, 3, 5, 6), (2, 2, 2, 5, 6)])
def test_a_constant_matrix_multiplies_tensors_of_any_rank(left):
    result = check([node("MatMul", "x w")], {"x": normal(*left)}, {"w": normal(6, 7)})
    assert result.kernels.count("MatMul") == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((5, 6), (6, 7)),
        ((3, 5, 6), (3, 6, 7)),
        ((2, 3, 5, 6), (2, 3, 6, 7)),
        ((2, 3, 5, 6), (6, 7)),
        ((3, 5, 6), (1, 6, 7)),
        ((5, 6), (3, 6, 7)),
        ((2, 1, 5, 6), (3, 6, 7)),
    ],
)
def test_two_activations_multiply_with_broadcast_batches(left, right):
    check([node("MatMul", "a b")], {"a": normal(*left), "b": normal(*right, seed=1)})


def test_a_batch_of_constant_matrices_multiplies_an_activation():
    check([node("MatMul", "a b")], {"a": normal(3, 5, 6)}, {"b": normal(3, 6, 7)})


def test_a_flattened_map_multiplies_without_being_moved():
    nodes = [node("Relu", "x", "t"), node("Flatten", "t", "f"), node("Gemm", "f w c", transB=1)]
    result = check(nodes, {"x": normal(2, 3, 4, 5)}, {"w": normal(7, 60), "c": normal(7)})
    assert result.kernels == ["Relu", "Gemm"]


def test_channels_last_networks_multiply_where_they_lie():
    nodes = [
        node("Conv", "x k", "c"),
        node("Transpose", "c", "t", perm=[0, 2, 3, 1]),
        node("LayerNormalization", "t s b", "n"),
        node("MatMul", "n w", "m"),
        node("Gelu", "m", "g"),
        node("MatMul", "g v", "o"),
        node("Transpose", "o", "p", perm=[0, 3, 1, 2]),
        node("Add", "c p"),
    ]
    weights = {"k": normal(6, 3, 1, 1), "s": normal(6), "b": normal(6, seed=1), "w": normal(6, 8), "v": normal(8, 6)}
    result = check(nodes, {"x": normal(1, 3, 4, 5)}, weights, opset=20)
    assert result.kernels == ["Conv", "LayerNormalization", "MatMul", "MatMul", "Add"]


def attention(heads: int, tokens: int, size: int, prefix: str = "") -> list:
    """Self-attention as exporters write it, on (1, tokens, heads·size)."""
    return [
        node("MatMul", "x wqkv", "qkv"),
        node("Reshape", "qkv apart", "r"),
        node("Transpose", "r", "t", perm=[2, 0, 3, 1, 4]),
        node("Gather", "t zero", "q", axis=0),
        node("Gather", "t one", "k", axis=0),
        node("Gather", "t two", "v", axis=0),
        node("Transpose", "k", "kt", perm=[0, 1, 3, 2]),
        node("MatMul", "q kt", "s"),
        node("Mul", "s scale", "z"),
        node("Softmax", "z", "a", axis=-1),
        node("MatMul", "a v", "h"),
        node("Transpose", "h", "u", perm=[0, 2, 1, 3]),
        node("Reshape", "u together", "o"),
        node("MatMul", "o wo", "p"),
        node("Add", "p x"),
    ]


def attention_constants(heads: int, tokens: int, size: int) -> dict[str, np.ndarray]:
    d = heads * size
    return {
        "wqkv": normal(d, 3 * d) / 4,
        "wo": normal(d, d),
        "scale": np.float32(size**-0.5),
        "apart": np.array([1, tokens, 3, heads, size]),
        "together": np.array([1, tokens, d]),
        "zero": np.array(0),
        "one": np.array(1),
        "two": np.array(2),
    }


def test_multi_head_attention_needs_no_copy():
    result = check(attention(2, 9, 8), {"x": normal(1, 9, 16)}, attention_constants(2, 9, 8))
    # The scale is folded behind the scores, the residual behind the projection.
    assert result.kernels == ["MatMul", "MatMul", "Softmax", "MatMul", "MatMul"]
    # Products: 9·16·48 for q, k, v; twice 2 heads · 9·9·8; 9·16·16 for the projection.
    assert [layer.macs for layer in result.layers] == [6912, 1296, 0, 1296, 2304]


def test_a_batched_product_costs_one_product_per_batch_entry():
    # 3 products of (5×6)·(6×7) on a 16×16 weight-stationary array: 16 cycles to load weights, then 5 rows through the
    # skew: 2·16 + 16 + 5 − 2 = 51 cycles each, the last one of each hidden.
    hardware = (
        "pe_array.rows=16",
        "pe_array.columns=16",
        "pe_array.dataflow=ws",
        "pe_array.depthwise=per_channel",
        "pe_array.drain=hidden",
        "pe_array.stationary_double_buffered=false",
    )
    inputs = {"a": normal(3, 5, 6), "b": normal(3, 6, 7, seed=1)}
    result = run([node("MatMul", "a b")], inputs, hardware=hardware)
    assert result.cycles() == 3 * (51 - 1)
    assert sum(i.work.macs for i in result.computing()) == 3 * 5 * 6 * 7
    # Bytes at int8: both operands once (90 + 126), the result (105).
    assert result.moved(Opcode.LOAD) == 90 + 126
    assert result.moved(Opcode.STORE) == 105
