"""From points to orders: descriptions with their settings, hashes, plans."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accelsim.errors import ConfigurationError
from accelsim.explore.configuration import configuration_of
from accelsim.explore.store import Row, Status
from accelsim.explore.sweeping.definition import OFF, Definition, Point
from accelsim.explore.sweeping.identity import model_hash, plan_key, point_key
from accelsim.explore.sweeping.work import Answer, Planned, PlanOrder, PointOrder
from accelsim.hardware import Hardware, override
from accelsim.version import __version__

__all__ = ["Resolved", "plan_orders", "resolved_points"]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A point with its description, before its plan is known.

    Attributes:
        hardware: the description with the point's settings; none where they contradict each other.
        refused: why there is none.
        plan_key: of its plan; empty for none.
    """

    point: Point
    model_sha256: str
    hardware: Hardware | None
    configuration: Mapping[str, Any] = field(default_factory=dict)
    refused: str = ""
    plan_key: str = ""

    def key(self, plan: Planned) -> str:
        """The key of its row; one without a plan is known by the plan it lacks."""
        configuration = self.configuration or {"settings": list(self.point.settings)}
        return point_key(self.point, self.model_sha256, configuration, _hash(plan) or self.plan_key)

    def order(self, plan: Planned) -> PointOrder:
        """What a worker is to do."""
        assert self.hardware is not None
        model = self.point.model
        return PointOrder(
            self.key(plan), model.path, model.dims, self.hardware, self.point.state == "warm", plan.document
        )

    def without_run(self, plan: Planned) -> Answer | None:
        """The answer, if there is nothing to run."""
        if self.hardware is None:
            return Answer(Status.REFUSED, error=self.refused)
        return Answer(plan.status, error=f"no plan: {plan.error}") if plan.error else None

    def row(self, plan: Planned, answer: Answer) -> Row:
        """The row for the store."""
        point = self.point
        return Row(
            key=self.key(plan),
            model=point.model.name,
            hardware=point.base.name,
            restructure=point.restructure,
            state=point.state,
            version=__version__,
            status=answer.status,
            settings=point.settings,
            dims=dict(point.model.dims),
            model_sha256=self.model_sha256,
            plan_sha256=_hash(plan),
            configuration=self.configuration,
            error=answer.error,
            need_bytes=answer.need_bytes,
            have_bytes=answer.have_bytes,
            metrics=answer.metrics,
            seconds=answer.seconds,
        )


def _hash(plan: Planned) -> str:
    return hashlib.sha256(plan.document.encode()).hexdigest() if plan.document else ""


def resolved_points(definition: Definition) -> tuple[Resolved, ...]:
    """Every point of a sweep.

    Raises:
        ConfigurationError: a model's file cannot be read.
    """
    hashes = {model.path: model_hash(model.path) for model in definition.models}
    described: dict[tuple[str, tuple[str, ...]], tuple[Hardware | None, dict[str, Any], str]] = {}
    found = []
    for point in definition.points():
        which = point.base.name, point.settings
        if which not in described:
            described[which] = _described(point)
        hardware, configuration, refused = described[which]
        sha256 = hashes[point.model.path]
        wants_plan = hardware is not None and point.restructure != OFF
        key = plan_key(point, sha256, hardware) if hardware is not None and wants_plan else ""
        found.append(Resolved(point, sha256, hardware, configuration, refused, key))
    return tuple(found)


def _described(point: Point) -> tuple[Hardware | None, dict[str, Any], str]:
    try:
        hardware = override(point.base.hardware, point.settings) if point.settings else point.base.hardware
    except ConfigurationError as error:
        return None, {}, str(error)
    return hardware, configuration_of(hardware), ""


def plan_orders(points: Iterable[Resolved]) -> dict[str, PlanOrder]:
    """The plans that points want, each once, by key."""
    orders: dict[str, PlanOrder] = {}
    for each in points:
        if each.plan_key and each.plan_key not in orders and each.hardware is not None:
            model = each.point.model
            order = PlanOrder(each.plan_key, model.path, model.dims, each.hardware, each.point.restructure)
            orders[each.plan_key] = order
    return orders
