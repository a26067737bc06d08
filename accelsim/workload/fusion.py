"""Fusion: the element-wise steps an output pipeline applies to a result on its way out of the array or vector unit.

A step is folded when its input has no other reader and is not a network output. A residual is folded into the producer
that comes last, where the other operand already exists. `x·f(x)` (SiLU, an unfused Gelu) is folded as a *fork*: both
readers of x are steps, the second of which refers back to x.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from accelsim.program import PostOperation
from accelsim.workload.builder import Builder, elements
from accelsim.workload.layouts import Layout, default_layout, physical_shape
from accelsim.workload.quantised import is_integer, scale_and_zero, step_attributes
from accelsim.workload.records import Access, Precision, View
from accelsim.workload.unary import BINARY, UNARY, unary_attributes
from accelsim.workload.values import ScaleShift
from restructure.graph import Node

#: Longest detour from x to x·f(x) that is looked at.
LONGEST_FORK = 6


@dataclass(slots=True)
class Chain:
    """What is folded behind a producer: nodes, steps, the operands they read, and the value that results."""

    output: str
    layout: Layout | None
    nodes: list[Node] = field(default_factory=list)
    post: list[PostOperation] = field(default_factory=list)
    residuals: list[Access] = field(default_factory=list)
    normalisation: ScaleShift | None = None
    scale: tuple[float, int] | None = None

    @property
    def work(self) -> int:
        """Lane operations per element of all steps."""
        return sum(step_work(step.operator) for step in self.post)

    def precede(self, steps: Sequence[PostOperation]) -> None:
        """Put steps of the producer itself before those of its readers."""
        self.post = [*steps, *(_later(step, len(steps)) for step in self.post)]


def _later(step: PostOperation, by: int) -> PostOperation:
    """A step whose reference to an earlier one counts so many steps more."""
    return replace(step, slot=f"step{int(step.slot[4:]) + by}") if step.slot.startswith("step") else step


def step_work(operator: str) -> int:
    """Lane operations per element of a step."""
    return UNARY[operator] if operator in UNARY else BINARY.get(operator, 1)


def chain(
    builder: Builder,
    value: str,
    layout: Layout | None,
    fold_normalisation: bool = False,
    scale: tuple[float, int] | None = None,
) -> Chain:
    """Follow the readers of `value` as long as they can be folded.

    Args:
        builder: what has been lowered so far.
        value: output of the producer.
        layout: in which the producer writes it; None where only steps of one operand can be folded.
        fold_normalisation: whether a BatchNormalization (and a scale and shift) right behind it goes into the weights.
        scale: with which the producer itself has rounded the value.
    """
    found = Chain(value, layout, scale=scale)
    if scale is None and value in builder.scales:
        return found  # integers that were moved: what follows computes on integers
    while _fold_next(builder, found, fold_normalisation) or _fold_fork(builder, found):
        pass
    _stop_at_quantised(builder, found)
    return found


def _fold_next(builder: Builder, found: Chain, fold_normalisation: bool) -> bool:
    node = _only_reader(builder, found.output)
    if node is None:
        return False
    if fold_normalisation and not found.post and (step := _scale_shift(builder, node, found)) is not None:
        found.normalisation = step
    else:
        post = _step(builder, node, found)
        if post is None:
            return False
        found.post.append(post)
    _advance(found, node)
    return True


def _advance(found: Chain, node: Node) -> None:
    found.nodes.append(node)
    found.output = node.outputs[0]


def _scale_shift(builder: Builder, node: Node, found: Chain) -> ScaleShift | None:
    """A normalisation, or a product or sum with a constant per channel, as part of the producer's weights."""
    if node.inputs[0] != found.output:
        return None
    if node.op_type == "BatchNormalization":
        return ScaleShift.of(node, builder.graph).after(found.normalisation)
    if node.op_type in ("Mul", "Add") and found.normalisation is not None:
        other = node.inputs[1]
        channels = builder.shape(found.output)[1]
        per_channel = (channels, *(1 for _ in builder.shape(found.output)[2:]))
        if builder.is_constant(other) and builder.shape(other) in (per_channel, (1, *per_channel)):
            return ScaleShift.of_constant(node, builder.graph).after(found.normalisation)
    return None


def _step(builder: Builder, node: Node, found: Chain) -> PostOperation | None:
    """The node as a step, its operands added to the chain; None if it cannot be folded."""
    value = found.output
    if node.op_type == "QuantizeLinear" and node.inputs[0] == value:
        return _quantise(builder, node, found)
    if node.op_type == "DequantizeLinear" and found.scale is not None and node.inputs[0] == value:
        found.scale = None
        return PostOperation("Identity")
    if found.scale is not None or node.op_type == "DequantizeLinear":
        return None
    if node.op_type in UNARY and node.inputs[0] == value:
        return PostOperation(node.op_type, unary_attributes(builder.graph, node))
    if node.op_type in ("Add", "Sum", "Mul", "Sub", "Div") and len(node.inputs) == 2:
        return _binary(builder, node, found)
    return None


def _quantise(builder: Builder, node: Node, found: Chain) -> PostOperation | None:
    dtype = builder.graph.tensors[node.outputs[0]].dtype
    if not is_integer(dtype) or builder.graph.tensors[node.inputs[1]].elements != 1:
        return None
    scale = scale_and_zero(builder.graph, node, 1, 2)
    kept = node.outputs[0] not in builder.graph.outputs
    found.scale = scale if kept else None
    operator = "FakeQuantize" if kept else "QuantizeLinear"
    return PostOperation(operator, step_attributes(*scale, dtype), value=node.outputs[0])


def _binary(builder: Builder, node: Node, found: Chain) -> PostOperation | None:
    value, first = found.output, node.inputs[0] == found.output
    other = node.inputs[1] if first else node.inputs[0]
    if other == value or builder.shape(node.outputs[0]) != builder.shape(value) or found.layout is None:
        return None
    view = _ready(builder, other, len(builder.shape(value)), builder.shape(value), found.layout)
    if view is None:
        return None
    slot = f"residual{len(found.residuals)}"
    found.residuals.append(Access(slot, view))
    swapped = () if first or node.op_type in ("Add", "Sum", "Mul") else (("swapped", 1.0),)
    return PostOperation(node.op_type, swapped, slot)


def _ready(builder: Builder, name: str, rank: int, shape: tuple[int, ...], layout: Layout) -> View | None:
    """An operand that already exists, aligned to `rank`, as a view that broadcasts; None if it needs a copy."""
    own = builder.shape(name)
    aligned = (1,) * (rank - len(own)) + own
    target = physical_shape(shape, layout)
    size = physical_shape(aligned, layout)
    if any(n not in (1, m) for n, m in zip(size, target, strict=True)):
        return None
    if builder.is_constant(name):
        return builder.constant(name, aligned, layout, Precision.ACCUMULATORS)
    if elements(own) == 1:
        return builder.free_view(name, default_layout(len(own)))
    return builder.free_view(name, layout) if own == shape else None


def _fold_fork(builder: Builder, found: Chain) -> bool:
    """Fold x·f(x): a detour of single readers from x that meets x again; both readers of x are consumed."""
    readers = builder.graph.consumers(found.output)
    if len(readers) != 2 or found.output in builder.graph.outputs or found.scale is not None:
        return False
    for first, join in (readers, readers[::-1]):
        detour = Chain(found.output, found.layout, residuals=list(found.residuals))
        step: Node | None = first
        while step is not None and step is not join and len(detour.nodes) < LONGEST_FORK:
            post = _step(builder, step, detour)
            if post is None:
                break
            detour.post.append(post)
            _advance(detour, step)
            step = _only_reader(builder, detour.output)
        if step is join and detour.nodes and _joins(join, found.output, detour.output):
            _splice(found, detour, join)
            return True
    return False


def _joins(join: Node, value: str, detour: str) -> bool:
    return join.op_type in ("Mul", "Add") and sorted(join.inputs) == sorted([value, detour])


def _splice(found: Chain, detour: Chain, join: Node) -> None:
    """Append the detour and the step that refers back to the value before it (`step<n>`: after n steps)."""
    back = f"step{len(found.post)}"
    found.post += [*detour.post, PostOperation(join.op_type, (), back)]
    found.nodes += detour.nodes
    found.residuals = detour.residuals
    _advance(found, join)


def _stop_at_quantised(builder: Builder, found: Chain) -> None:
    """A chain that ends in a DequantizeLinear ends before it: what is stored has the integer type."""
    if found.nodes and found.nodes[-1].op_type == "DequantizeLinear":
        node = found.nodes.pop()
        found.post.pop()
        found.output = node.inputs[0]
        found.scale = scale_and_zero(builder.graph, node, 1, 2)
    if found.scale is not None:
        builder.scales[found.output] = found.scale


def _only_reader(builder: Builder, value: str) -> Node | None:
    readers = builder.graph.consumers(value)
    if len(readers) != 1 or value in builder.graph.outputs:
        return None
    return readers[0] if list(readers[0].inputs).count(value) == 1 else None
