"""ConvTranspose: one plain convolution per phase of the stride, whose results interleave.

Output o = r + s·j of phase r is reached by the taps t with s | r + pad − t·d, from input j + (r + pad − t·d)/s:
a convolution of stride 1 with those taps only, so no product with an inserted zero is ever computed. The phases lie
one behind another like batches; readers see them interleaved, and pay a copy if they need it in order. Of a volume, the
maps that a phase along depth reads lie side by side as channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

import numpy as np

from accelsim.program import MatrixKernel, PostOperation, Window
from accelsim.workload.arrangement import Arrangement, Factor, merged, of_view
from accelsim.workload.builder import Builder
from accelsim.workload.constants import element_size
from accelsim.workload.fusion import Chain, chain
from accelsim.workload.layouts import CHANNEL, map_layout
from accelsim.workload.lowering.convolution import pair, vector
from accelsim.workload.lowering.refusals import unsupported
from accelsim.workload.lowering.volumes import DepthTaps, over_maps
from accelsim.workload.records import Access, Along, FloatArray, Parameter, Precision, Rounded, View
from accelsim.workload.values import ScaleShift, bias
from accelsim.workload.views import join
from restructure.graph import Graph, Node
from restructure.operators import ConvGeometry, conv_geometry


@dataclass(frozen=True, slots=True)
class _Phase:
    """One spatial axis of one phase: its taps in the order of rising input positions, their spacing, the pad."""

    taps: tuple[int, ...]
    spacing: int
    before: int


@dataclass(frozen=True, slots=True)
class _PhaseFilters:
    """Filters of a phase, made when asked for: (K, FY, FX, T·C/G) from the model's (C, K/G[, T], FY[, FX])."""

    graph: Graph
    name: str
    groups: int
    maps: tuple[int, ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    fold: ScaleShift | None

    def __call__(self) -> FloatArray:
        array = self.graph.weight(self.name).astype(np.float32, copy=False)
        array = array[..., None] if array.ndim == 3 else array
        array = array if array.ndim == 5 else array[:, :, None]
        c, k, *size = array.shape
        array = array.reshape(self.groups, c // self.groups, k, *size).transpose(0, 2, 4, 5, 3, 1)
        array = array.reshape(self.groups * k, *array.shape[2:])
        places = (self.rows, self.columns, self.maps)
        rows, columns, maps = (max(1, len(taken)) for taken in places)
        if not all(places):
            return np.zeros((len(array), rows, columns, maps * (c // self.groups)), np.float32)
        array = array[:, list(self.rows)][:, :, list(self.columns)][:, :, :, list(self.maps)]
        array = array.reshape(len(array), rows, columns, -1)
        return array if self.fold is None else array * self.fold.scale()[:, None, None, None]


def conv_transpose(builder: Builder, node: Node) -> None:
    """ConvTranspose over one to three spatial axes."""
    g = conv_geometry(node, builder.graph)
    rank = len(g.kernel)
    if rank > 3 or not builder.is_constant(node.inputs[1]):
        raise unsupported(
            node, f"ConvTranspose over {rank} axes", "1 to 3 spatial axes and constant filters are simulated"
        )
    source = builder.view(node.inputs[0], map_layout(rank + 2))
    folded = chain(builder, node.outputs[0], None, fold_normalisation=True)
    parts = []
    for deep in range(g.strides[0] if rank == 3 else 1):
        flat, read, maps = _maps_of(builder, node, g, source, deep) if rank == 3 else (g, source, (0,))
        height, width = (-(-n // s) for n, s in zip(pair(flat.out_spatial), pair(flat.strides), strict=True))
        down, right = pair(flat.strides)
        for phase in product(range(down), range(right)):
            numbers = (deep, *phase) if rank == 3 else phase
            label = f"·phase{','.join(map(str, numbers))}" if prod(g.strides) > 1 else ""
            steps = _steps(builder, folded, g, numbers) if label else folded.post
            parts.append(_phase_layer(builder, node, flat, folded, steps, read, maps, phase, (height, width), label))
    builder.arrangements[folded.output] = _interleaved(builder, folded.output, g, parts)


def _maps_of(
    builder: Builder, node: Node, g: ConvGeometry, source: View, phase: int
) -> tuple[ConvGeometry, View, tuple[int, ...]]:
    """A phase along depth as a convolution over maps, what it reads, and the taps along depth."""
    found = _taps(g, 0, phase)
    results = -(-g.out_spatial[0] // g.strides[0])
    taps = DepthTaps(g.batch, g.in_spatial[0], results, max(1, len(found.taps)), 1, found.spacing, found.before)
    if taps.taps > 1 and g.groups > 1:
        raise unsupported(node, "a grouped ConvTranspose over 3 axes", "use one group, or strides as large as kernels")
    read = join([taps.of_all(builder, source, tap) for tap in range(taps.taps)], CHANNEL)
    flat = over_maps(g, g.batch * results)
    return replace(flat, channels=flat.channels * taps.taps), read, found.taps


def _steps(builder: Builder, folded: Chain, g: ConvGeometry, phase: tuple[int, ...]) -> list[PostOperation]:
    """The steps behind a phase; what they round is told apart from what they round behind other phases."""
    found = []
    for step in folded.post:
        if step.value:
            name = f"{step.value}·phase{','.join(map(str, phase))}"
            builder.rounded[name] = Rounded(step.value, _PhaseOf(g.strides, phase))
            step = replace(step, value=name)
        found.append(step)
    return found


@dataclass(frozen=True, slots=True)
class _PhaseOf:
    """What a phase holds of the results: (N·OZ, OY, OX, K) from the model's (N, K[, Z], Y[, X])."""

    strides: tuple[int, ...]
    phase: tuple[int, ...]

    def __call__(self, values: FloatArray) -> FloatArray:
        missing = [(0, -n % s) for n, s in zip(values.shape[2:], self.strides, strict=True)]
        whole = np.pad(values.astype(np.float32), [(0, 0), (0, 0), *missing], constant_values=np.nan)
        own = (slice(r, None, s) for r, s in zip(self.phase, self.strides, strict=False))
        held = np.moveaxis(whole[(slice(None), slice(None), *own)], 1, -1)
        rows, columns = (*held.shape[1:-1], 1)[-2:] if held.ndim == 3 else held.shape[-3:-1]
        return held.reshape(-1, rows, columns, held.shape[-1])


def _phase_layer(
    builder: Builder,
    node: Node,
    g: ConvGeometry,
    folded: Chain,
    steps: Sequence[PostOperation],
    source: View,
    maps: tuple[int, ...],
    phase: tuple[int, int],
    size: tuple[int, int],
    label: str,
) -> View:
    rows, columns = (_taps(g, axis, r) for axis, r in enumerate(phase))
    taps = (max(1, len(rows.taps)), max(1, len(columns.taps)))
    in_size = pair(g.in_spatial)
    after = [
        n + (t - 1) * p.spacing - i - p.before for n, t, p, i in zip(size, taps, (rows, columns), in_size, strict=True)
    ]
    kernel = MatrixKernel(
        operator=node.op_type,
        window=Window(taps, (1, 1), (rows.spacing, columns.spacing), (rows.before, columns.before, after[0], after[1])),
        groups=g.groups,
        filters_per_group=g.filters // g.groups,
        channels_per_group=g.channels // g.groups,
        input_size=in_size,
        post=tuple(steps),
    )
    shape = (g.batch, g.filters, *size[: len(g.kernel)])
    written = builder.add_layer(
        node,
        kernel,
        [Access("input", source, Along.WINDOW, Along.REDUCTION)],
        folded.output,
        layout=map_layout(len(shape)),
        shape=shape,
        fused=folded.nodes,
        parameters=_parameters(builder, node, g, folded, maps, rows, columns),
        reduction=kernel.channels_per_group,
        macs=prod(shape) * taps[0] * taps[1] * kernel.channels_per_group,
        operations=prod(shape) * (1 + folded.work),
        name=f"{node.name}{label}",
    )
    return written.base


def _taps(g: ConvGeometry, axis: int, phase: int) -> _Phase:
    if axis >= len(g.kernel):
        return _Phase((0,), 1, 0)
    stride, dilation, pad = g.strides[axis], g.dilations[axis], g.pads[axis]
    taps = [t for t in reversed(range(g.kernel[axis])) if (phase + pad - t * dilation) % stride == 0]
    positions = [(phase + pad - t * dilation) // stride for t in taps]
    spacing = positions[1] - positions[0] if len(positions) > 1 else 1
    return _Phase(tuple(taps), spacing, -positions[0] if positions else 0)


def _parameters(
    builder: Builder,
    node: Node,
    g: ConvGeometry,
    folded: Chain,
    maps: tuple[int, ...],
    rows: _Phase,
    columns: _Phase,
) -> list[Parameter]:
    name, norm = node.inputs[1], folded.normalisation
    value = _PhaseFilters(builder.graph, name, g.groups, maps, rows.taps, columns.taps, norm)
    label = f"{name}·{node.name}·taps{','.join(map(str, rows.taps))}×{','.join(map(str, columns.taps))}"
    made = ("maps", maps)
    shape = (g.filters, max(1, len(rows.taps)), max(1, len(columns.taps)), g.channels // g.groups)
    width = element_size(builder.graph.stored_dtype(name))
    found = [Parameter("weights", builder.parameter(label, shape, Precision.WEIGHTS, value, width, made), reduced=True)]
    bias_name = node.inputs[2] if len(node.inputs) > 2 else ""
    if bias_name and not builder.graph.is_constant(bias_name):
        raise unsupported(node, "a convolution with a computed bias", "add it in a node of its own")
    if bias_name or norm:
        label = f"{bias_name or name}·{node.name}·bias" if norm else bias_name
        found.append(vector(builder, label, g.filters, bias(builder.graph, bias_name, g.filters, norm)))
    return found


def _interleaved(builder: Builder, name: str, g: ConvGeometry, parts: list[View]) -> Arrangement:
    """The phases as one tensor; copied first where the stride does not divide the output."""
    maps, rows, columns, filters = parts[0].shape
    sy, sx = pair(g.strides[-2:])
    deep = maps // g.batch
    depths = (Factor(0, deep, 1), Factor(0, g.strides[0], sy * sx * maps))
    heights = (Factor(1, rows, 1), Factor(0, sy, sx * maps))
    widths = (Factor(2, columns, 1), Factor(0, sx, maps))
    spatial = (depths, heights, widths) if len(g.kernel) == 3 else (heights, widths)[: len(g.kernel)]
    base = join(parts, 0)
    axes = tuple(merged(f) for f in ((Factor(0, g.batch, deep),), (Factor(3, filters, 1),), *spatial))
    found = Arrangement(base, (0, 0, 0, 0), axes)
    if found.shape[2:] == g.out_spatial:
        return found
    layout = map_layout(len(axes))
    whole: Arrangement = of_view(builder.placed(f"{name}·phases", found, layout), found.shape, layout)
    for axis, size in enumerate(g.out_spatial, start=2):
        cut = whole.sliced(axis, range(size))
        assert cut is not None  # every axis of a fresh storage is a single factor
        whole = cut
    return whole


LOWERING = {"ConvTranspose": conv_transpose}
