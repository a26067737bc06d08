"""Dynamic programming over cut points.

For a limit on active memory the cheapest chain of phases from the first op to the last is found exactly among the cut
points and targets given; the limits worth asking about are the peaks of the phases themselves. With all cut points of a
small network this is what brute force finds.
"""

from collections.abc import Callable, Sequence

from restructure.planning.drafts import WHOLE, Draft
from restructure.planning.edges import TOO_MUCH, Edge, Edges

__all__ = ["chains", "draft_of", "lazy_edges", "measured_edges"]

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
                        edge = edges.measure(start, stop, target, split)
                        found += [edge] if edge.peak_bytes < TOO_MUCH else []
        chain = flattest(found, points)
        best = max(edge.peak_bytes for edge in chain) if chain else best
    return found


def lazy_edges(
    edges: Edges, cuts: Sequence[int], targets: Sequence[int], splits: Sequence[int], stopped: Stopped
) -> list[Edge]:
    """Return the phases of the flattest chain per target and split, and those measured on the way to it.

    Only phases on a chain that might be the flattest are measured, the others are guessed.
    """
    points = [0, *cuts, len(edges.network.ops)]
    pairs = [(start, stop) for i, start in enumerate(points) for stop in points[i + 1 :]]
    found: dict[tuple[int, int, int, int], Edge] = {}
    for target in targets:
        for split in splits if target != WHOLE else (0,):
            optimistic = {pair: _optimistic(edges, *pair, target, split) for pair in pairs}
            while not stopped() or not found:
                chain = flattest(list(optimistic.values()), points)
                unknown = [edge for edge in chain if edge.nodes < 0]
                for edge in unknown:
                    key = (edge.start, edge.stop, edge.target, edge.split)
                    found[key] = edges.measure(*key)
                if not unknown:
                    break
                # What was measured tells something of phases with the same start only.
                news = {edge.start for edge in unknown}
                optimistic |= {pair: _optimistic(edges, *pair, target, split) for pair in pairs if pair[0] in news}
    return [edge for edge in found.values() if edge.peak_bytes < TOO_MUCH]


def _optimistic(edges: Edges, start: int, stop: int, target: int, split: int) -> Edge:
    """Return a phase's figures if they are known, else what is expected of it, with −1 nodes."""
    split = split if start == 0 else 0
    known = edges.known(start, stop, target, split)
    return known or Edge(start, stop, target, split, edges.expect(start, stop, target, split), 0, -1)


def flattest(found: Sequence[Edge], points: Sequence[int]) -> list[Edge]:
    """Return the chain with the lowest peak."""
    best: dict[int, tuple[tuple[int, int], Edge | None]] = {0: ((0, 0), None)}
    for edge in sorted(found, key=lambda edge: (edge.start, edge.stop)):
        if edge.start in best:
            peak, phases = best[edge.start][0]
            # Of equals, one that is known.
            score = (max(peak, edge.peak_bytes), phases + (1 if edge.nodes >= 0 else 1000))
            if edge.stop not in best or score < best[edge.stop][0]:
                best[edge.stop] = (score, edge)
    chain: list[Edge] = []
    at = points[-1]
    while at in best and (edge := best[at][1]) is not None:  # type: ignore[assignment]
        chain.append(edge)
        at = edge.start
    return chain[::-1]


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
        groups=base.groups,
        rows=base.rows,
        input_rows=chain[0].split,
        grid=base.grid,
        bands=base.bands,
        sums=base.sums,
        axis=base.axis,
    )


def first_node(edges: Edges, start: int) -> int:
    """Return the graph node that a phase starting at op `start` begins with."""
    return next(op.nodes[0].index for op in edges.network.ops[start:] if op.nodes)
