"""Layers of the PE array: convolutions and products with constant matrices."""

from __future__ import annotations

from collections.abc import Callable

from accelsim.errors import ModelUnsupportedError
from accelsim.program import MatrixKernel, Window
from accelsim.workload.builder import Builder
from accelsim.workload.fusion import Chain, chain
from accelsim.workload.records import Access, Along, FloatArray, Parameter, Precision, View
from accelsim.workload.unary import UNARY
from accelsim.workload.values import DenseWeights, bias, filters, scaled_vector
from accelsim.workload.views import is_flattened
from restructure.graph import Node
from restructure.operators import conv_geometry


def conv(builder: Builder, node: Node) -> None:
    """Conv with everything fused behind it; filters become (K, FY, FX, C/G)."""
    geometry = conv_geometry(node, builder.graph)
    if len(geometry.kernel) != 2:
        raise unsupported(node, f"convolution over {len(geometry.kernel)} spatial axes", "2 spatial axes are simulated")
    folded = chain(builder, node.outputs[0], fold_normalisation=True)
    top, left, bottom, right = geometry.pads
    kernel = MatrixKernel(
        operator=node.op_type,
        window=Window(
            _pair(geometry.kernel), _pair(geometry.strides), _pair(geometry.dilations), (top, left, bottom, right)
        ),
        groups=geometry.groups,
        filters_per_group=geometry.filters // geometry.groups,
        channels_per_group=geometry.channels // geometry.groups,
        input_size=_pair(geometry.in_spatial),
        post=tuple(folded.post),
    )
    name = node.inputs[1]
    norm = folded.normalisation
    tag = f"{name}·{folded.nodes[0].name}" if norm else name
    shape = (geometry.filters, *_pair(geometry.kernel), geometry.channels // geometry.groups)
    weights = builder.parameter(tag, shape, Precision.WEIGHTS, filters(builder.graph, name, norm))
    parameters = [Parameter("weights", weights, reduced=True)]
    bias_name = node.inputs[2] if len(node.inputs) > 2 else ""
    if bias_name or norm:
        value = bias(builder.graph, bias_name, geometry.filters, norm)
        label = f"{bias_name or name}·{folded.nodes[0].name}·bias" if norm else bias_name
        parameters.append(_vector(builder, label, geometry.filters, value))
    source = Access("input", builder.view(node.inputs[0]), Along.WINDOW, Along.REDUCTION)
    _append(builder, node, kernel, source, folded, parameters)


def gemm(builder: Builder, node: Node) -> None:
    """Gemm with a constant matrix: a 1×1 convolution, or one over the whole map where the input was flattened."""
    attributes = node.attributes
    if int(attributes.get("transA", 0)):
        raise unsupported(node, "Gemm with transA=1", "transpose the operand with a Transpose node")
    transposed = bool(int(attributes.get("transB", 0)))
    alpha = float(attributes.get("alpha", 1.0))
    beta = float(attributes.get("beta", 1.0))
    _dense(builder, node, transposed, alpha, node.inputs[2] if len(node.inputs) > 2 else "", beta)


def matmul(builder: Builder, node: Node) -> None:
    """MatMul with a constant matrix on the right."""
    _dense(builder, node, False, 1.0, "", 1.0)


def _dense(builder: Builder, node: Node, transposed: bool, alpha: float, bias_name: str, beta: float) -> None:
    name = node.inputs[1]
    shape = builder.graph.tensors[name].shape
    if not builder.is_constant(name) or len(shape) != 2:
        raise unsupported(
            node, f"{node.op_type} of two activations", "only products with a constant matrix are simulated"
        )
    view = builder.view(node.inputs[0])
    window = (view.shape[1], view.shape[2]) if is_flattened(view) else (1, 1)
    n = shape[0] if transposed else shape[1]
    k = (shape[1] if transposed else shape[0]) // (window[0] * window[1])
    folded = chain(builder, node.outputs[0])
    kernel = MatrixKernel(
        operator=node.op_type,
        window=Window(window),
        groups=1,
        filters_per_group=n,
        channels_per_group=k,
        input_size=_map_size(view, window),
        post=tuple(folded.post),
    )
    value = DenseWeights(builder.graph, name, transposed, window, alpha)
    layout = "" if window == (1, 1) else f"·{window[0]}x{window[1]}"
    weights = builder.parameter(name + layout, (n, *window, k), Precision.WEIGHTS, value)
    parameters = [Parameter("weights", weights, reduced=True)]
    if bias_name:
        parameters.append(_vector(builder, bias_name, n, scaled_vector(builder.graph, bias_name, n, beta)))
    source = Access("input", view, Along.WINDOW, Along.REDUCTION)
    _append(builder, node, kernel, source, folded, parameters)


def _append(
    builder: Builder, node: Node, kernel: MatrixKernel, source: Access, folded: Chain, parameters: list[Parameter]
) -> None:
    shape = builder.graph.tensors[folded.output].shape
    outputs = 1
    for size in shape:
        outputs *= size
    window = kernel.window.kernel
    steps = sum(UNARY.get(step.operator, 1) for step in folded.post) + 1
    builder.add_layer(
        node,
        kernel,
        [source, *folded.residuals],
        folded.output,
        fused=folded.nodes,
        parameters=parameters,
        reduction=kernel.channels_per_group,
        macs=outputs * window[0] * window[1] * kernel.channels_per_group,
        operations=outputs * steps,
    )


def _vector(builder: Builder, name: str, channels: int, value: Callable[[], FloatArray]) -> Parameter:
    return Parameter("bias", builder.parameter(name, (channels,), Precision.ACCUMULATORS, value))


def _pair(values: tuple[int, ...]) -> tuple[int, int]:
    return values[0], values[1]


def _map_size(view: View, window: tuple[int, int]) -> tuple[int, int]:
    return window if window != (1, 1) else (view.shape[1], view.shape[2])


def unsupported(node: Node, what: str, remedy: str) -> ModelUnsupportedError:
    """The error for a node that cannot be costed."""
    return ModelUnsupportedError(f"node {node.name!r}: {what} cannot be simulated; {remedy}")


LOWERING = {"Conv": conv, "Gemm": gemm, "MatMul": matmul}
