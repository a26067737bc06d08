"""Convolutions on the PE array, with everything fused behind them; filters become (K, FY, FX, C/G)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import prod

from accelsim.program import MatrixKernel, PostOperation, Window
from accelsim.workload.builder import Builder
from accelsim.workload.constants import element_size
from accelsim.workload.fusion import Chain, chain
from accelsim.workload.layouts import CHANNEL, Layout, map_layout
from accelsim.workload.lowering.refusals import unsupported
from accelsim.workload.lowering.volumes import MAPS, DepthTaps, TapFilters, over_maps
from accelsim.workload.pieces import MOST_PIECES
from accelsim.workload.records import Access, Along, FloatArray, Parameter, Precision, View
from accelsim.workload.values import ScaleShift, bias, filters, weight
from accelsim.workload.views import every_column, every_row, join
from restructure.graph import Node
from restructure.operators import ConvGeometry, conv_geometry

#: A column must have so many channels, as many bytes as bursts usually have, for the columns between to be left out.
CHANNELS_OF_A_BURST = 64

#: What the taps before have summed up, as an operand of the next one.
_SO_FAR = "residual·taps"

#: Activations of a FusedConv, and what its parameters are called.
_ACTIVATIONS: dict[str, tuple[str, ...]] = {
    "Relu": (),
    "Sigmoid": (),
    "Tanh": (),
    "LeakyRelu": ("alpha",),
    "Clip": ("min", "max"),
    "HardSigmoid": ("alpha", "beta"),
}


def conv(builder: Builder, node: Node) -> None:
    """Conv over one to three spatial axes; a BatchNormalization behind it goes into its weights."""
    geometry = conv_geometry(node, builder.graph)
    rank = len(geometry.kernel)
    if rank > 3:
        raise unsupported(node, f"convolution over {rank} spatial axes", "1 to 3 spatial axes are simulated")
    if not builder.is_constant(node.inputs[1]):
        raise unsupported(node, "a convolution with computed filters", "constant filters are simulated")
    layout = map_layout(rank + 2)
    folded = chain(builder, node.outputs[0], layout, fold_normalisation=node.op_type == "Conv")
    if node.op_type == "FusedConv":
        _fuse_own(builder, node, folded, layout)
    if rank == 3:
        norm, name = folded.normalisation, node.inputs[1]

        def filters_of(flat: ConvGeometry, tap: int | None) -> Parameter:
            value = TapFilters(partial(weight, builder.graph, name), norm, tap)
            return _weights(builder, node, flat, norm, value, ("taps", tap))

        view = builder.view(node.inputs[0], layout)
        over_depth(builder, node, geometry, view, folded, filters_of, _bias(builder, node, geometry, folded))
        return
    kernel, view = _only_what_is_read(conv_kernel(node.op_type, geometry, folded), builder.view(node.inputs[0], layout))
    source = Access("input", view, Along.WINDOW, Along.REDUCTION)
    append_conv(builder, node, geometry, kernel, source, folded, _parameters(builder, node, geometry, folded))


def over_depth(
    builder: Builder,
    node: Node,
    geometry: ConvGeometry,
    view: View,
    folded: Chain,
    filters_of: Callable[[ConvGeometry, int | None], Parameter],
    others: list[Parameter],
) -> None:
    """A convolution whose maps along depth are read as channels; of several groups, one for each tap along depth.

    Args:
        geometry: over three spatial axes.
        view: of what is convolved, laid out as a volume.
        folded: what follows.
        filters_of: of the convolution over rows and columns that is given: those of one tap, or of all side by side.
        others: added to the last tap's result.
    """
    taps = DepthTaps.of(geometry)
    flat = over_maps(geometry, geometry.batch * taps.results)
    sources = [taps.of_all(builder, view, tap) for tap in range(taps.taps)]
    if geometry.groups == 1:
        flat = replace(flat, channels=flat.channels * taps.taps)
        _append_taps(builder, node, flat, join(sources, CHANNEL), folded, [filters_of(flat, None), *others])
        return
    so_far: View | None = None
    for tap, source in enumerate(sources[:-1]):
        so_far = _partial_sum(builder, node, flat, source, so_far, filters_of(flat, tap), tap)
    if so_far is not None:
        folded.residuals.append(Access(_SO_FAR, so_far))
        folded.precede([PostOperation("Add", (), _SO_FAR)])
    _append_taps(builder, node, flat, sources[-1], folded, [filters_of(flat, taps.taps - 1), *others])


def _append_taps(
    builder: Builder, node: Node, flat: ConvGeometry, source: View, folded: Chain, parameters: list[Parameter]
) -> None:
    """The layer of one tap along depth, the last one, or of all that lie side by side."""
    kernel, view = _only_what_is_read(conv_kernel(node.op_type, flat, folded), source)
    append_conv(builder, node, flat, kernel, Access("input", view, Along.WINDOW, Along.REDUCTION), folded, parameters)


def _partial_sum(
    builder: Builder,
    node: Node,
    flat: ConvGeometry,
    source: View,
    so_far: View | None,
    weights: Parameter,
    tap: int,
) -> View:
    """The layer of one tap along depth that adds its products to those of the taps before."""
    before = [] if so_far is None else [Access(_SO_FAR, so_far)]
    steps = Chain("", None, post=[PostOperation("Add", (), access.slot) for access in before])
    kernel, view = _only_what_is_read(conv_kernel(node.op_type, flat, steps), source)
    shape = (flat.batch, *flat.out_spatial, flat.filters)
    written = builder.add_layer(
        node,
        kernel,
        [Access("input", view, Along.WINDOW, Along.REDUCTION), *before],
        f"{node.outputs[0]}·tap{tap}",
        layout=MAPS,
        shape=shape,
        parameters=[weights],
        reduction=kernel.channels_per_group,
        macs=prod(shape) * prod(flat.kernel) * kernel.channels_per_group,
        operations=prod(shape) * (1 + steps.work),
        name=f"{node.name}·tap{tap}",
        precision=Precision.ACCUMULATORS,
    )
    return written.base


def _fuse_own(builder: Builder, node: Node, folded: Chain, layout: Layout) -> None:
    """The steps that a FusedConv of onnxruntime's optimiser has inside: a sum with Z, then its activation."""
    steps = []
    if len(node.inputs) > 3 and node.inputs[3]:
        folded.residuals.append(Access("residual·z", builder.view(node.inputs[3], layout)))
        steps.append(PostOperation("Add", (), "residual·z"))
    activation = node.attributes.get("activation", "")
    activation = activation.decode() if isinstance(activation, bytes) else str(activation)
    if activation:
        if activation not in _ACTIVATIONS:
            raise unsupported(node, f"FusedConv with {activation}", f"known are {', '.join(_ACTIVATIONS)}")
        given = (float(value) for value in node.attributes.get("activation_params", ()))
        steps.append(PostOperation(activation, tuple(zip(_ACTIVATIONS[activation], given, strict=False))))
    folded.precede(steps)


def conv_kernel(operator: str, geometry: ConvGeometry, folded: Chain) -> MatrixKernel:
    """The kernel of a convolution: its window and its groups."""
    return MatrixKernel(
        operator=operator,
        window=window_of(geometry.kernel, geometry.strides, geometry.dilations, geometry.pads),
        groups=geometry.groups,
        filters_per_group=geometry.filters // geometry.groups,
        channels_per_group=geometry.channels // geometry.groups,
        input_size=pair(geometry.in_spatial),
        post=tuple(folded.post),
    )


def _only_what_is_read(kernel: MatrixKernel, view: View) -> tuple[MatrixKernel, View]:
    """A window of one row or column that steps over others reads a view without them: nobody loads what nobody reads.

    Where the view of rows would take too many pieces, the layer reads all rows; where the channels of a column are few,
    all columns, which come in the same bursts.
    """
    window = kernel.window
    (height, width), (down, right), (top, left, bottom, end) = window.kernel, window.strides, window.pads
    pieces = len(view.pieces) * -(-view.shape[1] // down)
    if down > 1 and height == 1 and not top and not bottom and pieces <= MOST_PIECES:
        view, down = every_row(view, down), 1
    if right > 1 and width == 1 and not left and not end and view.shape[3] >= CHANNELS_OF_A_BURST:
        columns = every_column(view, right)
        if columns is not None:
            view, right = columns, 1
    return replace(kernel, window=replace(window, strides=(down, right)), input_size=view.shape[1:3]), view


def window_of(
    kernel: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...], pads: tuple[int, ...]
) -> Window:
    """A window over rows and columns; one spatial axis lies along the rows."""
    if len(kernel) == 1:
        pads = (pads[0], 0, pads[1], 0)
    top, left, bottom, right = pads
    return Window(pair(kernel), pair(strides), pair(dilations), (top, left, bottom, right))


def pair(values: tuple[int, ...]) -> tuple[int, int]:
    """(rows, columns); a single spatial axis is rows."""
    return (values[0], values[1]) if len(values) == 2 else (values[0], 1)


def append_conv(
    builder: Builder,
    node: Node,
    geometry: ConvGeometry,
    kernel: MatrixKernel,
    source: Access,
    folded: Chain,
    parameters: list[Parameter],
) -> None:
    """The layer of a convolution whose operands are known."""
    outputs = geometry.batch * geometry.filters * prod(geometry.out_spatial)
    builder.add_layer(
        node,
        kernel,
        [source, *folded.residuals],
        folded.output,
        layout=map_layout(len(builder.shape(node.outputs[0]))),
        fused=folded.nodes,
        parameters=parameters,
        reduction=kernel.channels_per_group,
        macs=outputs * prod(kernel.window.kernel) * kernel.channels_per_group,
        operations=outputs * (1 + folded.work),
    )


def _parameters(builder: Builder, node: Node, geometry: ConvGeometry, folded: Chain) -> list[Parameter]:
    norm = folded.normalisation
    value = filters(builder.graph, node.inputs[1], norm)
    weights = _weights(builder, node, geometry, norm, value, ("filters",))
    return [weights, *_bias(builder, node, geometry, folded)]


def _bias(builder: Builder, node: Node, geometry: ConvGeometry, folded: Chain) -> list[Parameter]:
    norm = folded.normalisation
    bias_name = node.inputs[2] if len(node.inputs) > 2 else ""
    if bias_name and not builder.graph.is_constant(bias_name):
        raise unsupported(node, "a convolution with a computed bias", "add it in a node of its own")
    if not bias_name and not norm:
        return []
    shift = bias(builder.graph, bias_name, geometry.filters, norm)
    label = f"{bias_name or node.inputs[1]}·{folded.nodes[0].name}·bias" if norm else bias_name
    return [vector(builder, label, geometry.filters, shift)]


def _weights(
    builder: Builder,
    node: Node,
    geometry: ConvGeometry,
    norm: ScaleShift | None,
    value: Callable[[], FloatArray],
    made: tuple[object, ...],
) -> Parameter:
    name = node.inputs[1]
    tag = f"{name}·{norm.first.name}" if norm else name
    shape = (geometry.filters, *pair(geometry.kernel), geometry.channels // geometry.groups)
    width = element_size(builder.graph.stored_dtype(name))
    return Parameter("weights", builder.parameter(tag, shape, Precision.WEIGHTS, value, width, made), reduced=True)


def vector(
    builder: Builder, name: str, channels: int, value: Callable[[], FloatArray], factor: float = 1.0
) -> Parameter:
    """A per-filter parameter with the width of accumulators; `factor`: what `value` multiplies the constant by."""
    return Parameter("bias", builder.parameter(name, (channels,), Precision.ACCUMULATORS, value, made=factor))


LOWERING = {"Conv": conv, "FusedConv": conv}
