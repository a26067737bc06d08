"""From a graph to a workload: every node lowered, every operator accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from typing import TypeVar

from accelsim.errors import ModelUnsupportedError
from accelsim.program import TensorKind, VectorKernel
from accelsim.workload.builder import Builder
from accelsim.workload.layouts import Layout, default_layout, is_plain, map_layout, onnx_axes
from accelsim.workload.lowering import LOWERING
from accelsim.workload.lowering.dynamic import integers_of
from accelsim.workload.quantised import is_integer, step_attributes
from accelsim.workload.records import Access, NamedView, Workload
from accelsim.workload.unary import UNARY
from restructure.graph import Graph, Node

_T = TypeVar("_T")

#: Operators that take integers together with their scale, and so the real numbers they stand for.
_WITH_SCALES = frozenset(name for name in LOWERING if name.startswith("QLinear")) | {
    "ConvInteger",
    "DequantizeLinear",
    "MatMulInteger",
    "QGemm",
}

#: Operators that mean the same to integers as to the real numbers they stand for, by which of their operands they are.
_KEEPING_SCALES: dict[str, slice] = {
    **dict.fromkeys(("Concat", "Max", "Min"), slice(None)),
    "Where": slice(1, None),
    **dict.fromkeys(
        (
            "ArgMax",
            "ArgMin",
            "DepthToSpace",
            "Dropout",
            "Expand",
            "Flatten",
            "Gather",
            "GlobalMaxPool",
            "Identity",
            "MaxPool",
            "Pad",
            "ReduceMax",
            "ReduceMin",
            "Reshape",
            "Resize",
            "Slice",
            "SpaceToDepth",
            "Split",
            "Squeeze",
            "Tile",
            "Transpose",
            "Unsqueeze",
            "Upsample",
        ),
        slice(1),
    ),
}

#: Those of them that make integers of their own, which a scale that is known beforehand can be told.
_BESIDE_INTEGERS = frozenset({"Pad", "Resize", "Upsample"})

#: Operators of which a rank-3 operand is a sequence of positions with channels first (N, C, L).
_OVER_MAPS = frozenset(
    {
        "Conv",
        "ConvTranspose",
        "MaxPool",
        "AveragePool",
        "LpPool",
        "QLinearConv",
        "QLinearAveragePool",
        "ConvInteger",
        "FusedConv",
    }
)


def build(graph: Graph, in_passes: Container[str] = ()) -> Workload:
    """The layers of a network in the order of its nodes.

    Args:
        graph: a model with static shapes.
        in_passes: names of reductions and normalisations that hold one axis at a time, since the accelerator cannot
            hold all that they look along; others in here are lowered as ever.

    Raises:
        ModelUnsupportedError: an operator cannot be costed; all of them are named, with how often they occur.
    """
    _refuse_unknown(graph)
    builder = Builder(graph, in_passes)
    inputs = [builder.activation(name, _input_layout(graph, name), TensorKind.INPUT) for name in graph.inputs]
    problems: list[str] = []
    for node in graph.nodes:
        if node.index not in builder.folded:
            try:
                _settle_scales(builder, node)
                LOWERING[node.op_type](builder, node)
            except ModelUnsupportedError as error:
                problems.append(str(error))
                _go_on(builder, node)
    if problems:
        raise ModelUnsupportedError(_summary(graph, problems))
    outputs = tuple(_output(builder, name) for name in graph.outputs)
    for output in outputs:
        builder.mark_output(output.view)
    return Workload(
        name=graph.name,
        storages=tuple(builder.storages),
        layers=tuple(builder.layers),
        inputs=tuple(inputs),
        outputs=outputs,
        values=builder.values,
        operators=len(graph.nodes),
        macs=sum(layer.macs for layer in builder.layers),
        parameters=graph.parameter_count,
        costed_operators=len(graph.nodes),
        rounded=builder.rounded,
        in_passes=tuple(builder.passed),
    )


def _input_layout(graph: Graph, name: str) -> Layout:
    """Where a network input lies: as its first reader wants it."""
    shape, readers = graph.tensors[name].shape, graph.consumers(name)
    layout = map_layout(len(shape))
    wanted = bool(readers) and readers[0].op_type in _OVER_MAPS and is_plain(layout, shape)
    return layout if wanted else default_layout(len(shape))


def _settle_scales(builder: Builder, node: Node) -> None:
    """What only moves, selects or compares quantised values keeps their scale; what computes is given integers."""
    if node.op_type in _WITH_SCALES:
        return
    operands = node.inputs[_KEEPING_SCALES.get(node.op_type, slice(0))]
    if _keep(builder, node, builder.scales, operands):
        return
    if node.op_type not in _BESIDE_INTEGERS and _keep(builder, node, builder.zero_points, operands):
        return
    for name in dict.fromkeys(node.inputs):
        if name in builder.scales:
            _as_integers(builder, name)
        if name in builder.zero_points:
            integers_of(builder, name)


def _keep(builder: Builder, node: Node, known: dict[str, _T], operands: Sequence[str]) -> bool:
    """Let results have what is known of all operands, if that is the same."""
    found = {known.get(name) for name in operands}
    value = known.get(operands[0]) if len(found) == 1 else None
    if value is None:
        return False
    known.update((name, value) for name in node.outputs if _holds_integers(builder, name))
    return True


def _holds_integers(builder: Builder, name: str) -> bool:
    return bool(name) and is_integer(builder.graph.tensors[name].dtype)


def _output(builder: Builder, name: str) -> NamedView:
    """A network output in a layout that leads straight to the model's array."""
    if name in builder.scales:
        _as_integers(builder, name)
    if name in builder.zero_points:
        integers_of(builder, name)
    shape = builder.shape(name)
    found = builder.arrangement(name).natural()
    layout = found if found is not None and is_plain(found, shape) else default_layout(len(shape))
    view = builder.view(name, layout)
    if any(builder.storages[piece.storage].kind is not TensorKind.ACTIVATION for piece in view.pieces):
        layout = default_layout(len(shape))  # what was there before the network ran is delivered as a copy
        view = builder.copied(name, builder.arrangement(name), layout)
    return NamedView(name, view, shape, onnx_axes(layout, shape))


def _as_integers(builder: Builder, name: str) -> None:
    """The integers of a quantised value, made by a layer from the real numbers they stand for."""
    source = builder.settled(name)
    step = step_attributes(*builder.scales.pop(name), builder.graph.tensors[name].dtype)
    node = builder.graph.producer(name)
    if node is None:
        return
    work = source.base.elements * UNARY["QuantizeLinear"]
    kernel, access = VectorKernel("QuantizeLinear", step, value=name), Access("input", source.base)
    builder.forget(name)
    builder.add_layer(node, kernel, [access], name, like=source, operations=work, name=f"{node.name}·integers")


def _go_on(builder: Builder, node: Node) -> None:
    """Pretend that an unsupported node was lowered, so that the next problem can be found too."""
    for name in node.outputs:
        if name and name not in builder.arrangements:
            builder.activation(name)


def _summary(graph: Graph, problems: list[str]) -> str:
    shown = problems if len(problems) <= 8 else [*problems[:8], f"and {len(problems) - 8} more"]
    return problems[0] if len(problems) == 1 else f"{graph.name}: {len(problems)} nodes: " + "; ".join(shown)


def _refuse_unknown(graph: Graph) -> None:
    unknown = Counter(_qualified(n) for n in graph.nodes if n.op_type not in LOWERING)
    if unknown:
        listed = ", ".join(f"{name} ({count}×)" for name, count in sorted(unknown.items()))
        raise ModelUnsupportedError(
            f"{graph.name}: operators that cannot be simulated yet: {listed}; "
            f"rewrite them with supported ones: {', '.join(sorted(LOWERING))}"
        )


def _qualified(node: Node) -> str:
    return f"{node.domain}.{node.op_type}" if node.domain else node.op_type
