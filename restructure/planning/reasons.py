"""Why nodes were left whole: operators that cannot be cut, and regions where cutting brings nothing."""

from restructure.fields import COLUMN_AXIS, ROW_AXIS, reach
from restructure.graph import Graph, Node
from restructure.plans import Plan, Region

__all__ = ["why"]

Reasons = list[tuple[tuple[str, ...], str]]


def why(graph: Graph, plan: Plan) -> Reasons:
    """Return (node names, reason) for what a plan leaves whole.

    First the regions that are not cut, each with the memory it needs beside the plan's peak; then, one by one, the
    nodes anywhere that no plan can cut by rows (or columns, if that is what its parts are), with the operator's own
    reason.
    """
    nodes = {node.name: node for node in graph.nodes}
    found: Reasons = [(region.nodes, _region(plan, region)) for region in plan.steps if region.cut == "whole"]
    for name in (name for region in plan.steps for name in region.nodes):
        reason = _reason(graph, nodes[name], plan) if name in nodes else ""
        if reason:
            found.append(((name,), f"cannot be cut by {plan.along}: {reason}"))
    return found


def _region(plan: Plan, region: Region) -> str:
    if plan.peak_bytes >= plan.baseline_bytes:
        return f"there is no peak to flatten: whole, it needs {region.peak_bytes} B, and no cut needs less"
    if region.peak_bytes >= plan.peak_bytes:
        return f"it holds the plan's peak of {plan.peak_bytes} B, and no cut that was tried needs less"
    return f"whole, it needs {region.peak_bytes} B, below the plan's peak of {plan.peak_bytes} B: a cut saves nothing"


def _reason(graph: Graph, node: Node, plan: Plan) -> str:
    if all(len(graph.tensors[name].shape) < 3 for name in node.outputs if name):
        return ""
    axis, placed = ROW_AXIS if plan.along == "rows" else COLUMN_AXIS, plan.definition.layout == "placed"
    reason = reach(graph, node, axis, not placed).reason
    return "it gives its operand another shape" if reason and graph.spec(node).is_view else reason
