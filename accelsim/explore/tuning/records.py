"""What tuning tried, and what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from accelsim.explore.choosing import Quantity
from restructure import Plan

__all__ = ["Attempt", "Tuned"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One plan on one description.

    Attributes:
        plan_name: where the plan is from: `original`, `default`, `rows`, `robust`, `front 3`, or a plan and a change.
        settings: hardware fields set on top, each `path=value`.
        value: of the objective; none if it was not simulated or did not run.
        bound: what the objective cannot be below, known beforehand.
        missed: why it is no answer: what it does not fit, or the conditions it does not meet.
        plan: none for the original.
    """

    plan_name: str
    settings: tuple[str, ...]
    value: float | None
    bound: float = 0.0
    missed: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict, hash=False)
    plan: Plan | None = field(default=None, repr=False)

    @property
    def feasible(self) -> bool:
        """Whether it is an answer."""
        return self.value is not None and not self.missed

    def to_dict(self) -> dict[str, Any]:
        """As plain values, the plan by its figures."""
        plan = self.plan
        about = {} if plan is None else {"peak_bytes": plan.peak_bytes, "macs": plan.macs, "nodes": plan.nodes}
        return {
            "plan": self.plan_name,
            **about,
            "settings": list(self.settings),
            "value": self.value,
            "bound": self.bound,
            "missed": self.missed,
            "metrics": dict(self.metrics),
        }


@dataclass(frozen=True, slots=True)
class Tuned:
    """The outcome.

    Attributes:
        model, hardware: names.
        quantity: the objective.
        conditions: as the user wrote them.
        best: the best attempt that meets all conditions; none if there is none.
        original: the original on the description as it was given.
        defaults: the plans a user would get without tuning, on the same description.
        attempts: all that was simulated, in order.
        bounded: plans that were not simulated since they cannot be better.
    """

    model: str
    hardware: str
    quantity: Quantity
    conditions: tuple[str, ...]
    best: Attempt | None
    original: Attempt
    defaults: tuple[Attempt, ...]
    attempts: tuple[Attempt, ...]
    bounded: int

    @property
    def best_default(self) -> Attempt | None:
        """The best of the original and the default plans."""
        known = [each for each in (self.original, *self.defaults) if each.feasible]
        return min(known, key=lambda each: self.quantity.cost(each.value or 0.0), default=None)

    @property
    def gain(self) -> float | None:
        """Share of the objective by which the best beats the best default, 0..1; none where either is missing."""
        best, default = self.best, self.best_default
        if best is None or default is None or not default.value or best.value is None:
            return None
        return 1 - best.value / default.value

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        best = self.best
        return {
            "schema_version": 1,
            "model": self.model,
            "hardware": self.hardware,
            "objective": {"name": self.quantity.name, "unit": self.quantity.unit},
            "subject_to": list(self.conditions),
            "best": best.to_dict() if best else None,
            "original": self.original.to_dict(),
            "defaults": [each.to_dict() for each in self.defaults],
            "gain": self.gain,
            "tried": [each.to_dict() for each in self.attempts],
            "bounded": self.bounded,
            "plan": best.plan.to_dict() if best and best.plan else None,
        }

    def plan_document(self) -> dict[str, Any]:
        """What a plan file holds: the plan, and what it was made for; `plan_for` and `read_plan` read it.

        Whoever edits its regions may leave the predicted figures as they are.
        """
        best = self.best
        assert best is not None
        assert best.plan is not None
        about = {
            "model": self.model,
            "hardware": self.hardware,
            "settings": list(best.settings),
            "objective": self.quantity.name,
            "value": best.value,
            "unit": self.quantity.unit,
            "subject_to": list(self.conditions),
        }
        return {"tuned": about, "plan": best.plan.to_dict()}
