"""Between plans, which name nodes and tensors, and phases, which number ops and tensors."""

from restructure.errors import PlanError
from restructure.fields import COLUMN_AXIS, ROW_AXIS
from restructure.graph import Graph
from restructure.plans import BandCut, ChannelCut, Plan, Region, TensorCut
from restructure.plans.records import Overlap
from restructure.streaming.network import Network
from restructure.streaming.program import Program
from restructure.streaming.settings import Cuts, Phase

__all__ = ["cuts_of", "input_rows_of", "ordered", "phases_of", "region_of"]


def ordered(graph: Graph, plan: Plan) -> Graph:
    """Return a graph with its nodes in the order that a plan was made for.

    Raises:
        PlanError: the plan was made for another graph.
    """
    if not plan.order:
        return graph
    if {node.name for node in graph.nodes} != set(plan.order) or len(graph.nodes) != len(plan.order):
        raise PlanError(f"plan: was made for another graph than {plan.network!r}; make the plan again")
    return graph.reordered(plan.order)


def cuts_of(plan: Plan) -> Cuts:
    """Return how a plan takes nodes apart."""
    return Cuts(
        tuple((name, cut.groups) for region in plan.steps for cut in region.channels for name in cut.nodes),
        tuple(cut for region in plan.steps for cut in region.bands),
        tuple(cut for region in plan.steps for cut in region.sums),
        ROW_AXIS if plan.along == "rows" else COLUMN_AXIS,
    )


def input_rows_of(network: Network, plan: Plan) -> dict[int, int]:
    """Return network input → rows of the pieces it is split into."""
    return {tensor: plan.input_rows.get(network.tensors[tensor].name, 0) for tensor in network.inputs}


def phases_of(network: Network, plan: Plan) -> tuple[Phase, ...]:
    """Return the phases a plan describes.

    Raises:
        PlanError: the plan names other nodes than the graph has, or in another order.
    """
    if [name for region in plan.steps for name in region.nodes] != network.names(0, len(network.ops)):
        raise PlanError(f"plan: was made for another graph than {plan.network!r}; make the plan again")
    tensors: dict[str, list[int]] = {}
    for number, entry in enumerate(network.tensors):
        tensors.setdefault(entry.label, []).append(number)
    phases, start = [], 0
    for index, region in enumerate(plan.steps):
        following = plan.steps[index + 1].nodes[0] if index + 1 < len(plan.steps) else None
        stop = _first_op(network, following, start)
        phases.append(_phase(region, tensors, start, stop))
        start = stop
    return tuple(phases)


def _first_op(network: Network, name: str | None, start: int) -> int:
    """Return the first op of the region that begins with node `name`; the joins right before it belong to it."""
    if name is None:
        return len(network.ops)
    index = next((op.index for op in network.ops[start:] if op.nodes and op.nodes[0].name == name), None)
    if index is None:
        raise PlanError(f"plan: a region begins inside the operators around node {name!r}; make the plan again")
    while index > start and not network.ops[index - 1].nodes:
        index -= 1
    return index


def _phase(region: Region, tensors: dict[str, list[int]], start: int, stop: int) -> Phase:
    cuts = [(number, cut) for cut in region.tensors for number in tensors.get(cut.tensor, ())]
    return Phase(
        start,
        stop,
        {number: cut.rows for number, cut in cuts},
        frozenset(number for number, cut in cuts if cut.overlap == "recomputed"),
        region.cut == "whole",
        region.even,
        region.restart,
    )


def region_of(network: Network, phase: Phase, program: Program, peak_bytes: int) -> Region:
    """Return the region a phase is, with the parts its program gives."""
    ops = network.ops[phase.start : phase.stop]
    counts: dict[int, int] = {}
    for index, made, _ in program.steps:
        if phase.start <= index < phase.stop:
            for block in made:
                tensor = program.blocks[block][0]
                counts[tensor] = counts.get(tensor, 0) + 1
    cuts = [_cut(network, phase, tensor, counts) for op in ops for tensor in op.results if not phase.whole]
    names = network.names(phase.start, phase.stop)
    return Region(
        tuple(names),
        "whole" if phase.whole else "rows",
        max((cut.parts for cut in cuts), default=1),
        tuple(cuts),
        _channel_cuts(network, names),
        phase.grid,
        phase.restart,
        peak_bytes,
        _band_cuts(network, names),
        tuple(cut for cut in network.cuts.sums if cut.node in set(names)),
    )


def _channel_cuts(network: Network, names: list[str]) -> tuple[ChannelCut, ...]:
    groups: dict[int, list[str]] = {}
    counts = dict(network.cuts.groups)
    for name in (name for name in names if name in counts):
        groups.setdefault(counts[name], []).append(name)
    return tuple(ChannelCut(tuple(names), count) for count, names in groups.items())


def _band_cuts(network: Network, names: list[str]) -> tuple[BandCut, ...]:
    """Return the band cuts whose first node is among the names."""
    here = set(names)
    return tuple(cut for cut in network.cuts.bands if cut.nodes[0] in here)


def _cut(network: Network, phase: Phase, tensor: int, counts: dict[int, int]) -> TensorCut:
    entry = network.tensors[tensor]
    overlap: Overlap = "recomputed" if tensor in phase.recomputed else "retained"
    return TensorCut(entry.label, phase.rows.get(tensor, entry.height), counts.get(tensor, 1), overlap)
