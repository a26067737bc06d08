"""Why a node or a region was left whole."""

from restructure.graph import Graph
from restructure.plans import Plan

__all__ = ["why"]


def why(graph: Graph, plan: Plan) -> list[tuple[tuple[str, ...], str]]:
    """Return (node names, reason) for every run of nodes the plan leaves whole."""
    return [(region.nodes, "nothing was tried") for region in plan.steps if region.cut == "whole"]
