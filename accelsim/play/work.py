"""What the crew's processes do: plan a network, or time it. Networks and rewritten ones stay with the process.

Everything that goes in and out can be pickled and is small: names, settings, plans as plain values, results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from accelsim.errors import AccelsimError, DoesNotFitError
from restructure.errors import RestructureError

if TYPE_CHECKING:
    from accelsim.hardware import Hardware
    from accelsim.results import SimulationResult
    from accelsim.workload import Workload
    from restructure.graph import Graph

__all__ = ["PlanKey", "Refused", "Timed", "planned", "timed"]

Tell = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class PlanKey:
    """What a plan depends on.

    Attributes:
        model: a file or a name of the zoo.
        how: a kind of restructuring that is not off.
        parts: the most parts, 0 if that is left to the plan.
        activation_bytes: per element.
    """

    model: str
    how: str
    parts: int
    activation_bytes: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no answer, in words; `fits` is false where the network does not fit."""

    why: str
    fits: bool = True


@dataclass(frozen=True, slots=True)
class Timed:
    """A timed run."""

    result: SimulationResult


def planned(key: PlanKey, hardware: Hardware, tell: Tell) -> dict[str, Any] | Refused:
    """Plan a network; the plan as plain values."""
    from accelsim.explore import plan_for

    try:
        plan = plan_for(_network(key.model).graph, hardware, key.how, max_parts=key.parts or None, progress=tell)
    except (AccelsimError, RestructureError) as error:
        return Refused(str(error))
    return plan.to_dict()


def timed(model: str, hardware: Hardware, key: PlanKey | None, plan: Mapping[str, Any] | None) -> Timed | Refused:
    """Time a network as it is, or as a plan (with its key) has it."""
    from accelsim.simulation import compile_model, time_run

    try:
        network = _network(model) if key is None or plan is None else _rewritten(key, plan)
        return Timed(time_run(compile_model(network.graph, hardware, workload=network.workload)).result)
    except DoesNotFitError as error:
        return Refused(str(error), fits=False)
    except (AccelsimError, RestructureError) as error:
        return Refused(str(error))


@dataclass(frozen=True, slots=True)
class _Network:
    """A network, and its layers, which depend on no accelerator."""

    graph: Graph
    workload: Workload


def _lowered(graph: Graph) -> _Network:
    from accelsim.workload import build

    return _Network(graph, build(graph))


@lru_cache(maxsize=6)
def _network(model: str) -> _Network:
    from accelsim.network import open_network

    return _lowered(open_network(model).graph)


_KEPT = 12
_rewrites: dict[PlanKey, _Network] = {}


def _rewritten(key: PlanKey, plan: Mapping[str, Any]) -> _Network:
    from accelsim.explore import made_by
    from restructure.plans import Plan

    if key not in _rewrites:
        while len(_rewrites) >= _KEPT:
            del _rewrites[next(iter(_rewrites))]
        _rewrites[key] = _lowered(made_by(_network(key.model).graph, Plan.from_dict(plan)))
    return _rewrites[key]


def warm_up(model: str) -> None:
    """Import and build what the first answer needs."""
    timed(model, _usual(), None, None)


def _usual() -> Hardware:
    from accelsim.hardware import load

    return load("edge_npu")
