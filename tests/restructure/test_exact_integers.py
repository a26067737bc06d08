"""Quantised products in onnxruntime are exact on every processor, whatever its instructions."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_nodes import model_of

from restructure.verify.products import with_unsigned_weights
from restructure.verify.runtime import run_file

SCALE, COARSE = np.float32(1.0), np.float32(4096.0)
LOUD = np.full((40, 8), 127, np.int8)


def product(op_type: str, x: np.ndarray, w: np.ndarray, zero: int | None) -> tuple[onnx.ModelProto, np.ndarray]:
    """A model of one product, and what it gives: integers, or rounded to a coarse scale."""
    exact = x.astype(np.int64) @ (w.astype(np.int64) - (zero or 0))
    weights = {"w": w, "zw": np.array(zero or 0, w.dtype), "zx": np.array(0, x.dtype)}
    if op_type == "MatMulInteger":
        node = helper.make_node(op_type, ["x", "w"] + ([] if zero is None else ["zx", "zw"]), ["y"])
        return model_of([node], {"x": x}, ["y"], weights, 17, None), exact
    weights |= {"s": SCALE, "so": COARSE, "zo": np.array(128, np.uint8)}
    node = helper.make_node(op_type, ["x", "s", "zx", "w", "s", "zw", "so", "zo"], ["y"])
    return model_of([node], {"x": x}, ["y"], weights, 17, None), np.clip(np.rint(exact / 4096) + 128, 0, 255)


@pytest.mark.parametrize("zero", [None, 0, 3, -128])
@pytest.mark.parametrize("op_type", ["MatMulInteger", "QLinearMatMul"])
def test_products_of_large_integers_do_not_saturate(tmp_path: Path, op_type: str, zero: int | None) -> None:
    x = np.full((5, 40), 255, np.uint8)
    model, expected = product(op_type, x, LOUD, zero)
    onnx.save(model, tmp_path / "net.onnx")
    found = run_file(tmp_path / "net.onnx", {"x": x}, ["y"], optimise=False)["y"]
    assert np.array_equal(found, expected)


def test_weights_of_uint8_activations_become_unsigned_and_others_stay() -> None:
    for dtype, changed in ((np.uint8, True), (np.int8, False)):
        model, _ = product("MatMulInteger", np.zeros((5, 40), dtype), LOUD, None)
        assert with_unsigned_weights(model) is changed
        assert list(model.graph.node[0].input) == (
            ["x", "w.unsigned", "", "w.zero.unsigned"] if changed else ["x", "w"]
        )


def test_weights_that_are_made_by_the_model_stay() -> None:
    model, _ = product("QLinearMatMul", np.zeros((5, 40), np.uint8), LOUD, 0)
    (kept,) = [tensor for tensor in model.graph.initializer if tensor.name == "w"]
    model.graph.initializer.remove(kept)
    assert with_unsigned_weights(model) is False
