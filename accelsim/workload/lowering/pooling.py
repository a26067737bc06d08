"""Pools over windows, on the vector unit."""

from __future__ import annotations

from collections.abc import Sequence

from accelsim.program import VectorKernel
from accelsim.workload.arrangement import of_view
from accelsim.workload.builder import Builder, elements
from accelsim.workload.fusion import Chain, chain
from accelsim.workload.layouts import BATCH, map_layout
from accelsim.workload.lowering.convolution import pair, window_of
from accelsim.workload.lowering.refusals import unsupported
from accelsim.workload.lowering.volumes import MAPS, DepthTaps, over_maps
from accelsim.workload.records import Access, Along, Precision, View
from accelsim.workload.views import join
from restructure.graph import Node
from restructure.operators import PoolGeometry, pool_geometry

#: Lane operations per window element, and per result (a division by a constant is one product, a root three).
_WORK = {"max": (1, 0), "average": (1, 1), "lp": (2, 3)}


def pool(builder: Builder, node: Node) -> None:
    """MaxPool and AveragePool over one to three spatial axes, LpPool over one or two."""
    pool_of(builder, node, node.inputs[0], node.op_type)


def pool_of(builder: Builder, node: Node, name: str, operator: str, after: Chain | None = None) -> None:
    """A pool of the value `name`; `after` is what follows it, if not simply what the readers say."""
    geometry = pool_geometry(node, builder.graph)
    rank = len(geometry.kernel)
    if rank > 3 or (rank == 3 and (geometry.kind == "lp" or after)):
        known = "pools over 1 or 2 axes are simulated, MaxPool and AveragePool over 3"
        raise unsupported(node, f"{node.op_type} over {rank} axes", known)
    if len(node.outputs) > 1 and node.outputs[1] and builder.graph.consumers(node.outputs[1]):
        raise unsupported(node, "the Indices output of MaxPool", "remove the output")
    if rank == 3:
        _over_depth(builder, node, geometry)
        return
    layout = map_layout(rank + 2)
    folded = after or chain(builder, node.outputs[0], layout)
    _append_pool(builder, node, operator, geometry, builder.view(name, layout), folded)


def _append_pool(
    builder: Builder, node: Node, operator: str, geometry: PoolGeometry, view: View, folded: Chain, part: str = ""
) -> View:
    """The layer of a pool over rows and columns, or a `part` of one over depth too."""
    attributes = [
        ("count_include_pad", float(geometry.count_include_pad)),
        ("ceil_mode", float(geometry.ceil_mode)),
    ]
    if geometry.kind == "lp":
        attributes.append(("p", float(node.attributes.get("p", 2))))
    kernel = VectorKernel(
        operator=operator,
        attributes=tuple(attributes),
        window=window_of(geometry.kernel, geometry.strides, geometry.dilations, geometry.pads),
        input_size=pair(geometry.in_spatial),
        post=tuple(folded.post),
    )
    each, result = _WORK[geometry.kind]
    taps = kernel.window.kernel[0] * kernel.window.kernel[1]
    maps = (geometry.batch, *pair(geometry.out_spatial), geometry.channels)
    written = builder.add_layer(
        node,
        kernel,
        [Access("input", view, Along.WINDOW, Along.SAME), *folded.residuals],
        f"{node.outputs[0]}·{part}" if part else folded.output,
        layout=MAPS if part else map_layout(len(builder.shape(node.outputs[0]))),
        shape=maps if part else None,
        fused=folded.nodes,
        operations=elements(maps) * (taps * each + result + folded.work),
        name=f"{node.name}·{part}" if part else "",
        precision=Precision.ACCUMULATORS if part and geometry.kind == "average" else Precision.ACTIVATIONS,
    )
    return written.base


def _over_depth(builder: Builder, node: Node, geometry: PoolGeometry) -> None:
    """A pool over rows and columns of every map, then one over the maps.

    A maximum of maxima is the maximum. A mean of means is the mean, for what lies inside is as many maps for each of
    their elements.
    """
    layout = map_layout(5)
    flat = over_maps(geometry, geometry.batch * geometry.in_spatial[0])
    view = builder.view(node.inputs[0], layout)
    if geometry.kernel[0] == geometry.strides[0] == 1:
        _append_pool(builder, node, node.op_type, flat, view, chain(builder, node.outputs[0], layout))
        return
    if any(n > 1 for n in (*flat.kernel, *flat.strides)):
        view = _append_pool(builder, node, node.op_type, flat, view, Chain("", None), "maps")
    folded = chain(builder, node.outputs[0], None)
    taps = DepthTaps.of(geometry)
    outside = (geometry.pads[0], geometry.pads[3]) if geometry.count_include_pad else (0, 0)
    runs = taps.alike(*outside)
    if not all(read for read, _ in runs):
        raise unsupported(node, f"{node.op_type} of a window in the padding alone", "pad less along depth")
    parts = [
        _across_maps(builder, node, folded, [taps.maps(builder, view, entry, results, tap) for tap in read], results)
        for entry in range(geometry.batch)
        for read, results in runs
    ]
    builder.arrangements[folded.output] = of_view(join(parts, BATCH), builder.shape(folded.output), layout)


def _across_maps(builder: Builder, node: Node, folded: Chain, views: Sequence[View], results: Sequence[int]) -> View:
    """The layer of a pool over the maps at the same place of several views, for some results along depth."""
    slots = tuple("input" if index == 0 else f"input{index}" for index in range(len(views)))
    operator, last = ("Max", 0) if node.op_type == "MaxPool" else ("Mean", 1)
    shape = views[0].shape
    written = builder.add_layer(
        node,
        VectorKernel(operator, input_size=shape[1:3], inputs=slots, post=tuple(folded.post)),
        [Access(slot, view, Along.SAME, Along.SAME) for slot, view in zip(slots, views, strict=True)],
        folded.output,
        layout=MAPS,
        shape=shape,
        fused=folded.nodes,
        operations=elements(shape) * (max(1, len(views) - 1) + last + folded.work),
        name=f"{node.name}·{results[0]}-{results[-1]}",
    )
    return written.base


LOWERING = dict.fromkeys(("MaxPool", "AveragePool", "LpPool"), pool)
