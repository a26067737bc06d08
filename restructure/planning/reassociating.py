"""Where sums may be taken part by part, if the caller allows that they are added up in another order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from restructure.fields import axes_of, extent
from restructure.graph import Graph
from restructure.planning.drafts import UNCUT, WHOLE, Draft, Outcome
from restructure.planning.sections import keeps_channels, mixes_channels
from restructure.planning.studio import Studio
from restructure.plans import SumCut
from restructure.streaming import Network
from restructure.streaming.sums import sum_of

__all__ = ["Product", "means", "products", "sum_drafts"]

_MOST_PARTS = 16
_GROUPS = (2, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class Product:
    """Nodes that keep channels apart, and the product that adds their channel groups up.

    Attributes:
        section: a convolution or matrix product whose results are made in groups, and what follows it per channel.
        last: the convolution or matrix product over them.
    """

    section: tuple[str, ...]
    last: str


def means(graph: Graph, axis: int) -> tuple[SumCut, ...]:
    """Return the averages over space that can be taken by parts, in as many as make sense."""
    found, axes = [], axes_of(graph, axis)
    for node in graph.nodes:
        taken = sum_of(graph, node)
        if taken.reason or taken.kind == "product":
            continue
        own = axes[node.inputs[0]]
        rows = extent(graph.tensors[node.inputs[0]].shape, own)
        if own in taken.axes and rows > 1:
            found.append(SumCut(node.name, min(rows, _MOST_PARTS)))
    return tuple(found)


def products(graph: Graph, network: Network) -> list[Product]:
    """Return the products whose operand can be made in channel groups."""
    found = []
    for op in network.ops:
        if not op.nodes or op.kind != "node":
            continue
        taken = sum_of(graph, op.nodes[0])
        if not taken.reason and taken.kind == "product":
            section = _section(graph, network, op.operands[0][0])
            if section:
                found.append(Product(section, op.nodes[0].name))
    return found


def _section(graph: Graph, network: Network, tensor: int) -> tuple[str, ...]:
    """Return the nodes that make a tensor group by group, first the one that mixes channels; empty if none does."""
    names: list[str] = []
    while (
        network.producer[tensor] >= 0 and len(network.consumers[tensor]) == 1 and not network.tensors[tensor].is_output
    ):
        op = network.ops[network.producer[tensor]]
        names.append(op.nodes[0].name)
        if mixes_channels(graph, op.nodes[0]):
            return tuple(reversed(names))
        if not keeps_channels(graph, op.nodes[0], True):
            return ()
        tensor = op.operands[0][0]
    return ()


def sum_drafts(studio: Studio, candidates: Sequence[Product], outcome: Outcome) -> Iterator[Draft]:
    """Yield drafts in which one more product is taken group by group, or one in other groups."""
    draft = outcome.draft
    index = {node.name: node.index for node in studio.graph.nodes}
    groups = dict(draft.groups)
    banded = {name for cut in draft.bands for name in cut.nodes}
    summed = {cut.node for cut in draft.sums}
    for product in candidates:
        taken = {*(groups if product.last not in summed else ()), *banded}
        if taken & {*product.section, product.last} or summed & {*product.section}:
            continue
        first, last = index[product.section[0]], index[product.last]
        inside = [i for i, cut in enumerate(draft.cuts) if first < cut <= last]
        cuts = tuple(cut for i, cut in enumerate(draft.cuts) if i not in inside)
        targets = [target for i, target in enumerate(draft.targets) if i - 1 not in inside]
        phase = sum(cut <= first for cut in cuts)
        if targets[phase] == WHOLE:
            targets[phase] = UNCUT
        sums = (*(cut for cut in draft.sums if cut.node != product.last), SumCut(product.last))
        for count in _GROUPS:
            if groups.get(product.section[0]) != count:
                chosen = tuple(sorted((groups | dict.fromkeys(product.section, count)).items()))
                yield replace(draft, cuts=cuts, targets=tuple(targets), groups=chosen, sums=sums)
