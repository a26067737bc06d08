"""What a worker does: one point, or one plan, from a description of it to its answer. It never raises.

A worker keeps what points share: analysed graphs, restructured graphs, what was lowered and mapped (`Workshop`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from accelsim.errors import AccelsimError, DoesNotFitError, ModelUnsupportedError
from accelsim.explore.choosing import metrics_of
from accelsim.explore.restructuring import plan_for
from accelsim.explore.store import Status
from accelsim.explore.sweeping.workshop import workshop
from accelsim.hardware import Hardware
from restructure import RestructureError

__all__ = ["Answer", "PlanOrder", "Planned", "PointOrder", "do"]

_LONGEST_ERROR = 2000


@dataclass(frozen=True, slots=True)
class PointOrder:
    """A point to be run; `plan` is a restructuring plan as JSON, empty for none."""

    key: str
    model: str
    dims: Mapping[str, int] = field(hash=False)
    hardware: Hardware = field(hash=False)
    warm: bool
    plan: str = ""


@dataclass(frozen=True, slots=True)
class PlanOrder:
    """A plan to be made; of the hardware only the type of activations matters."""

    key: str
    model: str
    dims: Mapping[str, int] = field(hash=False)
    hardware: Hardware = field(hash=False)
    how: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a point; the names are those of the store's rows."""

    status: Status
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: str = ""
    need_bytes: int | None = None
    have_bytes: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan as JSON, or why there is none."""

    document: str
    error: str = ""
    status: Status = Status.DONE


def do(order: PointOrder | PlanOrder) -> Answer | Planned:
    """Carry out an order; whatever goes wrong is part of the answer."""
    return _planned(order) if isinstance(order, PlanOrder) else _timed(order)


def _planned(order: PlanOrder) -> Planned:
    try:
        plan = plan_for(workshop().graph(order.model, order.dims), order.hardware, order.how)
    except Exception as error:
        return Planned("", _told(error), _status(error))
    return Planned(json.dumps(plan.to_dict(), sort_keys=True))


def _timed(order: PointOrder) -> Answer:
    start = time.process_time()
    try:
        result = workshop().run(order.model, order.dims, order.plan, order.hardware, order.warm)
        answer = Answer(Status.DONE, metrics_of(result))
    except DoesNotFitError as error:
        answer = Answer(Status.DOES_NOT_FIT, {}, _told(error), error.need_bytes, error.have_bytes)
    except Exception as error:
        answer = Answer(_status(error), {}, _told(error))
    return replace(answer, seconds=time.process_time() - start)


def _status(error: Exception) -> Status:
    if not isinstance(error, AccelsimError | RestructureError):
        return Status.FAILED
    return Status.UNSUPPORTED if error.exit_code == ModelUnsupportedError.exit_code else Status.REFUSED


def _told(error: Exception) -> str:
    ours = isinstance(error, AccelsimError | RestructureError)
    text = str(error) if ours else f"internal error: {type(error).__name__}: {error}"
    return text[:_LONGEST_ERROR]
