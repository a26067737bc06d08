"""Old and new ways to say the same: opset 7 with attributes, the newest with operands."""

import numpy as np
import onnx
import pytest
from single import check, node, normal


def test_opset_7_as_its_exporters_wrote_it():
    nodes = [
        node("Conv", "x w", "c", auto_pad="SAME_UPPER"),
        node("BatchNormalization", "c s b m v", "n"),
        node("Clip", "n", "r", min=0.0, max=6.0),
        node("Dropout", "r", "d"),
        node("Pad", "d", "p", pads=[0, 0, 1, 1, 0, 0, 0, 0]),
        node("Upsample", "p", "u", scales=[1.0, 1.0, 2.0, 2.0], mode="nearest"),
        node("Slice", "u", "l", axes=[2, 3], starts=[1, 0], ends=[7, 9]),
        node("Split", "l", "q z", axis=1, split=[1, 3]),
        node("ReduceMean", "z", "a", axes=[2], keepdims=0),
        node("Unsqueeze", "a", "e", axes=[2]),
        node("Squeeze", "e", "f", axes=[2]),
        node("Softmax", "f", "y", axis=1),
    ]
    weights = {"w": normal(4, 3, 3, 3), "s": normal(4), "b": normal(4, seed=1), "m": normal(4, seed=2)}
    check(nodes, {"x": normal(1, 3, 5, 6)}, weights | {"v": abs(normal(4, seed=3)) + 1}, opset=7)


@pytest.mark.parametrize("opset", [13, 18, 21, min(23, onnx.defs.onnx_opset_version())])
def test_newer_opsets_with_operands(opset):
    nodes = [
        node("Conv", "x w", "c"),
        node("Clip", "c low high", "r"),
        node("Pad", "r pads", "p"),
        node("Slice", "p starts ends axes", "l"),
        node("Split", "l parts", "q z", axis=1),
        node("ReduceSum", "z axis", "a", keepdims=0),
        node("Unsqueeze", "a axis", "e"),
        node("Squeeze", "e axis", "f"),
        node("Softmax", "f", "y", axis=1),
    ]
    weights = {
        "w": normal(4, 3, 3, 3),
        "low": np.float32(0),
        "high": np.float32(6),
        "pads": np.array([0, 0, 1, 1, 0, 0, 0, 0]),
        "starts": np.array([1, 0]),
        "ends": np.array([7, 9]),
        "axes": np.array([2, 3]),
        "parts": np.array([1, 3]),
        "axis": np.array([2]),
    }
    check(nodes, {"x": normal(1, 3, 5, 6)}, weights, opset=opset)
