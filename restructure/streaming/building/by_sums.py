"""Sums taken part by part: one op per share, and those that add the shares up."""

from itertools import pairwise

from restructure.errors import PlanError
from restructure.fields import Reach, RowMap, Same, Whole
from restructure.graph import Node
from restructure.streaming.bands import Span
from restructure.streaming.building.growth import Growth
from restructure.streaming.network import Op
from restructure.streaming.sums import Sum, sum_of

__all__ = ["add_sum"]


def add_sum(grown: Growth, chain: tuple[Node, ...], field: Reach, parts: int) -> None:
    """Add one op per share of a sum and those that add them up, one after another; the last has the followers.

    Args:
        parts: that a mean is taken in.

    Raises:
        PlanError: it cannot be taken part by part, or is cut into groups as well.
    """
    node, found = chain[0], sum_of(grown.graph, chain[0])
    if node.name in grown.groups:
        raise PlanError(f"plan: node {node.name!r} is cut twice; leave one of the cuts out")
    shares = [] if found.reason else _shares(grown, node, found, field, parts)
    if len(shares) < 2:
        reason = found.reason or "its operand is not made in parts"
        raise PlanError(f"plan: the sum of node {node.name!r} cannot be taken part by part: {reason}")
    total = -1
    for number, (tensor, rows, channels) in enumerate(shares):
        made = grown.tensor(node.outputs[0], part=f".p{number}")
        grown.append((node,), field, ((tensor, rows, 0),), (made,), grown.rows(node.outputs[0]), kind="share",
                     sum=found, share=channels, part=f".p{number}")  # fmt: skip
        if number == 0:
            total = made
            continue
        last = number == len(shares) - 1
        part = "" if last else f".t{number}"
        operands = (total, Same(), 0), (made, Same(), 1)
        total = grown.tensor(chain[-1].outputs[0] if last else node.outputs[0], part=part)
        grown.ops.append(
            Op(len(grown.ops), chain if last else (node,), operands, (total,), field.granule, 0, 1, kind="total",
               sum=found, part=part, nodes_more=int(last and found.kind == "mean"))
        )  # fmt: skip


def _shares(grown: Growth, node: Node, found: Sum, field: Reach, parts: int) -> list[tuple[int, RowMap, Span | None]]:
    """Return what each share of a sum reads: a tensor, its rows, and the input channels it stands for."""
    name = node.inputs[0]
    if found.kind == "product":
        grown.note_apart(name)
        return [
            (tensor, field.maps[0], span)
            for tensor, span in zip(grown.parts.get(name, ()), grown.bounds.get(name, ()), strict=True)
        ]
    height, count = grown.rows(name), 1
    if grown.axes[name] in found.axes:
        count = min(parts, height)
    bounds = [height * i // count for i in range(count + 1)]
    return [(tensor, Whole(b, a), None) for tensor in _pieces(grown, name, found) for a, b in pairwise(bounds)]


def _pieces(grown: Growth, name: str, found: Sum) -> list[int]:
    """Return what a tensor is made in that a sum can be taken of: its bands' own columns, or all of it."""
    if name not in grown.bands or grown.across[name] not in found.axes:
        return [grown.operand(name)]
    source, tensors = grown.bands[name]
    shares = zip(source.shares[name], source.spans[name], tensors, strict=True)
    return [tensor if own == made else grown.crop(tensor, name, own, None) for own, made, tensor in shares]
