"""Plans as JSON-ready values and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from restructure.errors import PlanError
from restructure.plans.records import BandCut, ChannelCut, Plan, Region, SumCut, TensorCut
from restructure.profile import Definition

__all__ = ["PLAN_VERSION", "plan_from_dict", "plan_to_dict"]

PLAN_VERSION = 1


def plan_to_dict(plan: Plan) -> dict[str, Any]:
    """Return the plan's fields, what follows from them, and the version."""
    fields = asdict(plan)
    return {
        "version": PLAN_VERSION,
        **fields,
        "input_rows": dict(plan.input_rows),
        "saving": plan.saving,
        "mac_overhead": plan.mac_overhead,
        "gap": plan.gap,
    }


def plan_from_dict(data: Mapping[str, Any]) -> Plan:
    """Return the plan that `plan_to_dict` wrote; raises PlanError."""
    version = data.get("version") if isinstance(data, Mapping) else None
    if version != PLAN_VERSION:
        raise PlanError(f"plan: version must be {PLAN_VERSION}, got {version!r}; make the plan again")
    fields = {name: value for name, value in data.items() if name not in ("version", "saving", "mac_overhead", "gap")}
    try:
        fields["definition"] = Definition(**fields["definition"])
        fields["order"] = tuple(fields.get("order", ()))
        fields["steps"] = tuple(_region(step) for step in fields["steps"])
        return Plan(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise PlanError(f"plan: is damaged: {error}; make the plan again") from error


def _region(data: Mapping[str, Any]) -> Region:
    return Region(
        nodes=tuple(data["nodes"]),
        cut=data["cut"],
        parts=int(data["parts"]),
        tensors=tuple(TensorCut(**tensor) for tensor in data["tensors"]),
        channels=tuple(ChannelCut(tuple(cut["nodes"]), int(cut["groups"])) for cut in data["channels"]),
        even=bool(data["even"]),
        restart=int(data["restart"]),
        peak_bytes=int(data["peak_bytes"]),
        bands=tuple(
            BandCut(tuple(cut["nodes"]), int(cut["bands"]), bool(cut["by_rows"])) for cut in data.get("bands", ())
        ),
        sums=tuple(SumCut(str(cut["node"]), int(cut["parts"])) for cut in data.get("sums", ())),
    )
