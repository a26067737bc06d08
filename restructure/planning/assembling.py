"""From phases to a plan: run them, measure, and write down what they give."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from restructure.fields import ROW_AXIS
from restructure.graph import Graph
from restructure.plans import Plan
from restructure.profile import Definition, profile
from restructure.streaming import Network, Phase, Program, measure, stream
from restructure.streaming.schedule import region_of
from restructure.streaming.settling import settled

__all__ = ["Baseline", "assemble", "baseline_of"]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The original's figures."""

    peak_elements: int
    peak_bytes: int
    macs: int
    nodes: int


def baseline_of(graph: Graph, definition: Definition) -> Baseline:
    """Return the original's figures under a definition."""
    original = profile(graph, definition)
    return Baseline(original.peak_elements, original.peak_bytes, graph.macs, len(graph.nodes))


def assemble(
    graph: Graph,
    definition: Definition,
    baseline: Baseline,
    network: Network,
    phases: Sequence[Phase],
    input_rows: Mapping[int, int],
    robust: bool = False,
    order: tuple[str, ...] = (),
    lower_bound: int = 0,
) -> Plan:
    """Return the plan that phases are."""
    program = settled(network, stream(network, phases, dict(input_rows)), definition)
    measured = measure(network, program)
    peaks = _peaks(network, program, phases, measured.live)
    return Plan(
        network=graph.name,
        definition=definition,
        steps=tuple(region_of(network, p, program, peak) for p, peak in zip(phases, peaks, strict=True)),
        peak_elements=measured.peak_elements,
        peak_bytes=measured.peak_bytes,
        macs=program.macs,
        nodes=program.nodes,
        baseline_elements=baseline.peak_elements,
        baseline_bytes=baseline.peak_bytes,
        baseline_macs=baseline.macs,
        baseline_nodes=baseline.nodes,
        input_rows={network.tensors[t].name: rows for t, rows in input_rows.items() if rows},
        robust=robust,
        order=order,
        lower_bound_bytes=lower_bound,
        along="rows" if network.cuts.axis == ROW_AXIS else "columns",
    )


def _peaks(network: Network, program: Program, phases: Sequence[Phase], live: Sequence[int]) -> list[int]:
    """Return the highest active memory while each phase runs."""
    peaks, phase = [0] * len(phases), 0
    stops = [each.stop for each in phases]
    for (index, _, _), now in zip(program.steps, live, strict=True):
        if index >= 0:
            phase = bisect_right(stops, index)
        peaks[phase] = max(peaks[phase], now)
    return peaks
