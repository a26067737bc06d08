"""Quantised networks equal onnxruntime bit for bit, ties apart; outputs are allowed what the network magnifies."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from accelsim.verification import verify


def quantised(seed: int, residual: bool = True) -> onnx.ModelProto:
    """x → QDQ → (Conv → QDQ) ×2, each with a residual of a value that is quantised with several readers."""
    rng = np.random.default_rng(seed)
    nodes, weights = [], []

    def constant(array: np.ndarray) -> str:
        weights.append(numpy_helper.from_array(array, f"c{len(weights)}"))
        return weights[-1].name

    def qdq(value: str) -> str:
        scale, zero = constant(np.float32(rng.uniform(0.02, 0.06))), constant(np.uint8(rng.integers(100, 150)))
        nodes.append(helper.make_node("QuantizeLinear", [value, scale, zero], [f"{value}_q"]))
        nodes.append(helper.make_node("DequantizeLinear", [f"{value}_q", scale, zero], [f"{value}_r"]))
        return f"{value}_r"

    value = qdq("x")
    for number in range(2):
        filters = constant((rng.standard_normal((8, 8, 3, 3)) / 8).astype(np.float32))
        nodes.append(helper.make_node("Conv", [value, filters], [f"y{number}"], pads=[1] * 4))
        made = qdq(f"y{number}")
        if residual:
            nodes.append(helper.make_node("Add", [made, value], [f"s{number}"]))
            made = qdq(f"s{number}")
        value = made
    nodes.append(helper.make_node("Transpose", [value], ["t"], perm=[0, 2, 3, 1]))
    nodes.append(helper.make_node("Add", [qdq("t"), constant(rng.standard_normal(8).astype(np.float32))], ["out"]))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 8, 16, 16])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "quantised", [x], [out], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("seed", range(4))
def test_a_quantised_network_equals_onnxruntime_in_every_bit(seed: int) -> None:
    found = verify(quantised(seed), "edge_npu", overrides=["scratchpad.capacity=3KiB"], orders=1, seed=seed)
    assert found.passed
    assert found.outputs[0].max_abs_error == 0
    assert "rounded to a scale" in found.notes[0]


def test_a_wrong_rounding_is_no_tie_and_the_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from accelsim.functional.operators import unary

    honest = unary._quantize
    monkeypatch.setattr(unary, "_quantize", lambda x, a: honest(x * np.float32(1.01), a))
    found = verify(quantised(0, residual=False), "edge_npu", orders=0)
    assert not found.passed
    assert any("is rounded otherwise, and is no tie, is" in note for note in found.notes)


def saturating(scale: float) -> onnx.ModelProto:
    rng = np.random.default_rng(0)
    filters = numpy_helper.from_array((rng.standard_normal((8, 64, 3, 3)) * scale).astype(np.float32), "w")
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], pads=[1] * 4), helper.make_node("Tanh", ["y"], ["out"])]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 64, 12, 12])
    graph = helper.make_graph(
        nodes, "tanh", [x], [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)], [filters]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_an_output_that_magnifies_errors_gets_a_wider_tolerance_and_says_so() -> None:
    plain, steep = (verify(saturating(scale), "edge_npu", orders=0) for scale in (0.02, 100.0))
    assert plain.passed
    assert steep.passed
    assert plain.notes == ()
    assert "magnifies" in steep.notes[0]
    assert plain.outputs[0].tolerance < steep.outputs[0].tolerance <= 64 * plain.outputs[0].tolerance
