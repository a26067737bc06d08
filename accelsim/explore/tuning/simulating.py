"""Runs of plans on descriptions, each once, several at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from accelsim.explore.choosing import Constraint, Quantity
from accelsim.explore.executors import Executor, Lost
from accelsim.explore.store import Status
from accelsim.explore.sweeping import Answer, PointOrder, do, hash_of
from accelsim.explore.tuning.bounds import lower_bound
from accelsim.explore.tuning.candidates import ORIGINAL
from accelsim.explore.tuning.records import Attempt
from accelsim.hardware import override
from restructure import Plan

if TYPE_CHECKING:
    from accelsim.hardware import Hardware

__all__ = ["Simulated", "Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A plan (none: the original) and the settings it is to run with."""

    plan_name: str
    plan: Plan | None = None
    settings: tuple[str, ...] = ()


class Simulated:
    """Everything simulated so far.

    Attributes:
        attempts: in the order they were asked for.
        bounded: how many were not simulated, since they cannot beat the best.
    """

    def __init__(
        self,
        model: str,
        dims: Mapping[str, int],
        macs: int,
        hardware: Hardware,
        warm: bool,
        quantity: Quantity,
        conditions: Sequence[Constraint],
        runner: Executor,
        tell: Callable[[str], None],
    ) -> None:
        self._model, self._dims, self._macs, self._hardware, self._warm = model, dims, macs, hardware, warm
        self.quantity, self._conditions, self._runner, self._tell = quantity, conditions, runner, tell
        self._answers: dict[str, Answer] = {}
        self._known: dict[str, Attempt] = {}
        self.bounded = 0

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        return tuple(self._known.values())

    @property
    def best(self) -> Attempt | None:
        """The best so far that meets all conditions; of equals the first."""
        feasible = [each for each in self._known.values() if each.feasible]
        return min(feasible, key=self.cost, default=None)

    def cost(self, attempt: Attempt) -> float:
        """The objective, the less the better; infinite where there is no answer."""
        return self.quantity.cost(attempt.value) if attempt.feasible and attempt.value is not None else float("inf")

    def run(self, wanted: Sequence[Wanted], bounded: bool = True) -> list[Attempt]:
        """Simulate what was not yet.

        Args:
            bounded: leave out what cannot beat the best so far.
        """
        orders: dict[str, PointOrder] = {}
        keys: dict[str, Wanted] = {}
        for each in wanted:
            order = self._order(each)
            if order.key in self._known or order.key in keys:
                continue
            if bounded and not self._may_win(each, order.hardware):
                self.bounded += 1
                continue
            keys[order.key], orders[order.key] = each, order
        self._tell(f"simulating {len(orders)} of {len(self._known) + len(orders)}")
        for order, answer in self._runner.run(do, [[order] for order in orders.values()]):
            self._answers[order.key] = (
                Answer(Status.FAILED, error=answer.reason) if isinstance(answer, Lost) else answer
            )
        for key, each in keys.items():
            self._known[key] = self._attempt(each, orders[key], self._answers[key])
        return [self._known[key] for key in keys]

    def _order(self, wanted: Wanted) -> PointOrder:
        document = json.dumps(wanted.plan.to_dict(), sort_keys=True) if wanted.plan else ""
        hardware = override(self._hardware, wanted.settings) if wanted.settings else self._hardware
        key = hash_of([document, list(wanted.settings)])
        return PointOrder(key, self._model, self._dims, hardware, self._warm, document)

    def _may_win(self, wanted: Wanted, hardware: Hardware) -> bool:
        best = self.best
        return best is None or self.quantity.more_is_better or self._bound(wanted, hardware) < (best.value or 0.0)

    def _bound(self, wanted: Wanted, hardware: Hardware) -> float:
        return lower_bound(self.quantity, wanted.plan.macs if wanted.plan else self._macs, hardware)

    def _attempt(self, wanted: Wanted, order: PointOrder, answer: Answer) -> Attempt:
        found = Attempt(
            wanted.plan_name or ORIGINAL,
            wanted.settings,
            None,
            bound=self._bound(wanted, order.hardware),
            missed=answer.error,
            metrics=answer.metrics,
            plan=wanted.plan,
        )
        if answer.error:
            return found
        missed = [each.text for each in self._conditions if not each.holds_for(answer.metrics)]
        return replace(found, value=self.quantity.of(answer.metrics), missed=" and ".join(f"not {m}" for m in missed))
