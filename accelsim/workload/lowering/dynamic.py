"""Quantisation whose scale is found while the network runs: DynamicQuantizeLinear and what reads its results.

The scale and the zero point are computed on the vector unit from the least and the greatest value, a pass over the
input each, and a third pass divides and rounds. The integers take their bytes in memory; the zero point is subtracted
on their way there, as arrays do that take asymmetric activations, so that padding and products need not know it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from accelsim.program import PostOperation, VectorKernel
from accelsim.workload.arrangement import Arrangement
from accelsim.workload.builder import Builder, elements
from accelsim.workload.fusion import step_work
from accelsim.workload.layouts import default_layout
from accelsim.workload.lowering.passes import reduced_first
from accelsim.workload.lowering.refusals import unsupported
from accelsim.workload.quantised import step_attributes
from accelsim.workload.records import Access, Along, FloatArray, Follow, Precision, View
from accelsim.workload.unary import BINARY
from restructure.graph import Node

__all__ = ["LOWERING", "centred", "dequantised", "integers_of"]

_WHOLE = step_attributes(1.0, 0, "uint8")
_STEPS = 255
"""Between the least and the greatest value; both sides of 0 are included."""


def dynamic_quantise(builder: Builder, node: Node) -> None:
    """DynamicQuantizeLinear: scale (max − min) / 255, zero point round(−min / scale), where max ≥ 0 ≥ min."""
    name, scale, zero = node.outputs
    source = builder.arrangement(node.inputs[0])
    like = source if source.covers_base else builder.settled(node.inputs[0])
    at_most = [PostOperation("Clip", (("max", 0.0),))]
    least = _extreme(builder, node, "ReduceMin", "least", like.base, f"{scale}·least", at_most, [])
    steps = builder.whole(builder.parameter(str(_STEPS), (1, 1, 1, 1), Precision.ACCUMULATORS, _number_of_steps))
    spread = [
        PostOperation("Clip", (("min", 0.0),)),
        PostOperation("Sub", (), "residual0"),
        PostOperation("Div", (), "residual1"),
    ]
    beside = [_one("residual0", least), _one("residual1", steps)]
    width = _extreme(builder, node, "ReduceMax", "scale", like.base, scale, spread, beside)
    rounded = [PostOperation("Neg"), PostOperation("FakeQuantize", _WHOLE, value=zero)]
    inputs = [_one("input", least), _one("input1", width)]
    middle = _of_two(builder, node, "Div", inputs, zero, work=_quotient_work(rounded), label="zero", post=rounded)
    centring = [
        PostOperation("Add", (), "residual0"),
        PostOperation("FakeQuantize", _WHOLE, value=name),
        PostOperation("Sub", (), "residual0"),
    ]
    inputs = [_one("input", like.base), _one("input1", width), _one("residual0", middle.base)]
    _of_two(builder, node, "Div", inputs, name, work=_quotient_work(centring), post=centring, like=like)
    builder.zero_points[name] = zero


def _number_of_steps() -> FloatArray:
    return np.full((1, 1, 1, 1), _STEPS, np.float32)


def _one(slot: str, view: View) -> Access:
    return Access(slot, view, Along.SAME, Along.SAME)


def _extreme(
    builder: Builder,
    node: Node,
    operator: str,
    label: str,
    view: View,
    output: str,
    post: list[PostOperation],
    beside: list[Access],
) -> View:
    """The least or the greatest of all elements, with what follows it."""
    name, of_model = f"{node.name}·{label}", output in builder.graph.tensors
    axes = tuple(axis for axis, size in enumerate(view.shape) if size > 1) or (3,)
    work = elements(view.shape) + len(post)
    if name in builder.in_passes and len(axes) > 1:
        view, last = reduced_first(builder, node, operator, view, axes, (), 1, label)
        axes = (last,)
    rules = [Follow() if axis in axes else Follow(axis) for axis in range(4)]
    source = Access("input", view, Along.ALL, Along.ALL, (rules[0], rules[1], rules[2], rules[3]))
    written = builder.add_layer(
        node,
        VectorKernel(operator, (("axes", tuple(float(axis) for axis in axes)),), post=tuple(post)),
        [source, *beside],
        output,
        layout=default_layout(0 if of_model else 4),
        shape=None if of_model else (1, 1, 1, 1),
        operations=work,
        name=name,
        precision=Precision.ACCUMULATORS,
    )
    return written.base


def _of_two(
    builder: Builder,
    node: Node,
    operator: str,
    inputs: list[Access],
    output: str,
    *,
    work: int,
    label: str = "",
    post: Sequence[PostOperation] = (),
    like: Arrangement | None = None,
) -> Arrangement:
    """A layer of two operands; `work`: lane operations per element of the first, steps included."""
    first = inputs[0].view
    kernel = VectorKernel(operator, (), input_size=first.shape[1:3], inputs=("input", "input1"), post=tuple(post))
    return builder.add_layer(
        node,
        kernel,
        inputs,
        output,
        like=like,
        operations=elements(first.shape) * work,
        name=f"{node.name}·{label}" if label else "",
    )


def _quotient_work(post: Sequence[PostOperation]) -> int:
    """Of a quotient by a scale: the product with its reciprocal, which a rounding step counts anyway."""
    return sum(step_work(step.operator) for step in post)


def centred(builder: Builder, node: Node, index: int, zero: int) -> str:
    """The name of an operand without its computed zero point, operand `zero`; empty if that is known beforehand."""
    name = node.inputs[index]
    given = node.inputs[zero] if len(node.inputs) > zero else ""
    if name not in builder.zero_points:
        return ""
    if given != builder.zero_points[name]:
        raise unsupported(node, f"{name!r} with another zero point than its own", "use the one computed with it")
    return name


def dequantised(builder: Builder, node: Node) -> bool:
    """A DequantizeLinear by a computed scale: a product; False if it is none."""
    name = centred(builder, node, 0, 2)
    if not name:
        return False
    source, factor = builder.settled(name), builder.arrangement(node.inputs[1])
    if factor.base.elements != 1:
        raise unsupported(node, "DequantizeLinear by several computed scales", "use one for all")
    inputs = [_one("input", source.base), _one("input1", factor.base)]
    _of_two(builder, node, "Mul", inputs, node.outputs[0], work=BINARY["Mul"], like=source)
    return True


def integers_of(builder: Builder, name: str) -> None:
    """Let a value that lies without its computed zero point be what the model says it is."""
    source, zero = builder.settled(name), builder.arrangement(builder.zero_points.pop(name))
    node = builder.graph.producer(name)
    assert node is not None  # only nodes make such values
    builder.forget(name)
    inputs = [_one("input", source.base), _one("input1", zero.base)]
    _of_two(builder, node, "Add", inputs, name, work=BINARY["Add"], label="integers", like=source)


LOWERING = {"DynamicQuantizeLinear": dynamic_quantise}
