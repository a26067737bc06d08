"""Whole networks: the nine light ones of the onnx package, a small U-Net and a small transformer."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from single import check, node, normal

from accelsim.workload import build
from restructure.graph import load

LIGHT = sorted((Path(onnx.__file__).parent / "backend" / "test" / "data" / "light").glob("light_*.onnx"))


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_every_operator_of_a_light_network_is_costed(path):
    graph = load(path)
    workload = build(graph)
    assert workload.costed_operators == workload.operators == len(graph.nodes)
    assert workload.macs == graph.macs > 0
    folded = sum(1 + len(layer.fused) for layer in workload.layers)
    assert all(layer.macs or layer.operations for layer in workload.layers)
    assert folded <= len(graph.nodes)


def test_there_are_nine_light_networks():
    assert len(LIGHT) == 9


def test_a_small_unet_equals_onnxruntime():
    nodes = [
        node("Conv", "x w1", "a", pads=[1] * 4),
        node("Relu", "a", "b"),
        node("MaxPool", "b", "c", kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", "c w2", "d", pads=[1] * 4),
        node("Relu", "d", "e"),
        node("ConvTranspose", "e w3", "f", strides=[2, 2]),
        node("Concat", "b f", "g", axis=1),
        node("Conv", "g w4", "h", pads=[1] * 4),
        node("Sigmoid", "h"),
    ]
    weights = {
        "w1": normal(8, 3, 3, 3),
        "w2": normal(16, 8, 3, 3),
        "w3": normal(16, 8, 2, 2),
        "w4": normal(2, 16, 3, 3),
    }
    result = check(nodes, {"x": normal(1, 3, 12, 16)}, weights)
    # The four phases of the transposed convolution interleave in one copy, next to which the skip is read in place.
    assert result.kernels == ["Conv", "MaxPool", "Conv", *["ConvTranspose"] * 4, "Rearrange", "Conv"]


def test_a_detection_head_with_upsampling_and_strided_slices_equals_onnxruntime():
    nodes = [
        node("Conv", "x w", "a", strides=[2, 2], pads=[1] * 4),
        node("Sigmoid", "a", "s"),
        node("Mul", "a s", "b"),
        node(
            "Resize",
            "b - scales",
            "u",
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        ),
        node("Conv", "u v", "c"),
        node("Reshape", "c apart", "r"),
        node("Transpose", "r", "t", perm=[0, 1, 3, 4, 2]),
        node("Sigmoid", "t", "g"),
        node("Slice", "g low high last", "xy"),
        node("Mul", "xy two", "p"),
        node("Slice", "g high end last", "wh"),
        node("Concat", "p wh", "q", axis=-1),
        node("Reshape", "q flat"),
    ]
    weights = {
        "w": normal(6, 3, 3, 3),
        "v": normal(10, 6, 1, 1),
        "scales": np.array([1, 1, 2, 2], np.float32),
        "apart": np.array([1, 2, 5, 8, 8]),
        "low": np.array([0]),
        "high": np.array([2]),
        "end": np.array([5]),
        "last": np.array([4]),
        "two": np.float32(2),
        "flat": np.array([1, -1, 5]),
    }
    check(nodes, {"x": normal(1, 3, 8, 8)}, weights)
