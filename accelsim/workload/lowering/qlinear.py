"""Operators that take quantised tensors together with their scales: QLinear*, ConvInteger, MatMulInteger.

They are computed with the real numbers the integers stand for; the result is rounded to its scale on its way out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod

import numpy as np

from accelsim.program import MatrixKernel, PostOperation, VectorKernel, Window
from accelsim.workload import arrangement
from accelsim.workload.builder import Builder, elements
from accelsim.workload.constants import element_size, laid_out
from accelsim.workload.fusion import Chain, chain
from accelsim.workload.layouts import CHANNEL, Layout, default_layout, map_layout, physical_shape
from accelsim.workload.lowering.convolution import append_conv, conv_kernel, over_depth, vector
from accelsim.workload.lowering.dynamic import centred
from accelsim.workload.lowering.elementwise import broadcasts, operand, require_scale
from accelsim.workload.lowering.normalisation import softmax_of
from accelsim.workload.lowering.pooling import pool_of
from accelsim.workload.lowering.product import product_of
from accelsim.workload.lowering.reduction import dividing_layout, reduced
from accelsim.workload.lowering.refusals import unsupported
from accelsim.workload.lowering.views import joined, joining_layout
from accelsim.workload.lowering.volumes import TapFilters
from accelsim.workload.quantised import dequantised, scale_and_zero, step_attributes
from accelsim.workload.records import Access, Along, FloatArray, Parameter, Precision, View
from accelsim.workload.unary import BINARY, UNARY
from restructure.graph import Node
from restructure.operators import ConvGeometry, conv_geometry, matmul_dims


def real(builder: Builder, node: Node, index: int) -> str:
    """The name under which operand `index` (its scale and zero point follow it) is found as real numbers."""
    scale, zero = scale_and_zero(builder.graph, node, index + 1, index + 2)
    return _real(builder, node, node.inputs[index], scale, zero)


def _real(builder: Builder, node: Node, name: str, scale: float, zero: int) -> str:
    if name in builder.scales:
        require_scale(builder, node, name, scale, zero)
        return name
    if builder.is_constant(name):
        raise unsupported(node, f"a constant operand {name!r}", "compute the node beforehand")
    if (scale, zero) == (1.0, 0):
        return name
    label = f"{name}·real"
    if label not in builder.arrangements:
        source = builder.settled(name)
        kernel = VectorKernel("DequantizeLinear", (("scale", scale), ("zero", float(zero))))
        work = source.base.elements * UNARY["DequantizeLinear"]
        access = Access("input", source.base)
        builder.add_layer(node, kernel, [access], label, like=source, operations=work, name=f"{node.name}·input")
    return label


def quantised(builder: Builder, node: Node, scale: float, zero: int) -> Chain:
    """The chain of a node that rounds its own result: nothing more is folded."""
    name = node.outputs[0]
    step = step_attributes(scale, zero, builder.graph.tensors[name].dtype)
    builder.scales[name] = (scale, zero)
    return Chain(name, None, post=[PostOperation("FakeQuantize", step, value=name)])


def qlinear_conv(builder: Builder, node: Node) -> None:
    """QLinearConv: x, its scale and zero point, w, its (per filter), y's; a bias of accumulators."""
    g = _convolved(builder, node, 3)
    x = real(builder, node, 0)
    folded = quantised(builder, node, *scale_and_zero(builder.graph, node, 6, 7))
    parameters = []
    if len(node.inputs) > 8 and node.inputs[8]:
        scale, _ = scale_and_zero(builder.graph, node, 1, 2)
        value = _scaled(builder, node, 8, scale)
        parameters.append(vector(builder, f"{node.inputs[8]}·{node.name}", g.filters, value))
    _append(builder, node, g, x, folded, (3, 4, 5), parameters)


def conv_integer(builder: Builder, node: Node) -> None:
    """ConvInteger: 32-bit sums of products of integers; what follows is folded as behind a Conv."""
    g = _convolved(builder, node, 1)
    x = _integer_operand(builder, node, 0, 2)
    folded = chain(builder, node.outputs[0], map_layout(len(g.kernel) + 2))
    _append(builder, node, g, x, folded, (1, -1, 3), [])


def _convolved(builder: Builder, node: Node, weights: int) -> ConvGeometry:
    g = conv_geometry(node, builder.graph)
    if len(g.kernel) > 3 or not builder.is_constant(node.inputs[weights]):
        raise unsupported(node, f"this {node.op_type}", "1 to 3 spatial axes and constant filters are simulated")
    return g


def _append(
    builder: Builder,
    node: Node,
    g: ConvGeometry,
    x: str,
    folded: Chain,
    operands: tuple[int, int, int],
    others: list[Parameter],
) -> None:
    """The layers of a convolution; `operands`: filters, their scales (-1 if none) and their zero points."""
    view = builder.view(x, map_layout(len(g.kernel) + 2))
    if len(g.kernel) == 3:
        over_depth(builder, node, g, view, folded, partial(_tap_filters, builder, node, operands), others)
        return
    source = Access("input", view, Along.WINDOW, Along.REDUCTION)
    parameters = [_filters(builder, node, operands), *others]
    append_conv(builder, node, g, conv_kernel(node.op_type, g, folded), source, folded, parameters)


def _integer_operand(builder: Builder, node: Node, index: int, zero: int) -> str:
    if name := centred(builder, node, index, zero):
        return name
    offset = builder.graph.constant(node.inputs[zero]) if len(node.inputs) > zero and node.inputs[zero] else np.zeros(1)
    if offset is None or offset.size != 1:
        raise unsupported(node, "a computed zero point", "quantise with constant scales")
    return _real(builder, node, node.inputs[index], 1.0, int(offset.reshape(-1)[0]))


def _filters(builder: Builder, node: Node, operands: tuple[int, int, int]) -> Parameter:
    """Filters (K, FY, FX, C/G) as real numbers; their storage has the bytes of the integers."""
    k, depth, *spatial = builder.shape(node.inputs[operands[0]])

    def value() -> FloatArray:
        array = _dequantised(builder, node, operands)
        return np.moveaxis(array if array.ndim == 4 else array[..., None], 1, 3)

    return _stored(builder, node, operands[0], (k, *spatial, *(1,) * (2 - len(spatial)), depth), value)


def _tap_filters(
    builder: Builder, node: Node, operands: tuple[int, int, int], flat: ConvGeometry, tap: int | None
) -> Parameter:
    """Filters over three axes as `_filters`: those of one tap along depth, or of all side by side."""
    shape = (flat.filters, *flat.kernel, flat.channels // flat.groups)
    value = TapFilters(partial(_dequantised, builder, node, operands), tap=tap)
    return _stored(builder, node, operands[0], shape, value, ("taps", tap))


def _dequantised(builder: Builder, node: Node, operands: tuple[int, int, int]) -> FloatArray:
    weights, scale, zero = (node.inputs[i] if 0 <= i < len(node.inputs) else "" for i in operands)
    return dequantised(builder.graph, weights, scale, zero, 0)


def _stored(
    builder: Builder,
    node: Node,
    index: int,
    shape: tuple[int, ...],
    value: Callable[[], FloatArray],
    made: tuple[object, ...] = (),
) -> Parameter:
    width = element_size(builder.graph.stored_dtype(node.inputs[index]))
    label = f"{node.inputs[index]}·{node.name}"
    return Parameter("weights", builder.parameter(label, shape, Precision.WEIGHTS, value, width, made), reduced=True)


def _scaled(builder: Builder, node: Node, index: int, scale: float) -> Callable[[], FloatArray]:
    """Operand `index`, integers in steps of `scale` times those of the filters (operand 4)."""

    def value() -> FloatArray:
        graph = builder.graph
        factors = np.asarray(graph.weight(node.inputs[4])).astype(np.float32).reshape(-1)
        array: FloatArray = (
            np.asarray(graph.weight(node.inputs[index])).astype(np.float32).reshape(-1) * factors * np.float32(scale)
        )
        return array

    return value


def qlinear_matmul(builder: Builder, node: Node) -> None:
    """QLinearMatMul: a, its scale and zero point, b, its, and the result's."""
    x = real(builder, node, 0)
    if not builder.is_constant(node.inputs[3]):
        names = (x, real(builder, node, 3))
        folded = quantised(builder, node, *scale_and_zero(builder.graph, node, 6, 7))
        product_of(builder, node, names, (builder.shape(node.inputs[0]), builder.shape(node.inputs[3])), folded)
        return
    folded = quantised(builder, node, *scale_and_zero(builder.graph, node, 6, 7))
    _product(builder, node, x, 3, node.inputs[4], node.inputs[5], folded)


def matmul_integer(builder: Builder, node: Node) -> None:
    """MatMulInteger with a constant matrix."""
    x = _integer_operand(builder, node, 0, 2)
    layout = default_layout(len(builder.shape(node.outputs[0])))
    folded = chain(builder, node.outputs[0], layout)
    _product(builder, node, x, 1, "", node.inputs[3] if len(node.inputs) > 3 else "", folded)


def qgemm(builder: Builder, node: Node) -> None:
    """QGemm: A, its scale and zero point, B, its, C (accumulators), and the result's if it is rounded."""
    if int(node.attributes.get("transA", 0)):
        raise unsupported(node, "QGemm with transA=1", "transpose A beforehand")
    x = real(builder, node, 0)
    if len(node.inputs) > 7 and node.inputs[7]:
        folded = quantised(builder, node, *scale_and_zero(builder.graph, node, 7, 8))
    else:
        folded = chain(builder, node.outputs[0], default_layout(2))
    bias = _gemm_bias(builder, node) if len(node.inputs) > 6 and node.inputs[6] else None
    _product(builder, node, x, 3, node.inputs[4], node.inputs[5], folded, bias)


def _gemm_bias(builder: Builder, node: Node) -> Parameter:
    """C, which counts in steps of alpha times the scales of A and B."""
    filters = builder.shape(node.outputs[0])[1]
    if not builder.is_constant(node.inputs[6]) or builder.shape(node.inputs[6]) not in ((filters,), (1, filters)):
        raise unsupported(node, "QGemm with a C that is no constant row", "add it in a node of its own")
    scale = scale_and_zero(builder.graph, node, 1, 2)[0] * float(node.attributes.get("alpha", 1.0))
    return vector(builder, f"{node.inputs[6]}·{node.name}", filters, _scaled(builder, node, 6, scale))


def _product(
    builder: Builder,
    node: Node,
    x: str,
    index: int,
    scale: str,
    zero: str,
    folded: Chain,
    bias: Parameter | None = None,
) -> None:
    graph, name = builder.graph, node.inputs[index]
    shape, turned = builder.shape(name), bool(int(node.attributes.get("transB", 0)))
    alpha = np.float32(node.attributes.get("alpha", 1.0))
    if not builder.is_constant(name) or len(shape) != 2:
        raise unsupported(node, f"{node.op_type} of two activations", "a constant matrix is simulated")
    _, _, k, n = matmul_dims(node, graph)
    layout = default_layout(len(builder.shape(node.inputs[0])))
    if layout[CHANNEL] != (len(builder.shape(node.inputs[0])) - 1,):
        layout = ((0, 1), (2,), (), (3,))

    def value() -> FloatArray:
        matrix = dequantised(graph, name, scale, zero, 0 if turned else 1) * alpha
        return (matrix if turned else matrix.T).reshape(n, 1, 1, k)

    width = element_size(graph.stored_dtype(name))
    weights = builder.parameter(f"{name}·{node.name}", (n, 1, 1, k), Precision.WEIGHTS, value, width)
    view = builder.view(x, layout)
    kernel = MatrixKernel(node.op_type, Window(), 1, n, k, view.shape[1:3], tuple(folded.post))
    outputs = prod(builder.shape(node.outputs[0]))
    builder.add_layer(
        node,
        kernel,
        [Access("input", view, Along.WINDOW, Along.REDUCTION), *folded.residuals],
        folded.output,
        layout=layout,
        fused=folded.nodes,
        parameters=[Parameter("weights", weights, reduced=True), *([bias] if bias else [])],
        reduction=k,
        macs=outputs * k,
        operations=outputs * (1 + folded.work),
    )


def binary(builder: Builder, node: Node) -> None:
    """QLinearAdd and QLinearMul: A, its scale and zero point, B, its, and the result's."""
    names = [node.inputs[0], node.inputs[3]]
    folded = quantised(builder, node, *scale_and_zero(builder.graph, node, 6, 7))
    shape = builder.shape(node.outputs[0])
    layout = default_layout(len(shape))
    views = []
    for index, name in zip((0, 3), names, strict=True):
        if builder.is_constant(name):
            views.append(_real_constant(builder, node, index, shape, layout))
        else:
            views.append(operand(builder, real(builder, node, index), shape, layout))
    operator = node.op_type.removeprefix("QLinear")
    kernel = VectorKernel(
        operator, (), input_size=views[0].shape[1:3], inputs=("input", "input1"), post=tuple(folded.post)
    )
    builder.add_layer(
        node,
        kernel,
        [Access(slot, view) for slot, view in zip(kernel.inputs, views, strict=True)],
        folded.output,
        layout=layout,
        operations=elements(shape) * (BINARY[operator] + folded.work),
    )


def _real_constant(builder: Builder, node: Node, index: int, shape: tuple[int, ...], layout: Layout) -> View:
    """A quantised constant as real numbers, aligned to `shape`; its storage has the bytes of its integers."""
    graph, name = builder.graph, node.inputs[index]
    own = builder.shape(name)
    aligned = (1,) * (len(shape) - len(own)) + own
    spread = aligned if broadcasts(own, shape, layout) else shape
    scale, zero = (node.inputs[i] if len(node.inputs) > i else "" for i in (index + 1, index + 2))

    def value() -> FloatArray:
        array = np.broadcast_to(dequantised(graph, name, scale, zero, 0).reshape(aligned), spread)
        return laid_out(array, layout)

    label = f"{name}·{'x'.join(map(str, spread))}·{node.name}"
    width = element_size(graph.stored_dtype(name))
    size = physical_shape(spread, layout)
    return builder.whole(builder.parameter(label, size, Precision.ACTIVATIONS, value, width))


def average_pool(builder: Builder, node: Node) -> None:
    """QLinearAveragePool: X, its scale and zero point, and the result's."""
    folded = quantised(builder, node, *scale_and_zero(builder.graph, node, 3, 4))
    pool_of(builder, node, real(builder, node, 0), "AveragePool", folded)


def softmax(builder: Builder, node: Node) -> None:
    """QLinearSoftmax: X, its scale and zero point, and the result's."""
    folded = quantised(builder, node, *scale_and_zero(builder.graph, node, 3, 4))
    softmax_of(builder, node, real(builder, node, 0), "Softmax", folded)


def unary(builder: Builder, node: Node) -> None:
    """QLinearLeakyRelu and QLinearSigmoid: X, its scale and zero point, and the result's."""
    found = real(builder, node, 0)
    source = builder.settled(found)
    folded = quantised(builder, node, *scale_and_zero(builder.graph, node, 3, 4))
    operator = node.op_type.removeprefix("QLinear")
    attributes = (("alpha", float(node.attributes.get("alpha", 0.01))),) if operator == "LeakyRelu" else ()
    kernel = VectorKernel(operator, attributes, input_size=source.base.shape[1:3], post=tuple(folded.post))
    work = source.base.elements * (UNARY[operator] + folded.work)
    builder.add_layer(node, kernel, [Access("input", source.base)], node.outputs[0], like=source, operations=work)


def concat(builder: Builder, node: Node) -> None:
    """QLinearConcat: parts of another scale are rounded to the result's; then a Concat like any other."""
    scale, zero = scale_and_zero(builder.graph, node, 0, 1)
    output = node.outputs[0]
    builder.scales[output] = (scale, zero)
    parts = range(2, len(node.inputs), 3)
    names = {}
    for index in (index for index in parts if not builder.is_constant(node.inputs[index])):
        own = scale_and_zero(builder.graph, node, index + 1, index + 2)
        found = real(builder, node, index)
        names[index] = found if own == (scale, zero) else _rounded(builder, node, found, index, scale, zero)
    shape = builder.shape(output)
    axis = int(node.attributes["axis"]) % len(shape)
    layout = joining_layout(builder, list(names.values()), shape, axis)
    for index in (index for index in parts if index not in names):
        names[index] = _constant_part(builder, node, index, layout)
    joined(builder, output, [names[index] for index in parts], shape, axis)


def _constant_part(builder: Builder, node: Node, index: int, layout: Layout) -> str:
    """The name under which a constant part of a QLinearConcat is found, as real numbers of the result's scale."""
    graph, name = builder.graph, node.inputs[index]
    label, shape = f"{name}·{node.name}", builder.shape(name)
    own, wanted = (scale_and_zero(graph, node, i, i + 1) for i in (index + 1, 0))
    step = dict(step_attributes(*wanted, graph.tensors[node.outputs[0]].dtype))

    def value() -> FloatArray:
        array = dequantised(graph, name, node.inputs[index + 1], node.inputs[index + 2], 0)
        if own != wanted:
            steps = np.rint(array / np.float32(step["scale"])) + step["zero"]
            array = (np.clip(steps, step["low"], step["high"]) - step["zero"]) * step["scale"]
        return laid_out(array.astype(np.float32), layout)

    width = element_size(graph.stored_dtype(name))
    storage = builder.parameter(label, physical_shape(shape, layout), Precision.ACTIVATIONS, value, width)
    builder.arrangements[label] = arrangement.of_view(builder.whole(storage), shape, layout)
    return label


def _rounded(builder: Builder, node: Node, name: str, index: int, scale: float, zero: int) -> str:
    source = builder.settled(name)
    label = f"{node.inputs[index]}·{node.name}"
    step = step_attributes(scale, zero, builder.graph.tensors[node.outputs[0]].dtype)
    work = source.base.elements * UNARY["FakeQuantize"]
    access = Access("input", source.base)
    kernel = VectorKernel("FakeQuantize", step)
    builder.add_layer(node, kernel, [access], label, like=source, operations=work, name=f"{node.name}·part{index // 3}")
    return label


def global_average(builder: Builder, node: Node) -> None:
    """QLinearGlobalAveragePool: X, its scale and zero point, and the result's."""
    if int(node.attributes.get("channels_last", 0)):
        raise unsupported(node, "channels_last=1", "use channels_last=0")
    name = real(builder, node, 0)
    rank = len(builder.shape(node.inputs[0]))
    axes = tuple(range(2, rank))
    folded = quantised(builder, node, *scale_and_zero(builder.graph, node, 3, 4))
    layout = dividing_layout(builder, name, axes, map_layout(rank))
    reduced(builder, node, axes, layout, "ReduceMean", (), name, folded)


LOWERING = {
    "ConvInteger": conv_integer,
    "MatMulInteger": matmul_integer,
    "QGemm": qgemm,
    "QLinearAdd": binary,
    "QLinearAveragePool": average_pool,
    "QLinearConcat": concat,
    "QLinearConv": qlinear_conv,
    "QLinearGlobalAveragePool": global_average,
    "QLinearLeakyRelu": unary,
    "QLinearMatMul": qlinear_matmul,
    "QLinearMul": binary,
    "QLinearSigmoid": unary,
    "QLinearSoftmax": softmax,
}
