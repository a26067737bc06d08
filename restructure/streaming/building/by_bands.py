"""Nodes cut into bands: one op per band, behind crops of what all of them read."""

from collections.abc import Sequence

from restructure.errors import PlanError
from restructure.fields import Reach
from restructure.graph import Node
from restructure.streaming.bands import Banded, Span, banded
from restructure.streaming.building.growth import Growth

__all__ = ["add_bands", "bands_of"]


def bands_of(grown: Growth, chains: Sequence[tuple[Node, ...]]) -> dict[str, Banded]:
    """Return the columns that every band makes, by the first node of each chain that is cut into some.

    Raises:
        PlanError: a node is not there, or cut otherwise as well.
    """
    cut_into: dict[str, Banded] = {}
    for cut in grown.cuts.bands:
        named = set(cut.nodes)
        chosen = [chain for chain in chains if chain[0].name in named]
        unknown = named - {node.name for chain in chosen for node in chain}
        if unknown or not chosen:
            raise PlanError(f"plan: cannot cut {sorted(unknown)} into bands: not the graph's; make the plan again")
        for name in named & {*grown.groups, *cut_into}:
            raise PlanError(f"plan: node {name!r} is cut twice; leave one of the cuts out")
        found = banded(grown.graph, chosen, cut, grown.cuts.across)
        cut_into |= {chain[0].name: found for chain in chosen}
    return cut_into


def add_bands(grown: Growth, chain: tuple[Node, ...], field: Reach, found: Banded) -> None:
    """Add one op per band, behind the crops that all of them read."""
    node, names = chain[0], [name for name in chain[-1].outputs if name]
    across, spans = found.reaches[node.name], found.spans[names[0]]
    operands = [
        tuple((_stretch(grown, node.inputs[i], across.maps[i].need(*span), across.maps[i].slack, found, band),
               field.maps[i], i) for i in sorted(field.maps))
        for band, span in enumerate(spans)
    ]  # fmt: skip
    for name in names:
        grown.bands[name] = found, [grown.tensor(name, columns=span) for span in spans]
    for band, span in enumerate(spans):
        results = tuple(grown.bands[name][1][band] for name in names)
        grown.append(chain, field, operands[band], results, grown.rows(names[0]), columns=span,
                     across=across.maps.get(0), band=0 if found.cut.by_rows else band)  # fmt: skip


def _stretch(grown: Growth, name: str, span: Span, slack: int, reader: Banded, band: int) -> int:
    """Return a tensor with these columns of another, or up to `slack` more at their end."""
    low, high = span
    if name not in grown.bands:
        width = grown.columns(name)
        operand = grown.operand(name)
        return operand if low == 0 and high <= width <= high + slack else grown.crop(operand, name, span, reader)
    source, tensors = grown.bands[name]
    spans = source.spans[name]
    # Inside a cut a band reads its own columns; from another cut's, those of a band that has them all.
    order = [band] if source is reader else sorted(range(len(spans)), key=lambda other: abs(other - band))
    for other in order:
        a, b = spans[other]
        if a <= low and high <= b:
            fits = a == low and b <= high + slack
            return tensors[other] if fits else grown.crop(tensors[other], name, span, reader)
    return grown.gather(name, span, reader)
