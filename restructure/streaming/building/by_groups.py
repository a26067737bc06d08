"""Nodes cut into groups of channels, and Concats of channels whose operands stand for their result."""

from restructure import operators
from restructure.fields import Reach
from restructure.graph import Node
from restructure.streaming.building.growth import Growth

__all__ = ["add_groups", "take_apart"]


def take_apart(grown: Growth, node: Node) -> None:
    """Let the operands of a Concat of channels stand for its result, group by group."""
    name, first = node.outputs[0], 0
    grown.apart[name] = node.name
    grown.parts[name], grown.bounds[name] = [], []
    for operand in node.inputs:
        last = first + grown.graph.tensors[operand].shape[1]
        grown.parts[name].append(grown.operand(operand))
        grown.bounds[name].append((first, last))
        first = last


def add_groups(grown: Growth, chain: tuple[Node, ...], field: Reach, count: int) -> None:
    """Add one op per channel group; a node that keeps channels apart takes over its operand's groups."""
    node, name = chain[0], chain[-1].outputs[0]
    total = grown.graph.tensors[name].shape[1]
    rows = grown.rows(name)
    source = None if _mixes_channels(grown, node) else grown.parts.get(node.inputs[0])
    bounds = (
        grown.bounds[node.inputs[0]]
        if source
        else [(total * i // count, total * (i + 1) // count) for i in range(count)]
    )
    made = []
    grown.note_apart(node.inputs[0] if source else "")
    for index, channels in enumerate(bounds):
        operand = source[index] if source else grown.operand(node.inputs[0])
        made.append(grown.tensor(name, channels))
        grown.append(chain, field, ((operand, field.maps[0], 0),), (made[-1],), rows, channels, total)
    grown.parts[name], grown.bounds[name] = made, bounds


def _mixes_channels(grown: Growth, node: Node) -> bool:
    if node.op_type in ("Gemm", "MatMul"):
        return True
    return grown.graph.spec(node).category == "conv" and operators.conv_geometry(node, grown.graph).groups == 1
