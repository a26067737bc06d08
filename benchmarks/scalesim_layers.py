"""Layers of a zoo network as SCALE-Sim's topology files state them, and as one-layer ONNX models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accelsim.program import MatrixKernel
from accelsim.workload import build
from restructure import zoo

if TYPE_CHECKING:
    import onnx

__all__ = ["ConvLayer", "layers_of", "one_layer_model"]


@dataclass(frozen=True, slots=True)
class ConvLayer:
    """A convolution without padding: its input is as large as the padded one."""

    name: str
    height: int
    width: int
    kernel: tuple[int, int]
    channels: int
    filters: int
    strides: tuple[int, int]
    depthwise: bool

    @property
    def scalesim_row(self) -> str:
        """A line of a topology file; a name with DP means one channel at a time."""
        name = f"DP{self.name}" if self.depthwise else self.name
        sizes = (self.height, self.width, *self.kernel, self.channels, 1 if self.depthwise else self.filters)
        return ",".join(map(str, (name, *sizes, *self.strides, "1:1"))) + ","


def layers_of(network: str) -> list[ConvLayer]:
    """The convolutions and matrix products of a zoo network, in order."""
    found = []
    for layer in build(zoo.build(network)).layers:
        kernel = layer.kernel
        if isinstance(kernel, MatrixKernel):
            window, (_, rows, columns, filters) = kernel.window, layer.shape
            height = (rows - 1) * window.strides[0] + window.kernel[0]
            width = (columns - 1) * window.strides[1] + window.kernel[1]
            channels = kernel.groups * kernel.channels_per_group
            found.append(
                ConvLayer(
                    layer.name, height, width, window.kernel, channels, filters, window.strides, kernel.groups > 1
                )
            )
    return found


def one_layer_model(layer: ConvLayer) -> onnx.ModelProto:
    """The layer as a network of its own."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    rows = (layer.height - layer.kernel[0]) // layer.strides[0] + 1
    columns = (layer.width - layer.kernel[1]) // layer.strides[1] + 1
    weights = np.zeros((layer.filters, 1 if layer.depthwise else layer.channels, *layer.kernel), np.float32)
    node = helper.make_node(
        "Conv", ["x", "w"], ["y"], layer.name, strides=layer.strides, group=layer.channels if layer.depthwise else 1
    )
    graph = helper.make_graph(
        [node],
        layer.name,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, layer.channels, layer.height, layer.width))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, layer.filters, rows, columns))],
        [numpy_helper.from_array(weights, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
