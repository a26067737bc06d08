"""The result as JSON-ready values, under the names that stay stable."""

import json
import re
import sys
from typing import Any

from restructure.command.network import name_of
from restructure.command.outcome import Outcome
from restructure.files import atomic_write
from restructure.graph import Graph
from restructure.plans import Plan

__all__ = ["SCHEMA_VERSION", "STANDARD_OUTPUT", "front_document", "plan_document", "write_json"]

SCHEMA_VERSION = 1
STANDARD_OUTPUT = "-"

_STEERING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters that JSON leaves as they are and that steer a terminal."""


def _model(graph: Graph) -> dict[str, Any]:
    source = graph.source
    return {"name": name_of(graph), "source": source.kind, "path": source.path if source.kind == "file" else None}


def plan_document(outcome: Outcome) -> dict[str, Any]:
    """Return one plan with its figures and its verification (null where it was not asked for)."""
    plan = outcome.plan
    return {
        "schema_version": SCHEMA_VERSION,
        "model": _model(outcome.graph),
        "definition": plan.definition.to_dict(),
        "baseline": {
            "peak_elements": plan.baseline_elements,
            "peak_bytes": plan.baseline_bytes,
            "macs": plan.baseline_macs,
            "nodes": plan.baseline_nodes,
        },
        "restructured": {
            "peak_elements": plan.peak_elements,
            "peak_bytes": plan.peak_bytes,
            "macs": plan.macs,
            "nodes": plan.nodes,
        },
        "saving": plan.saving,
        "mac_overhead": plan.mac_overhead,
        "lower_bound_bytes": plan.lower_bound_bytes,
        "gap": plan.gap,
        "placed": _placed(outcome),
        "budget": _budget(outcome),
        "plan": plan.to_dict(),
        "left_whole": [{"nodes": list(nodes), "reason": reason} for nodes, reason in outcome.reasons],
        "verified": None if outcome.verified is None else outcome.verified.to_dict(),
        "written": outcome.written,
    }


def _placed(outcome: Outcome) -> dict[str, Any] | None:
    memory = outcome.memory
    if memory is None:
        return None
    return {
        "baseline_bytes": memory.baseline_bytes,
        "liveness_bytes": memory.liveness_bytes,
        "allocated_bytes": memory.allocated_bytes,
        "allocator": memory.allocator,
        "alignment": memory.alignment,
        "ranges": len(memory.ranges),
        "problems": list(outcome.misplaced),
    }


def _budget(outcome: Outcome) -> dict[str, Any] | None:
    if outcome.budget_bytes is None:
        return None
    return {"bytes": outcome.budget_bytes, "fits": outcome.shortage is None, "reason": outcome.shortage}


def front_document(graph: Graph, front: tuple[Plan, ...]) -> dict[str, Any]:
    """Return the front, by falling peak."""
    return {
        "schema_version": SCHEMA_VERSION,
        "model": _model(graph),
        "definition": front[0].definition.to_dict() if front else None,
        "front": [
            {
                "saving": plan.saving,
                "mac_overhead": plan.mac_overhead,
                "nodes": plan.nodes,
                "peak_elements": plan.peak_elements,
                "peak_bytes": plan.peak_bytes,
                "parts": plan.parts,
            }
            for plan in front
        ],
    }


def write_json(target: str, document: dict[str, Any]) -> None:
    """Write a document to a file, all or nothing, or to standard output (`-`)."""
    text = _STEERING.sub(
        lambda found: f"\\u{ord(found[0]):04x}", json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    )
    text += "\n"
    if target == STANDARD_OUTPUT:
        sys.stdout.write(text)
        return
    with atomic_write(target) as file:
        file.write(text.encode())
