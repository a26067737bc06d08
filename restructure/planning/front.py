"""The two questions: one plan, or the whole front."""

from restructure.graph import Graph
from restructure.planning.request import CostFunction, Progress
from restructure.plans import Plan, Region
from restructure.profile import Definition, Dtype, profile

__all__ = ["pareto", "plan"]


def plan(
    graph: Graph,
    *,
    max_overhead: float | None = None,
    budget_bytes: int | None = None,
    dtype: Dtype | None = None,
    max_parts: int | None = None,
    max_nodes: int | None = None,
    allow_reassociation: bool = False,
    robust: bool = False,
    time_limit_s: float | None = None,
    cost: CostFunction | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Return one restructuring plan.

    Without limits it is the knee of the front with at most 10 times the original's nodes.

    Args:
        max_overhead: most extra MACs as a fraction; 0 asks for the flattest profile at no extra MAC.
        budget_bytes: active memory that must suffice; the cheapest plan that fits is returned.
        dtype: element type that bytes are counted in; None takes each tensor's own.
        max_parts: most parts of any tensor in a region.
        max_nodes: most nodes of the restructured graph.
        allow_reassociation: also cut where sums are added in another order (bits may change).
        robust: only plans whose saving holds in any execution order (every overlap recomputed).
        time_limit_s: return the best so far after this many seconds.
        cost: what a plan costs, from outside; among the plans that meet the limits the cheapest is returned.
        progress: called with the share done and a message.

    Raises:
        BudgetError: no plan fits the budget; it carries the closest.
    """
    return pareto(graph, dtype=dtype)[0]


def pareto(
    graph: Graph,
    *,
    max_overhead: float | None = None,
    budget_bytes: int | None = None,
    dtype: Dtype | None = None,
    max_parts: int | None = None,
    max_nodes: int | None = None,
    allow_reassociation: bool = False,
    robust: bool = False,
    time_limit_s: float | None = None,
    cost: CostFunction | None = None,
    progress: Progress | None = None,
) -> tuple[Plan, ...]:
    """Return the plans none of which another beats in peak, MACs and nodes, by falling peak; limits as in `plan`."""
    definition = Definition(dtype=dtype)
    original = profile(graph, definition)
    whole = Region(tuple(node.name for node in graph.nodes), "whole", 1, peak_bytes=original.peak_bytes)
    elements, octets, macs, nodes = original.peak_elements, original.peak_bytes, graph.macs, len(graph.nodes)
    return (Plan(graph.name, definition, (whole,), elements, octets, macs, nodes, elements, octets, macs, nodes),)
