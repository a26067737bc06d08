"""The search: dynamic programming for the shape of a plan, hill climbing for its details.

Everything measured on the way is kept; the front is what none of it beats. `bounds` says how far from the best of all
plans of this kind the flattest can be.
"""

import sys
import time
from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from functools import partial
from math import inf

from restructure.planning.apart import Drafts, band_drafts, improve, stream_axis
from restructure.planning.borders import cut_points, most_cuts
from restructure.planning.choosing import knee_cost
from restructure.planning.drafts import WHOLE, Draft, Outcome
from restructure.planning.dynamic import chains, draft_of, lazy_edges, measured_edges
from restructure.planning.edges import Edge, Edges
from restructure.planning.reassociating import means, products, sum_drafts
from restructure.planning.refining import refine
from restructure.planning.request import Request
from restructure.planning.restarting import seeds
from restructure.planning.sections import sections
from restructure.planning.studio import Studio

__all__ = ["Search"]

MOST_EDGES = 40
_SHARES = (4, 8, 16, 32, 64)
"""Working-set targets as fractions of the original's peak."""

_OPS_PER_CUT, _OPS_PER_CUT_OF_HALVES = 12, 8
"""Ops for each of which deep networks may have a cut; two sizes of parts leave time for more places than many do."""

_MORE_STARTS = 3
"""Further outcomes that each climb is repeated from while there is work left."""

_APART = 0.2
"""Work that the last stage may add, as a share of the search's."""

Groups = tuple[tuple[str, int], ...]


class Search:
    """One search. `explore` fills the studio with outcomes; `outcomes` are those within the request's limits.

    Args:
        splits: rows of the pieces that network inputs may be split into at the start; 0: not split.
        work: program steps to simulate at most; so the same search finds the same plan on any machine, unless the
            request's time limit ends it first.
    """

    def __init__(self, studio: Studio, request: Request, splits: Sequence[int], work: int) -> None:
        self.studio, self.request, self.splits, self.work = studio, request, splits, work
        self.deadline = time.monotonic() + (inf if request.time_limit_s is None else request.time_limit_s)
        self.allowance = 0.0
        self._tried: dict[tuple[float, bool], set[tuple[int, ...]]] = {}
        self.sections = sections(studio.graph, studio.network())
        # Streaming recurses from the last op of a phase to its first.
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 20 * len(studio.network().ops) + 1000))

    def stopped(self) -> bool:
        """Whether the current stage has used up its share of the work, or time is up."""
        return self.studio.work > self.allowance or time.monotonic() > self.deadline

    def allow(self, share: float) -> None:
        """Let the next stage use the work up to this share of all."""
        self.allowance = share * self.work

    def tell(self, share: float, what: str) -> None:
        if self.request.progress is not None:
            self.request.progress(share, what)

    def admitted(self, outcome: Outcome) -> bool:
        """Whether an outcome is within the request's limits on MACs, nodes and parts."""
        request, macs = self.request, self.studio.baseline.macs
        return (
            (request.max_overhead is None or outcome.macs <= macs * (1 + request.max_overhead))
            and (request.max_nodes is None or outcome.nodes <= request.max_nodes)
            and (request.max_parts is None or outcome.parts <= request.max_parts)
        )

    def outcomes(self) -> list[Outcome]:
        return [outcome for outcome in self.studio.outcomes.values() if self.admitted(outcome)]

    def explore(self) -> None:
        """Measure the original, then chains of phases, then changes to the best of them."""
        self.studio.measure(Draft())
        if len(self.studio.network().ops) < 2:
            return
        bases = self._bases()
        for number, base in enumerate(bases):
            self.allow(0.5 * (number + 1) / len(bases))
            self._chains(base, self._targets(), _OPS_PER_CUT)
        if all(knee_cost(self.studio, outcome) >= 0 for outcome in self.outcomes()):
            # Where nearly all is live at once anyway, many parts are not worth their nodes. Halves may be.
            self.allow(0.8)
            for base in bases:
                self._chains(base, [WHOLE, self.studio.baseline.peak_bytes // 2], _OPS_PER_CUT_OF_HALVES)
        self.tell(0.5, "phases chosen")
        overheads = self._overheads()
        stages = [(overhead, split > 0) for overhead in overheads for split in self.splits]
        for number, (overhead, split) in enumerate(stages, 1):
            self.allow(0.5 + 0.5 * number / len(stages))
            self._climb(overhead, split)
            self.tell(0.5 + 0.4 * number / len(stages), "details chosen")
        for _ in range(_MORE_STARTS):
            # What begins best does not always lead furthest.
            for overhead, split in stages:
                self._climb(overhead, split)
        self.tell(0.9, "details chosen")
        self.allow(1 + _APART)
        self._take_apart(overheads)

    def _overheads(self) -> Sequence[float]:
        most = self.request.max_overhead
        if self.studio.robust:
            return (0.1 if most is None else most,)
        if most is None and self.request.max_nodes is not None:
            return (0.0, 0.086)
        if most is None:
            return (0.0, 0.02, 0.086, 0.2)
        return (*tuple(share for share in (0.0, 0.02, 0.086) if share < most), most)

    def _first_groups(self) -> Groups:
        """Cut by channels where a network ends through a global pool: by rows its sums would change their order."""
        network = self.studio.network()
        groups: dict[str, int] = {}
        for section in self.sections:
            ops = [op for op in network.ops if op.nodes and op.nodes[0].name in section]
            size = max(network.tensors[op.results[0]].bytes for op in ops)
            if ops[-1].reason and size > self.studio.baseline.peak_bytes // 20:
                groups |= dict.fromkeys(section, 8)
        return tuple(sorted(groups.items()))

    def _bases(self) -> list[Draft]:
        """Return what chains of phases begin with: rows, columns where images are wide, sums by parts if allowed."""
        plain = Draft(grid=self.request.max_parts is not None, groups=self._first_groups())
        # Where views are placed, ranges are rows.
        axis = plain.axis if self.studio.network().placed else stream_axis(self.studio)
        bases = [plain] if axis == plain.axis else [plain, replace(plain, axis=axis)]
        if self.request.allow_reassociation:
            sums = means(self.studio.graph, axis)
            taken = {cut.node for cut in sums}
            sections = {name for section in self.sections if taken & set(section) for name in section}
            groups = tuple(entry for entry in plain.groups if entry[0] not in sections)
            bases += [replace(plain, axis=axis, sums=sums, groups=groups)] if sums else []
        return bases

    def _take_apart(self, overheads: Sequence[float]) -> None:
        """Cut nodes of the best outcomes into bands, and take sums apart if that is allowed."""
        kinds: list[Drafts] = [] if self.studio.network().placed else [partial(band_drafts, self.studio)]
        if self.request.allow_reassociation:
            candidates = products(self.studio.graph, self.studio.network())
            kinds.append(partial(sum_drafts, self.studio, candidates))
        for overhead in overheads:
            for split in self.splits:
                for kind in kinds:
                    within = self._within(overhead)
                    start = self._best(within, split > 0)
                    if start is not None:
                        improve(self.studio, start, within, kind, self.stopped)

    def _chains(self, base: Draft, targets: Sequence[int], ops_per_cut: int) -> None:
        edges = Edges(self.studio, base)
        cuts = cut_points(edges.network, most_cuts(edges.network, ops_per_cut))
        count = (len(cuts) + 1) * (len(cuts) + 2) // 2
        search = measured_edges if count <= MOST_EDGES else lazy_edges
        found = search(edges, cuts, targets, self.splits, self.stopped)
        for chain in chains(found, len(edges.network.ops), self._cost, 24):
            self.studio.measure_within(draft_of(edges, chain, base))

    def _targets(self) -> list[int]:
        peak = self.studio.baseline.peak_bytes
        nodes = self.request.max_nodes
        if nodes is not None and nodes <= 10 * self.studio.baseline.nodes:
            return [WHOLE, *(peak // share for share in _SHARES[:-1])]
        return [WHOLE, *(peak // share for share in _SHARES), 0]

    def _cost(self, edge: Edge) -> float:
        baseline = self.studio.baseline
        return edge.nodes / max(baseline.nodes, 1) + 50 * edge.macs / max(baseline.macs, 1)

    def _climb(self, overhead: float, split: bool) -> None:
        """Improve the best outcome within a MAC overhead whose inputs are split at the start, or are not.

        Of phases that no climb for the same began or ended with.
        """
        if self.stopped():
            return
        within = self._within(overhead)
        if split and overhead > 0 and not self.studio.robust:
            self._restart(within)
        tried = self._tried.setdefault((overhead, split), set())
        start = self._best(within, split, tried)
        if start is not None:
            cuts = _node_cuts(self.studio)
            found = refine(self.studio, start, within, self.sections, overhead > 0, cuts, self.stopped)
            tried |= {start.draft.cuts, found.draft.cuts}

    def _restart(self, within: Callable[[Outcome], bool]) -> None:
        """Measure drafts whose first phase begins afresh on its way, as further places to start from."""
        best = min(filter(within, self.outcomes()), key=lambda o: (o.peak_bytes, o.nodes))
        limit = best.peak_bytes * 105 // 100
        for draft in seeds(self.studio, best.draft, self.sections):
            if self.stopped():
                return
            outcome = self.studio.measure_within(draft, limit)
            if outcome is not None and within(outcome):
                limit = min(limit, outcome.peak_bytes)

    def _within(self, overhead: float) -> Callable[[Outcome], bool]:
        """Return what says whether an outcome is within a MAC overhead and the request's limits."""
        macs = self.studio.baseline.macs * (1 + overhead)
        return lambda outcome: outcome.macs <= macs and self.admitted(outcome)

    def _best(
        self, within: Callable[[Outcome], bool], split: bool, but: Container[tuple[int, ...]] = ()
    ) -> Outcome | None:
        """Return the best outcome whose inputs are split or not, and whose cuts are not among some."""
        starts = [o for o in self.outcomes() if within(o) and bool(o.draft.input_rows) == split]
        others = [o for o in starts if o.draft.cuts not in but]
        return min(others, key=lambda o: (o.peak_bytes, o.nodes), default=None)


def _node_cuts(studio: Studio) -> list[int]:
    """Return the graph nodes where a phase may begin and at most two tensors cross."""
    network = studio.network()
    inputs = set(network.inputs)
    return [
        op.nodes[0].index
        for op in network.ops[1:]
        if op.nodes and len([t for t in network.crossing(op.index) if t not in inputs]) <= 2
    ]
