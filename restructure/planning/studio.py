"""The studio that builds and measures drafts of one graph."""

from collections.abc import Mapping, Sequence
from math import inf

import numpy as np

from restructure.errors import PlanError
from restructure.graph import Graph
from restructure.ordering import flattened
from restructure.planning.assembling import assemble, baseline_of
from restructure.planning.bounds import lower_bound
from restructure.planning.chunks import part_rows
from restructure.planning.drafts import WHOLE, Draft, Outcome
from restructure.planning.moments import Moment, moment
from restructure.plans import Plan
from restructure.profile import Definition
from restructure.streaming import (
    Abandoned,
    Cuts,
    Handover,
    Network,
    Op,
    Phase,
    Program,
    Stage,
    given,
    measure,
    most_parts,
    network_of,
    occupancy,
    play,
    run_stage,
    stream,
)

__all__ = ["Studio"]

_WORK_OF_A_DRAFT = 20
"""Program steps that take as long as putting a draft together."""

_MOST_STEPS, _MOST_STEPS_PER_NODE = 100_000, 100
"""Program steps of a phase at most, the larger of the two: recomputed overlaps may multiply from op to op."""


class Studio:
    """Builds and measures drafts of one graph, and remembers them.

    Attributes:
        graph: with its nodes in the flattest order found.
        order: that order, by name; empty if it is the graph's own.
        outcomes: every draft measured so far.
        lower_bound: bytes that no plan goes below.
        last_progress: share of its results that the phase which was last given up had made.
        work: program steps simulated so far, a measure of time that does not depend on the machine.
    """

    def __init__(
        self,
        graph: Graph,
        definition: Definition,
        max_parts: int | None = None,
        robust: bool = False,
        max_nodes: int | None = None,
        reassociate: bool = False,
    ) -> None:
        self.baseline = baseline_of(graph, definition)
        graph, self.order = flattened(graph, definition)
        self.graph, self.definition, self.max_parts, self.robust = graph, definition, max_parts, robust
        # Pruning may drop a few steps in the end.
        allowed = inf if max_nodes is None else max_nodes * 1.1
        self.most_steps = min(allowed, max(_MOST_STEPS, _MOST_STEPS_PER_NODE * len(graph.nodes)))
        self.outcomes: dict[Draft, Outcome] = {}
        self.work = 0
        self.last_progress = 1.0
        self._networks: dict[Cuts, Network] = {}
        self._needs_more: dict[tuple[object, ...], float] = {}
        self._stages: dict[tuple[object, ...], Stage] = {}
        self._numbers: dict[Handover, int] = {}
        self._numbered: dict[int, tuple[int, Handover]] = {}
        self._rows: dict[tuple[object, ...], dict[int, int]] = {}
        self._fitting: dict[tuple[Cuts, int], dict[int, int]] = {}
        self.lower_bound = lower_bound(graph, self.network(), reassociate)

    def network(self, cuts: Cuts = Cuts()) -> Network:  # noqa: B008
        """Return the network whose nodes are taken apart as `cuts` say."""
        if cuts not in self._networks:
            self._networks[cuts] = network_of(self.graph, self.definition, cuts)
        return self._networks[cuts]

    def starts(self, network: Network, cuts: tuple[int, ...]) -> list[int]:
        """Return the first op of each phase; the joins before a phase's first op are its own."""
        first = {op.nodes[0].index: op.index for op in reversed(network.ops) if op.nodes}
        starts = [0]
        for cut in cuts:
            # A Concat that is taken apart has no op: its reader begins the phase.
            index = first[cut] if cut in first else first[min(node for node in first if node > cut)]
            while index > 0 and not network.ops[index - 1].nodes:
                index -= 1
            starts.append(index)
        return starts

    def phases(self, draft: Draft) -> tuple[Phase, ...]:
        """Return the phases a draft means."""
        network = self.network(draft.cut_nodes)
        starts = self.starts(network, draft.cuts)
        stops = [*starts[1:], len(network.ops)]
        override = dict(draft.rows)
        phases = []
        for start, stop, target in zip(starts, stops, draft.targets, strict=True):
            if target == WHOLE:
                phases.append(Phase(start, stop, whole=True))
                continue
            rows = self.rows(draft.cut_nodes, start, stop, target)
            if override:
                rows = {t: self._override(network, t, n, override) for t, n in rows.items()}
            recomputed = self._recomputed(network, draft, start, stop)
            restart = self._restart(network, draft, start, stop)
            phases.append(Phase(start, stop, rows, recomputed, grid=draft.grid, restart=restart))
        return tuple(phases)

    @staticmethod
    def _restart(network: Network, draft: Draft, start: int, stop: int) -> int:
        """Return the rows of the first phase's results after which it begins afresh; 0 if they differ."""
        if start > 0 or not draft.restart:
            return 0
        inner = set(network.inner(start, stop))
        sinks = [op for op in network.ops[start:stop] if not inner.issuperset(op.results)]
        if len({network.goals[op.results[0]] for op in sinks}) != 1 or any(_reads(network, op, sinks) for op in sinks):
            return 0
        rows = network.goals[sinks[0].results[0]] * draft.restart // 1000
        return rows // sinks[0].granule * sinks[0].granule

    @staticmethod
    def _override(network: Network, tensor: int, rows: int, override: Mapping[str, int]) -> int:
        return min(override.get(network.tensors[tensor].name, rows), network.tensors[tensor].height)

    def rows(self, cuts: Cuts, start: int, stop: int, target: int) -> dict[int, int]:
        """Return the rows of a part of each tensor that ops start..stop−1 make, for a target working set."""
        key = (cuts, start, stop, target)
        if key not in self._rows:
            fits = self._fitting.setdefault((cuts, target), {})
            self._rows[key] = part_rows(self.network(cuts), start, stop, target, self.max_parts, fits)
        return self._rows[key]

    def _recomputed(self, network: Network, draft: Draft, start: int, stop: int) -> frozenset[int]:
        inner = network.inner(start, stop)
        if self.robust:
            return frozenset(inner)
        return frozenset(t for t in inner if network.tensors[t].name in draft.recomputed)

    def input_rows(self, draft: Draft) -> dict[int, int]:
        network = self.network(draft.cut_nodes)
        return dict.fromkeys(network.inputs, draft.input_rows) if draft.input_rows else {}

    def stages(self, draft: Draft, limit: float = inf) -> list[Stage] | None:
        """Return what each phase of a draft gives, None if one needs more than the limit; phases are remembered."""
        network, phases, input_rows = self.network(draft.cut_nodes), self.phases(draft), self.input_rows(draft)
        found: list[Stage] = []
        received = given(network)
        for phase in phases:
            stage = self.stage(network, phase, received, input_rows if phase.start == 0 else {}, limit)
            if stage is None:
                return None
            found.append(stage)
            received = stage.leaves
        return found

    def stage(
        self, network: Network, phase: Phase, received: Handover, input_rows: Mapping[int, int], limit: float = inf
    ) -> Stage | None:
        """Return what a phase gives that is handed `received`; None if above the limit, or with too many nodes."""
        key = (id(network), phase.key, self._number_of(received), tuple(input_rows.items()))
        stage = self._stages.get(key)
        if stage is None:
            if self._needs_more.get(key, 0) >= limit:
                return None
            result = run_stage(network, phase, received, input_rows, limit, self.most_steps)
            if isinstance(result, Abandoned):
                self.work += result.steps
                self._needs_more[key] = inf if result.too_long else limit
                self.last_progress = result.progress
                return None
            self._stages[key] = stage = result
            self.work += len(stage.live)
        return stage if stage.peak_bytes <= limit else None

    def _number_of(self, received: Handover) -> int:
        """Return the same number for all equal handovers, which are large; each is compared with the others once."""
        known = self._numbered.get(id(received))
        if known is None:
            number = self._numbers.setdefault(received, len(self._numbers))
            # Kept, so that its identity stays its own.
            known = self._numbered[id(received)] = number, received
        return known[0]

    def measure(self, draft: Draft) -> Outcome:
        """Return what a draft gives."""
        outcome = self.measure_within(draft, inf)
        if outcome is None:
            raise PlanError(f"{self.graph.name}: a draft has more nodes than its limit allows; allow more nodes")
        return outcome

    def measure_within(self, draft: Draft, limit: float = inf) -> Outcome | None:
        """Return what a draft gives; None if it needs more than `limit` bytes, or by far too many nodes."""
        if draft not in self.outcomes:
            self.work += _WORK_OF_A_DRAFT
            stages = self.stages(draft, limit)
            if stages is None:
                return None
            if not all(stage.uses_all for stage in stages):
                stages = [self._as_one(draft)]
            self.outcomes[draft] = Outcome(
                draft,
                max(stage.peak_bytes for stage in stages),
                sum(stage.macs for stage in stages),
                sum(stage.nodes for stage in stages),
                max(stage.parts for stage in stages),
                tuple(stages),
            )
        outcome = self.outcomes[draft]
        return outcome if outcome.peak_bytes <= limit else None

    def _as_one(self, draft: Draft) -> Stage:
        """Return all phases as one stage, for where a phase leaves rows that nobody will read."""
        network, program = self.network(draft.cut_nodes), self.program(draft)
        live = np.array(measure(network, program).live, dtype=np.int64)
        self.work += len(live)
        parts = most_parts(program)
        return Stage(int(live.max(initial=0)), program.macs, program.nodes, parts, live, (), True)

    def program(self, draft: Draft) -> Program:
        """Return the program a draft gives."""
        return stream(self.network(draft.cut_nodes), self.phases(draft), self.input_rows(draft))

    def at_peak(self, outcome: Outcome) -> Moment:
        """Return the step at which an outcome's peak is first reached."""
        network, draft = self.network(outcome.draft.cut_nodes), outcome.draft
        index = max(range(len(outcome.stages)), key=lambda i: outcome.stages[i].peak_bytes)
        step = int(outcome.stages[index].live.argmax())
        phases, input_rows = self.phases(draft), self.input_rows(draft)
        if len(outcome.stages) < len(phases):
            program = self.program(draft)
            return moment(program, occupancy(network, program), step)
        received = outcome.stages[index - 1].leaves if index else given(network)
        program, found, _ = play(network, phases[index], received, input_rows)
        return moment(program, found, step)

    def plan(self, draft: Draft) -> Plan:
        """Return the finished plan."""
        network = self.network(draft.cut_nodes)
        return assemble(
            self.graph, self.definition, self.baseline, network, self.phases(draft), self.input_rows(draft),
            self.robust, self.order, self.lower_bound,
        )  # fmt: skip


def _reads(network: Network, op: Op, others: Sequence[Op]) -> bool:
    """Whether an op reads, through any others, what one of `others` makes."""
    wanted, seen = {other.index for other in others}, set[int]()
    waiting = [network.producer[tensor] for tensor, _, _ in op.operands]
    while waiting:
        index = waiting.pop()
        if index in wanted:
            return True
        if index >= 0 and index not in seen:
            seen.add(index)
            waiting.extend(network.producer[tensor] for tensor, _, _ in network.ops[index].operands)
    return False
