"""Where a network may be cut into phases, and what crosses a cut."""

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import accumulate, pairwise

from restructure.streaming import Network, Op

__all__ = ["border_bytes", "cut_points", "far_apart", "most_cuts", "overlap_bytes"]

_MOST_CUTS = 18
"""Cut points that dynamic programming looks at in a network that is not deep, at most."""


def most_cuts(network: Network, ops: int) -> int:
    """Return how many cut points dynamic programming looks at, at most: one for so many ops where there are many.

    A deep network repeats a block, and its peak falls only when all of them are cut.
    """
    return max(_MOST_CUTS, len(network.ops) // ops)


def border_bytes(network: Network, tensors: Sequence[int]) -> int:
    entries = (network.tensors[tensor] for tensor in tensors)
    counted = network.definition.input_counted
    return sum(entry.bytes for entry in entries if counted or not entry.is_input)


def cut_points(network: Network, most: int) -> list[int]:
    """Return ops that a phase may begin with: all of them if there are at most `most`, else narrow places.

    A place is narrow if neither neighbour's border holds fewer bytes. Of many those are kept that lie far apart, in
    bytes that streaming holds between them. No phase begins right after a join, because the parts it joins are better
    handed over apart.
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
    held = [0, *accumulate(_held_bytes(network, op) for op in network.ops)]
    return far_apart(narrow, held, sizes, most)


def far_apart(cuts: Sequence[int], held: Sequence[int], sizes: Mapping[int, int], most: int) -> list[int]:
    """Return at most `most` of some cuts: again and again, of the two that are closest, the narrower stays.

    Between two close cuts hardly anything is held, so that either serves.

    Args:
        cuts: ascending.
        held: bytes that are held before each op, ascending; their difference is the distance.
        sizes: bytes that cross each cut; of equals the later stays, which is behind a join.
    """
    kept, pairs = set(cuts), list(pairwise(cuts))
    after, before = dict(pairs), {right: left for left, right in pairs}
    closest = [(held[right] - held[left], left, right) for left, right in pairs]
    heapify(closest)
    while len(kept) > max(most, 1):
        _, left, right = heappop(closest)
        if after.get(left) != right:
            continue
        gone = right if sizes[right] > sizes[left] else left
        kept.remove(gone)
        left, right = before.pop(gone, -1), after.pop(gone, -1)
        if left >= 0:
            after[left] = right
        if right >= 0:
            before[right] = left
        if left >= 0 and right >= 0:
            heappush(closest, (held[right] - held[left], left, right))
    return sorted(kept)


def _held_bytes(network: Network, op: Op) -> int:
    """Return the bytes a phase holds at least because an op is in it: a row of what it makes, and what rows share."""
    return overlap_bytes(network, op) + sum(network.tensors[tensor].row_bytes for tensor in op.results)


def overlap_bytes(network: Network, op: Op) -> int:
    """Return the bytes that neighbouring parts of an op's operands share."""
    total, height = 0, network.goals[op.results[0]]
    if height <= 4 * op.granule or op.reason:
        return 0
    middle = height // 2 // op.granule * op.granule
    for tensor, field, _ in op.operands:
        shared = field.need(middle, middle + op.granule)[1] - field.need(middle + op.granule, height)[0]
        total += max(shared, 0) * network.tensors[tensor].row_bytes
    return total


def _within_group(network: Network, cut: int) -> bool:
    """Whether the op and the one before it are groups of one node."""
    before, op = network.ops[cut - 1], network.ops[cut]
    return bool(op.nodes) and before.nodes[:1] == op.nodes[:1]
