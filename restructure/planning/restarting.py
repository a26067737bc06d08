"""Drafts whose first phase begins afresh on its way, so that it need not hold the whole input to its end.

Up to the restart the input stays as the caller gave it. Then all that is inside the phase is forgotten, the rest of the
input is split into pieces that go one by one, and what is needed again is made again: more MACs for less memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from restructure.planning.borders import border_bytes
from restructure.planning.drafts import Draft
from restructure.planning.studio import Studio

__all__ = ["restarts", "seeds"]

_PLACES = 10
_RESTARTS = (350, 450, 550, 650, 750, 850)
_INPUT_ROWS = 8


def seeds(studio: Studio, draft: Draft, sections: Sequence[tuple[str, ...]]) -> Iterator[Draft]:
    """Yield drafts with a first phase to each of the narrowest places, begun afresh there, and a draft's other cuts."""
    for cut in _narrow(studio, len(studio.graph.nodes), _PLACES):
        later = [index for index, other in enumerate(draft.cuts) if other > cut]
        cuts = (cut, *(draft.cuts[index] for index in later))
        targets = (0, draft.targets[later[0] if later else -1], *(draft.targets[index + 1] for index in later))
        groups = _groups(studio, draft, sections, cut)
        for restart in _RESTARTS:
            yield replace(
                draft, cuts=cuts, targets=targets, groups=groups, rows=(), input_rows=_INPUT_ROWS, restart=restart
            )


def restarts(studio: Studio, draft: Draft, sections: Sequence[tuple[str, ...]]) -> Iterator[Draft]:
    """Begin the first phase afresh half way, and let its sections work group by group meanwhile."""
    last = draft.cuts[0] if draft.cuts else len(studio.graph.nodes)
    chosen = _groups(studio, draft, sections, last)
    for restart in sorted({400, 600, 700, 800, 900, draft.restart + 50, draft.restart - 50} - {draft.restart}):
        if 0 < restart < 1000:
            yield replace(draft, restart=restart)
            if chosen != draft.groups:
                yield replace(draft, restart=restart, groups=chosen)
    # A first phase that ends sooner forgets, and makes again, less.
    for cut in _narrow(studio, last, 4):
        sooner = replace(draft, cuts=(cut, *draft.cuts), targets=(0, *draft.targets), groups=chosen)
        yield from (replace(sooner, restart=restart) for restart in (700, 800) if not draft.restart)


def _narrow(studio: Studio, last: int, most: int) -> list[int]:
    """Return the nodes of the `most` narrowest places before node `last` where one tensor crosses."""
    network = studio.network()
    inputs = set(network.inputs)
    sizes: dict[int, int] = {}
    for op in network.ops[1:]:
        crossing = [tensor for tensor in network.crossing(op.index) if tensor not in inputs]
        if op.nodes and op.nodes[0].index < last and len(crossing) == 1:
            sizes[op.nodes[0].index] = border_bytes(network, crossing)
    return sorted(sizes, key=lambda node: (sizes[node], node))[:most]


def _groups(
    studio: Studio, draft: Draft, sections: Sequence[tuple[str, ...]], last: int
) -> tuple[tuple[str, int], ...]:
    """Return a draft's channel groups, with at least four in each section before node `last`."""
    index = {node.name: node.index for node in studio.graph.nodes}
    groups = dict(draft.groups)
    for section in sections:
        if all(index[name] < last for name in section):
            groups |= dict.fromkeys(section, max(4, groups.get(section[0], 1)))
    return tuple(sorted(groups.items()))
