"""Plans that were changed, by hand or by a search outside: measured again, and the changes most worth trying."""

from collections.abc import Iterator
from dataclasses import replace

from restructure.graph import Graph
from restructure.planning.assembling import assemble, baseline_of
from restructure.plans import Plan, Region
from restructure.streaming import network_of
from restructure.streaming.schedule import cuts_of, input_rows_of, ordered, phases_of

__all__ = ["neighbours", "remade", "uncut"]

_HEIGHTS = {"twice": 2.0, "half": 0.5, "1.5 times": 1.5, "0.75 times": 0.75, "4 times": 4.0}


def remade(graph: Graph, plan: Plan) -> Plan:
    """Return a plan whose regions were changed, with the figures it has now.

    Raises:
        PlanError: it was made for another graph, or its regions do not go together.
    """
    sorted_graph = ordered(graph, plan)
    network = network_of(sorted_graph, plan.definition, cuts_of(plan))
    rows = {tensor: count for tensor, count in input_rows_of(network, plan).items() if count}
    phases = phases_of(network, plan)
    baseline = baseline_of(graph, plan.definition)
    return assemble(
        sorted_graph, plan.definition, baseline, network, phases, rows, plan.robust, plan.order, plan.lower_bound_bytes
    )


def uncut(region: Region) -> Region:
    """Return a region in which nothing is cut."""
    return replace(region, cut="whole", parts=1, tensors=(), channels=(), bands=(), sums=(), even=False, restart=0)


def neighbours(plan: Plan) -> Iterator[tuple[str, Plan]]:
    """Yield what a plan becomes by one change, and the change in words; figures are still the plan's own (`remade`).

    A region left whole, or only one region cut; a region that ends sooner, begins later or is two; parts of a region
    twice or half as high. Not all of them go together with a graph.
    """
    cut = [number for number, region in enumerate(plan.steps) if region.form != "whole"]
    for number in cut:
        for change, regions in _shorter(plan.steps[number]):
            yield change.format(number + 1), _with(plan, number, *regions)
    for number in cut if len(cut) > 1 else ():
        yield f"region {number + 1} whole", _with(plan, number, uncut(plan.steps[number]))
    for number in cut if len(cut) > 2 else ():
        steps = tuple(step if index == number else uncut(step) for index, step in enumerate(plan.steps))
        yield f"only region {number + 1} cut", replace(plan, steps=steps)
    for number in cut:
        for change, region in _other_heights(plan.steps[number]):
            yield change.format(number + 1), _with(plan, number, region)


def _shorter(region: Region) -> Iterator[tuple[str, tuple[Region, ...]]]:
    """Yield what a region may be taken apart into; bands, and sums taken part by part, stay together."""
    if region.bands or region.sums:
        return
    for quarter in (1, 2, 3):
        middle = len(region.nodes) * quarter // 4
        if middle > 1 and len(region.nodes) - middle > 1:
            first, last = _part(region, region.nodes[:middle]), _part(region, region.nodes[middle:])
            last = replace(last, restart=0)
            yield f"region {{}} to {quarter}/4", (first, uncut(last))
            yield f"region {{}} from {quarter}/4", (uncut(first), last)
            yield f"region {{}} in two at {quarter}/4", (first, last)


def _part(region: Region, nodes: tuple[str, ...]) -> Region:
    here = set(nodes)
    return replace(region, nodes=nodes, channels=tuple(cut for cut in region.channels if here.issuperset(cut.nodes)))


def _other_heights(region: Region) -> Iterator[tuple[str, Region]]:
    if region.cut == "rows":
        for words, factor in _HEIGHTS.items():
            if region.parts > 1 if factor > 1 else any(entry.rows > 1 for entry in region.tensors):
                tensors = tuple(replace(entry, rows=max(1, int(factor * entry.rows))) for entry in region.tensors)
                yield f"parts of region {{}} {words} as high", replace(region, tensors=tensors)
    if not region.even and region.parts > 1:
        yield "parts of region {} on a grid", replace(region, even=True)


def _with(plan: Plan, number: int, *regions: Region) -> Plan:
    return replace(plan, steps=(*plan.steps[:number], *regions, *plan.steps[number + 1 :]))
