"""Bands: which columns of its tensors some nodes make when they run once per band of columns.

What leaves the nodes is shared out evenly among the bands; the columns a band needs of everything inside follow from
that, backwards through the receptive fields along the width. Columns that two bands need are made in each. Along axis 2
the same holds of rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from restructure.errors import PlanError
from restructure.fields import Reach, axes_of, extent, reach
from restructure.graph import Graph, Node
from restructure.plans import BandCut

__all__ = ["Banded", "Span", "banded"]

Span = tuple[int, int]
"""First column and last + 1."""
Chain = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Banded:
    """Chains of nodes that run once per band.

    Attributes:
        spans: tensor they make → the columns that each band makes.
        shares: tensor that leaves them → the columns that are each band's own.
        reaches: name of a chain's first node → receptive fields along the width.
    """

    cut: BandCut
    spans: Mapping[str, tuple[Span, ...]]
    shares: Mapping[str, tuple[Span, ...]]
    reaches: Mapping[str, Reach]


def banded(graph: Graph, chains: Sequence[Chain], cut: BandCut, axis: int) -> Banded:
    """Return the columns every band needs, for chains of nodes in running order.

    Raises:
        PlanError: a node cannot be cut along the axis.
    """
    reaches = {chain[0].name: reach(graph, chain[0], axis) for chain in chains}
    for chain in chains:
        for node in chain:
            reason = reach(graph, node, axis).reason
            if reason:
                raise PlanError(f"plan: node {node.name!r} cannot be cut into bands: {reason}; leave it out")
    made = {name for chain in chains for name in _results(chain)}
    inside = {node.index for chain in chains for node in chain}
    granules = {name: reaches[chain[0].name].granule for chain in chains for name in _results(chain)}
    leaving = [name for name in made if _leaves(graph, name, inside)]
    axes = axes_of(graph, axis)
    widths = {name: extent(graph.tensors[name].shape, axes[name]) for name in made}
    count = min([cut.bands, *(-(-widths[name] // granules[name]) for name in leaving)])
    shares = {name: _shares(widths[name], granules[name], count) for name in leaving}
    spans: dict[str, list[Span]] = {name: [] for name in made}
    for band in range(count):
        wanted = {name: found[band] for name, found in shares.items()}
        for chain in reversed(chains):
            _need(chain, reaches[chain[0].name], widths, wanted)
        for name in made:
            spans[name].append(wanted[name])
    return Banded(cut, {name: tuple(found) for name, found in spans.items()}, shares, reaches)


def _results(chain: Chain) -> list[str]:
    return [name for name in chain[-1].outputs if name]


def _leaves(graph: Graph, name: str, inside: set[int]) -> bool:
    readers = graph.consumers(name)
    return name in graph.outputs or not readers or any(node.index not in inside for node in readers)


def _shares(width: int, granule: int, count: int) -> tuple[Span, ...]:
    """Return `count` even stretches of `width` columns, none of which parts a granule."""
    granules = -(-width // granule)
    bounds = [min(granules * i // count * granule, width) for i in range(count + 1)]
    return tuple(pairwise(bounds))


def _need(chain: Chain, found: Reach, widths: Mapping[str, int], wanted: dict[str, Span]) -> None:
    """Settle what a chain makes in one band, and add what it reads to what is wanted."""
    results = _results(chain)
    asked = [wanted[name] for name in results if name in wanted]
    low, high = min(low for low, _ in asked), max(high for _, high in asked)
    granule = found.granule
    span = low // granule * granule, min(-(-high // granule) * granule, widths[results[0]])
    wanted.update(dict.fromkeys(results, span))
    for position, field in found.maps.items():
        name = chain[0].inputs[position]
        need = field.need(*span)
        before = wanted.get(name, need)
        wanted[name] = min(before[0], need[0]), max(before[1], need[1])
