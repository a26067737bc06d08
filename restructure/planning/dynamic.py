"""Dynamic programming over cut points.

For a limit on active memory the cheapest chain of phases from the first op to the last is found exactly among the cut
points and targets given; the limits worth asking about are the peaks of the phases themselves. With all cut points of a
small network this is what brute force finds.
"""

from collections.abc import Callable, Sequence

from restructure.planning.drafts import WHOLE, Draft
from restructure.planning.edges import Edge, Edges

__all__ = ["chains", "draft_of", "measured_edges"]

Stopped = Callable[[], bool]


def measured_edges(
    edges: Edges, cuts: Sequence[int], targets: Sequence[int], splits: Sequence[int], stopped: Stopped
) -> list[Edge]:
    """Return phases between cut points for every target, coarse targets first.

    A phase is left out if no chain with it can beat what coarser targets reached already.
    """
    points = [0, *cuts, len(edges.network.ops)]
    found: list[Edge] = []
    best = None
    for target in targets:
        for index, start in enumerate(points):
            for stop in points[index + 1 :]:
                for split in splits if start == 0 and target != WHOLE else (0,):
                    if stopped() and best is not None:
                        return found
                    if best is None or edges.bound(start, stop, split) < best:
                        found.append(edges.measure(start, stop, target, split))
        chain = flattest(found, points)
        best = max(edge.peak_bytes for edge in chain) if chain else best
    return found


def flattest(found: Sequence[Edge], points: Sequence[int]) -> list[Edge]:
    """Return the chain with the lowest peak."""
    best: dict[int, tuple[int, list[Edge]]] = {0: (0, [])}
    for edge in sorted(found, key=lambda edge: (edge.start, edge.stop)):
        if edge.start in best:
            peak = max(best[edge.start][0], edge.peak_bytes)
            if edge.stop not in best or peak < best[edge.stop][0]:
                best[edge.stop] = (peak, [*best[edge.start][1], edge])
    return best.get(points[-1], (0, []))[1]


def chains(found: Sequence[Edge], last: int, cost: Callable[[Edge], float], most: int) -> list[list[Edge]]:
    """Return the cheapest chain for each of at most `most` limits on the peak, lowest limit first."""
    ordered = sorted(found, key=lambda edge: (edge.start, edge.stop, edge.nodes))
    limits = sorted({edge.peak_bytes for edge in ordered})
    floor = max((edge.peak_bytes for edge in flattest(ordered, [last])), default=0)
    limits = [limit for limit in limits if limit >= floor]
    chosen = limits if len(limits) <= most else [limits[len(limits) * i // most] for i in range(most)]
    result: list[list[Edge]] = []
    for limit in chosen:
        chain = _cheapest([edge for edge in ordered if edge.peak_bytes <= limit], last, cost)
        if chain and chain not in result:
            result.append(chain)
    return result


def _cheapest(allowed: Sequence[Edge], last: int, cost: Callable[[Edge], float]) -> list[Edge]:
    best: dict[int, tuple[float, list[Edge]]] = {0: (0.0, [])}
    for edge in allowed:
        if edge.start in best:
            total = best[edge.start][0] + cost(edge)
            if edge.stop not in best or total < best[edge.stop][0]:
                best[edge.stop] = (total, [*best[edge.start][1], edge])
    return best.get(last, (0.0, []))[1]


def draft_of(edges: Edges, chain: Sequence[Edge], base: Draft) -> Draft:
    """Return the draft a chain of phases is."""
    return Draft(
        cuts=tuple(first_node(edges, edge.start) for edge in chain[1:]),
        targets=tuple(edge.target for edge in chain),
        recomputed=base.recomputed,
        groups=edges.groups,
        rows=base.rows,
        input_rows=chain[0].split,
        grid=base.grid,
    )


def first_node(edges: Edges, start: int) -> int:
    """Return the graph node that a phase starting at op `start` begins with."""
    return next(op.nodes[0].index for op in edges.network.ops[start:] if op.nodes)
