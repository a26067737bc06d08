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


def transposed(kernel: list[int], strides: list[int], shape: list[int]) -> onnx.ModelProto:
    """A quantised ConvTranspose of whole numbers: its sums are exact, and many lie halfway between two steps."""
    rng = np.random.default_rng(0)
    filters = rng.integers(-3, 4, (shape[1], 4, *kernel)).astype(np.float32)
    constants = {"w": filters, "two": np.float32(2), "zero": np.int8(-3), "u": np.float32(1), "z": np.int8(0)}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "u", "z"], ["xq"]),
        helper.make_node("DequantizeLinear", ["xq", "u", "z"], ["xr"]),
        helper.make_node("ConvTranspose", ["xr", "w"], ["c"], strides=strides),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("QuantizeLinear", ["r", "two", "zero"], ["rq"]),
        helper.make_node("DequantizeLinear", ["rq", "two", "zero"], ["out"]),
    ]
    weights = [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "transposed", [x], [out], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize(
    ("kernel", "strides", "shape", "results"),
    [
        ([3], [2], [2, 3, 7], 2 * 4 * 15),
        ([4], [3], [1, 3, 6], 4 * 19),
        ([2, 2], [2, 2], [1, 3, 5, 4], 4 * 10 * 8),
        ([3, 4], [2, 3], [2, 3, 5, 4], 2 * 4 * 11 * 13),
        ([3, 2, 3], [2, 1, 2], [2, 3, 3, 4, 5], 2 * 4 * 7 * 5 * 11),
    ],
)
def test_the_phases_of_a_transposed_convolution_follow_the_reference_on_ties(
    kernel: list[int], strides: list[int], shape: list[int], results: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounded half away from zero instead of half to even, and put right by the reference wherever that differs."""
    from accelsim.functional.operators import unary

    def away(x: np.ndarray, a: dict[str, float]) -> np.ndarray:
        steps = np.floor(x / np.float32(a["scale"]) + np.float32(0.5)) + np.float32(a["zero"])
        return np.clip(steps, a["low"], a["high"]).astype(np.float32)

    monkeypatch.setattr(unary, "_quantize", away)
    found = verify(transposed(kernel, strides, shape), "edge_npu", orders=0)
    assert found.passed, found.notes
    assert found.outputs[0].max_abs_error == 0
    assert found.notes[0].startswith(f"of {np.prod(shape) + results:,} values rounded to a scale ")
    assert " a scale 0 lay" not in found.notes[0]
    assert len(found.notes) == 1


@pytest.mark.parametrize(("dtype", "zero"), [(np.uint8, 100), (np.int8, -7)])
def test_integers_between_which_is_interpolated_follow_the_reference_too(dtype: type, zero: int) -> None:
    """Thirds that add up to an integer are a little less in float32; rounded towards 0 that loses a step."""
    constants = {"s": np.float32(0.05), "z": dtype(zero), "r": np.float32([1, 1, 3, 3])}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("Resize", ["q", "", "r"], ["t"], mode="linear"),
        helper.make_node("DequantizeLinear", ["t", "s", "z"], ["out"]),
    ]
    weights = [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 9, 8])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "resized", [x], [out], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    found = verify(model, "edge_npu", orders=0)
    assert found.passed, found.notes
    assert found.outputs[0].max_abs_error == 0
    assert " a scale 0 lay" not in found.notes[0]


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
