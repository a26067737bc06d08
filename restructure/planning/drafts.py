"""Drafts: plans in the making, and the studio that builds and measures them.

A draft names its cuts by node and its tensors by name, so that it survives a change of channel groups.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from restructure.fields import ROW_AXIS
from restructure.graph import Graph
from restructure.planning.assembling import Baseline, assemble, baseline_of
from restructure.planning.chunks import part_rows
from restructure.plans import BandCut, Plan, SumCut
from restructure.profile import Definition
from restructure.streaming import Cuts, Network, Op, Phase, Program, measure, network_of, stream

__all__ = ["WHOLE", "Draft", "Outcome", "Studio"]

WHOLE = -1
"""Target of a phase that is not cut."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan in the making.

    Attributes:
        cuts: graph-node index that each phase but the first begins with.
        targets: per phase, the working set its parts aim at, in bytes; or WHOLE.
        recomputed: tensors whose overlap is recomputed.
        groups: (node, channel groups).
        bands: nodes cut into bands.
        sums: sums taken part by part.
        axis: what parts are stretches of; see `Cuts`.
        rows: (tensor, rows of a part) where not what the target gives.
        input_rows: rows of the pieces every network input is split into at the start; 0: not split.
        grid: phases' parts are even (see `Phase.grid`).
        restart: thousandths of the first phase's result after which it begins afresh (see `Phase.restart`).
    """

    cuts: tuple[int, ...] = ()
    targets: tuple[int, ...] = (WHOLE,)
    recomputed: frozenset[str] = frozenset()
    groups: tuple[tuple[str, int], ...] = ()
    rows: tuple[tuple[str, int], ...] = ()
    input_rows: int = 0
    grid: bool = False
    restart: int = 0
    bands: tuple[BandCut, ...] = ()
    sums: tuple[SumCut, ...] = ()
    axis: int = ROW_AXIS

    @property
    def cut_nodes(self) -> Cuts:
        """How nodes are taken apart."""
        return Cuts(self.groups, self.bands, self.sums, self.axis)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a draft gives.

    Attributes:
        live: active bytes at every step.
        parts: parts of the most finely cut tensor.
    """

    draft: Draft
    peak_bytes: int
    macs: int
    nodes: int
    parts: int
    peak_step: int
    live: tuple[int, ...] = field(repr=False)


class Studio:
    """Builds and measures drafts of one graph, and remembers them.

    Attributes:
        outcomes: every draft measured so far.
        work: program steps simulated so far, a measure of time that does not depend on the machine.
    """

    def __init__(
        self, graph: Graph, definition: Definition, max_parts: int | None = None, robust: bool = False
    ) -> None:
        self.graph, self.definition, self.max_parts, self.robust = graph, definition, max_parts, robust
        self.outcomes: dict[Draft, Outcome] = {}
        self.work = 0
        self._networks: dict[Cuts, Network] = {}
        self._rows: dict[tuple[object, ...], dict[int, int]] = {}

    @cached_property
    def baseline(self) -> Baseline:
        return baseline_of(self.graph, self.definition)

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
        inner = set(inner_tensors(network, start, stop))
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
            self._rows[key] = part_rows(self.network(cuts), start, stop, target, self.max_parts)
        return self._rows[key]

    def _recomputed(self, network: Network, draft: Draft, start: int, stop: int) -> frozenset[int]:
        inner = inner_tensors(network, start, stop)
        if self.robust:
            return frozenset(inner)
        return frozenset(t for t in inner if network.tensors[t].name in draft.recomputed)

    def input_rows(self, draft: Draft) -> dict[int, int]:
        network = self.network(draft.cut_nodes)
        return dict.fromkeys(network.inputs, draft.input_rows) if draft.input_rows else {}

    def program(self, draft: Draft) -> Program:
        """Return the program a draft gives."""
        return stream(self.network(draft.cut_nodes), self.phases(draft), self.input_rows(draft))

    def measure(self, draft: Draft) -> Outcome:
        """Return what a draft gives."""
        if draft not in self.outcomes:
            network, program = self.network(draft.cut_nodes), self.program(draft)
            measured = measure(network, program)
            self.work += len(program.steps)
            self.outcomes[draft] = Outcome(
                draft, measured.peak_bytes, program.macs, program.nodes, _parts(program), measured.peak_step,
                measured.live,
            )  # fmt: skip
        return self.outcomes[draft]

    def plan(self, draft: Draft) -> Plan:
        """Return the finished plan."""
        network = self.network(draft.cut_nodes)
        return assemble(
            self.graph, self.definition, self.baseline, network, self.phases(draft), self.input_rows(draft), self.robust
        )


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


def inner_tensors(network: Network, start: int, stop: int) -> list[int]:
    """Return the tensors that ops start..stop−1 make and only they read."""
    inner: list[int] = []
    for op in network.ops[start:stop]:
        readers = [reader for tensor in op.results for reader, _ in network.consumers[tensor]]
        leaves = any(network.tensors[tensor].is_output for tensor in op.results)
        if readers and not leaves and all(start <= reader < stop for reader in readers):
            inner.extend(op.results)
    return inner


def _parts(program: Program) -> int:
    counts: dict[int, int] = {}
    for index, made, _ in program.steps:
        if index >= 0:
            tensor = program.blocks[made[0]][0]
            counts[tensor] = counts.get(tensor, 0) + 1
    return max(counts.values(), default=1)
