"""A memory plan as JSON-ready values, under names that stay."""

from typing import Any

from restructure.placement.records import MemoryPlan, PlacedTensor

__all__ = ["PLACEMENT_VERSION", "plan_document"]

PLACEMENT_VERSION = 1


def plan_document(plan: MemoryPlan) -> dict[str, Any]:
    """Return the plan; see docs/placement.md for every name."""
    touching = _ranges_by_tensor(plan)
    return {
        "version": PLACEMENT_VERSION,
        "network": plan.network,
        "definition": plan.definition.to_dict(),
        "alignment": plan.alignment,
        "allocator": plan.allocator,
        "baseline_bytes": plan.baseline_bytes,
        "liveness_bytes": plan.liveness_bytes,
        "allocated_bytes": plan.allocated_bytes,
        "inputs": list(plan.inputs),
        "outputs": list(plan.outputs),
        "steps": [
            {
                "index": index,
                "node": step.node,
                "operator": step.operator,
                "is_view": step.is_view,
                "reads": list(step.reads),
                "makes": list(step.makes),
                "live_bytes": step.live_bytes,
            }
            for index, step in enumerate(plan.steps)
        ],
        "ranges": [
            {
                "index": index,
                "tensor": entry.tensor,
                "offset": entry.offset,
                "bytes": entry.bytes,
                "first_step": entry.first_step,
                "last_step": entry.last_step,
            }
            for index, entry in enumerate(plan.ranges)
        ],
        "tensors": [_tensor(tensor, touching.get(tensor.name, [])) for tensor in plan.tensors.values()],
    }


def _ranges_by_tensor(plan: MemoryPlan) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for index, entry in enumerate(plan.ranges):
        found.setdefault(entry.tensor, []).append(index)
    return found


def _tensor(tensor: PlacedTensor, ranges: list[int]) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "element_bytes": tensor.element_bytes,
        "made": tensor.made,
        "in_place_of": tensor.in_place_of,
        "view_of": list(tensor.view_of),
        "ranges": ranges,
        "pieces": [
            {
                "start": list(piece.start),
                "shape": list(piece.shape),
                "offset": piece.offset,
                "strides": list(piece.strides),
            }
            for piece in tensor.pieces
        ],
    }
