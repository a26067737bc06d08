"""Where a network may be cut into phases, and what crosses a cut."""

from collections.abc import Sequence

from restructure.streaming import Network

__all__ = ["MOST_CUTS", "border_bytes", "cut_points"]

MOST_CUTS = 18
"""Cut points that dynamic programming looks at, at most."""


def border_bytes(network: Network, tensors: Sequence[int]) -> int:
    entries = (network.tensors[tensor] for tensor in tensors)
    counted = network.definition.input_counted
    return sum(entry.bytes for entry in entries if counted or not entry.is_input)


def cut_points(network: Network, most: int) -> list[int]:
    """Return ops that a phase may begin with: all of them if there are at most `most`, else the narrowest places.

    A place is narrow if neither neighbour's border holds fewer bytes; of many, the narrowest are kept. No phase begins
    right after a join, because the parts it joins are better handed over apart.
    """
    last = max((op.index for op in network.ops if op.nodes), default=0)
    cuts = [
        op.index
        for op in network.ops[1 : last + 1]
        if network.ops[op.index - 1].nodes and not _within_group(network, op.index)
    ]
    if len(cuts) <= most:
        return cuts
    sizes = {cut: border_bytes(network, network.crossing(cut)) for cut in cuts}
    narrow = [
        cut
        for before, cut, after in zip([None, *cuts], cuts, [*cuts[1:], None], strict=False)
        if (before is None or sizes[cut] <= sizes[before]) and (after is None or sizes[cut] <= sizes[after])
    ]
    if len(narrow) > most:
        narrow = sorted(sorted(narrow, key=lambda cut: sizes[cut])[:most])
    return narrow


def _within_group(network: Network, cut: int) -> bool:
    """Whether the op and the one before it are groups of one node."""
    before, op = network.ops[cut - 1], network.ops[cut]
    return bool(op.nodes) and before.nodes[:1] == op.nodes[:1]
