"""Fusion: the element-wise steps an output pipeline applies to a result on its way out of the array or vector unit.

A step is folded when its input has no other reader and is not a network output. A residual add is folded into the
producer that comes last, where the other summand already exists.
"""

from __future__ import annotations

from dataclasses import dataclass

from accelsim.program import PostOperation
from accelsim.workload.builder import Builder
from accelsim.workload.records import Access
from accelsim.workload.unary import UNARY, unary_attributes
from accelsim.workload.values import ScaleShift
from restructure.graph import Node


@dataclass(slots=True)
class Chain:
    """What is folded behind a producer: nodes, steps, the operands they read, and the value that results."""

    output: str
    nodes: list[Node]
    post: list[PostOperation]
    residuals: list[Access]
    normalisation: ScaleShift | None = None


def chain(builder: Builder, value: str, fold_normalisation: bool = False) -> Chain:
    """Follow single readers of `value` as long as they can be folded.

    Args:
        builder: what has been lowered so far.
        value: output of the producer.
        fold_normalisation: whether a BatchNormalization right behind it goes into the producer's weights.
    """
    found = Chain(value, [], [], [])
    while (node := _only_reader(builder, found.output)) is not None:
        if node.op_type == "BatchNormalization" and fold_normalisation and not found.nodes:
            found.normalisation = ScaleShift.of(node, builder.graph)
        elif node.op_type in UNARY and node.inputs[0] == found.output:
            found.post.append(PostOperation(node.op_type, unary_attributes(builder.graph, node)))
        elif node.op_type == "Add" and (other := _ready_summand(builder, node, found.output)) is not None:
            slot = f"residual{len(found.residuals)}"
            found.post.append(PostOperation("Add", (), slot))
            found.residuals.append(Access(slot, builder.view(other)))
        else:
            break
        found.nodes.append(node)
        found.output = node.outputs[0]
    return found


def _only_reader(builder: Builder, value: str) -> Node | None:
    readers = builder.graph.consumers(value)
    if len(readers) != 1 or value in builder.graph.outputs:
        return None
    return readers[0] if list(readers[0].inputs).count(value) == 1 else None


def _ready_summand(builder: Builder, node: Node, value: str) -> str | None:
    """The other operand of an Add, if it is an activation of equal shape that already exists."""
    other = node.inputs[1] if node.inputs[0] == value else node.inputs[0]
    tensors = builder.graph.tensors
    same = tensors[other].shape == tensors[node.outputs[0]].shape == tensors[value].shape
    return other if same and other in builder.views else None
