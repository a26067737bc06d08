"""Random small networks over volumes (N, C, D, H, W) as ONNX models, for property tests."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class _Volumes:
    """Grows a model node by node; `value` is the current tensor and `shape` its shape."""

    def __init__(self, seed: int) -> None:
        self.pick, self.numbers = random.Random(seed), np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.value = "x"
        size = [self.pick.randint(1, 7) for _ in range(3)]
        self.shape = [self.pick.choice([1, 1, 2]), self.pick.choice([2, 3, 4, 8]), *size]

    def three(self, *options: int) -> list[int]:
        return [self.pick.choice(options) for _ in range(3)]

    def weight(self, *shape: int, lowest: float = -1.0) -> str:
        values = self.numbers.uniform(lowest, 1.0, shape).astype(np.float32)
        self.weights.append(numpy_helper.from_array(values, f"w{len(self.weights)}"))
        return self.weights[-1].name

    def node(self, op: str, *more: str, **attributes: Any) -> None:
        name = f"t{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(op, [self.value, *more], [name], name=f"{op}{len(self.nodes)}", **attributes)
        )
        self.value = name

    def window(self, op: str) -> None:
        """A convolution or a pool, if there is room for one."""
        before, (channels, *size) = self.value, self.shape[1:]
        kernel, strides = self.three(1, 2, 3), self.three(1, 1, 2)
        dilations = self.three(1, 1, 1) if op == "AveragePool" else self.three(1, 1, 2)
        widest = [2] * 3 if op == "Conv" else [n // 2 for n in kernel]
        pads = [self.pick.randint(0, n) for n in widest * 2]
        keeps = op == "Conv" and self.pick.random() < 0.4
        if keeps:
            kernel, strides, dilations = self.three(1, 3), [1] * 3, [1] * 3
            pads = [n // 2 for n in kernel * 2]
        attributes: dict[str, Any] = {"kernel_shape": kernel, "strides": strides, "pads": pads}
        if op == "ConvTranspose":
            extra = [self.pick.randint(0, n - 1) for n in strides]
            pads[:] = [min(n, k - 1) for n, k in zip(pads, kernel * 2, strict=True)]
            made = [(n - 1) * s + e + d * (k - 1) + 1 - a - b for n, s, e, d, k, a, b in zip(
                size, strides, extra, dilations, kernel, pads[:3], pads[3:], strict=True)]  # fmt: skip
            attributes["output_padding"] = extra
        else:
            made = [(n + a + b - d * (k - 1) - 1) // s + 1 for n, s, d, k, a, b in zip(
                size, strides, dilations, kernel, pads[:3], pads[3:], strict=True)]  # fmt: skip
            # A dilated window must not lie in the padding alone.
            made = [0] if op == "MaxPool" and any(n < d for n, d in zip(size, dilations, strict=True)) else made
        if min(made) < 1 or max(made) > 12:
            return
        more: list[str] = []
        filters = channels
        if op == "AveragePool":
            attributes["count_include_pad"] = self.pick.choice([0, 1])
        else:
            attributes["dilations"] = dilations
        if op.startswith("Conv"):
            # A transposed convolution in groups may reach a map by one tap at most.
            deep = op == "ConvTranspose" and dilations[0] * (kernel[0] - 1) >= strides[0]
            group = 1 if deep else self.pick.choice([1, 1, channels])
            filters, each = group * (channels // group if keeps else self.pick.choice([1, 2, 3])), channels // group
            more.append(self.weight(*((filters, each) if op == "Conv" else (channels, filters // group)), *kernel))
            more += [self.weight(filters)] if self.pick.random() < 0.5 else []
            attributes["group"] = group
        self.node(op, *more, **attributes)
        if op.startswith("Conv") and self.pick.random() < 0.4:
            self.node("BatchNormalization", *(self.weight(filters, lowest=0.5) for _ in range(4)))
        same = [filters, *made] == self.shape[1:]
        self.shape[1:] = [filters, *made]
        if same and self.pick.random() < 0.7:
            self.node("Add", before)
        if self.pick.random() < 0.6:
            self.node("Relu")


def random_volumes(seed: int) -> onnx.ModelProto:
    """A model of one to three windows over a volume."""
    net = _Volumes(seed)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, list(net.shape))
    for _ in range(net.pick.randint(1, 3)):
        net.window(net.pick.choice(["Conv", "Conv", "MaxPool", "AveragePool", "ConvTranspose"]))
    if not net.nodes or net.pick.random() < 0.3:
        net.node("GlobalAveragePool")
    y = helper.make_tensor_value_info(net.value, TensorProto.FLOAT, None)
    made = helper.make_graph(net.nodes, "volumes", [x], [y], net.weights)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return onnx.shape_inference.infer_shapes(model)
