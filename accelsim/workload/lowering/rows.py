"""Layers that look along the channels: Softmax, LRN, and a BatchNormalization that stands alone."""

from __future__ import annotations

from accelsim.program import VectorKernel
from accelsim.workload.builder import Builder, elements
from accelsim.workload.fusion import chain
from accelsim.workload.lowering.matrix import unsupported
from accelsim.workload.records import Access, Along, Parameter, Precision
from accelsim.workload.values import ScaleShift
from accelsim.workload.views import CHANNEL, is_flattened, physical_axes
from restructure.graph import Node
from restructure.operators import softmax_axes_of

#: Lane operations per element of a softmax: maximum, subtract, exponential (3), sum, divide (3).
SOFTMAX_OPERATIONS = 9


def softmax(builder: Builder, node: Node) -> None:
    """Softmax over channels; a tile holds whole channel vectors."""
    view = builder.view(node.inputs[0])
    rank = len(view.onnx_shape)
    axes = [a for a in softmax_axes_of(node, builder.graph) if view.onnx_shape[a] > 1]
    physical = {physical_axes(rank)[a] for a in axes}
    if is_flattened(view) or not physical <= {CHANNEL}:
        raise unsupported(node, f"{node.op_type} over axes {axes}", "only the channel axis is simulated")
    kernel = VectorKernel("Softmax", attributes=(("axis", float(CHANNEL)),), input_size=view.shape[1:3])
    _whole_channels(builder, node, kernel, elements(view.shape) * SOFTMAX_OPERATIONS)


def local_response(builder: Builder, node: Node) -> None:
    """LRN: squares, a running sum over `size` channels, a power (6) and a product per element."""
    view = builder.view(node.inputs[0])
    size = int(node.attributes["size"])
    given = node.attributes
    attributes = (
        ("alpha", float(given.get("alpha", 1e-4))),
        ("beta", float(given.get("beta", 0.75))),
        ("bias", float(given.get("bias", 1.0))),
        ("size", float(size)),
    )
    kernel = VectorKernel("LRN", attributes=attributes, input_size=view.shape[1:3])
    _whole_channels(builder, node, kernel, elements(view.shape) * (1 + size + 6 + 1))


def batch_normalization(builder: Builder, node: Node) -> None:
    """A BatchNormalization that follows no convolution: one product and one sum per element."""
    step = ScaleShift.of(node, builder.graph)
    view = builder.view(node.inputs[0])
    channels = view.shape[CHANNEL]
    folded = chain(builder, node.outputs[0])
    scale = builder.parameter(f"{node.name}·scale", (channels,), Precision.ACCUMULATORS, step.scale)
    shift = builder.parameter(f"{node.name}·shift", (channels,), Precision.ACCUMULATORS, step.shift)
    kernel = VectorKernel(node.op_type, input_size=view.shape[1:3], post=tuple(folded.post))
    source = Access("input", view, Along.SAME, Along.SAME)
    builder.add_layer(
        node,
        kernel,
        [source, *folded.residuals],
        folded.output,
        fused=folded.nodes,
        parameters=[Parameter("scale", scale), Parameter("shift", shift)],
        operations=elements(view.shape) * (2 + len(folded.post)),
    )


def _whole_channels(builder: Builder, node: Node, kernel: VectorKernel, operations: int) -> None:
    source = Access("input", builder.view(node.inputs[0]), Along.SAME, Along.SAME)
    builder.add_layer(node, kernel, [source], node.outputs[0], operations=operations, tiled=(True, True, True, False))


LOWERING = {"Softmax": softmax, "LRN": local_response, "BatchNormalization": batch_normalization}
