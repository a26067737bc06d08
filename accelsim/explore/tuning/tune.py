"""Tuning: the planner driven by the simulator's figures.

First what a user would have anyway: the original and the plans with a name. Then plans spread over a front of active
memory, MACs and nodes, least bound first. Then the best plan is changed, one region at a time, as long as that makes it
better. Fields of the hardware are searched around that, by Optuna: each combination is given to the original and to the
plans that were best so far.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from accelsim.errors import ConfigurationError
from accelsim.explore.choosing import constraints_from, objective_named
from accelsim.explore.executors import executor
from accelsim.explore.tuning.candidates import ORIGINAL, defaults, front, spread
from accelsim.explore.tuning.records import Attempt, Tuned
from accelsim.explore.tuning.simulating import Simulated, Wanted
from accelsim.explore.tuning.space import Space, space_of
from accelsim.network import open_network, require_model
from accelsim.simulation import hardware_from
from restructure import Plan, PlanError
from restructure.planning import neighbours, remade

if TYPE_CHECKING:
    from accelsim.hardware import Hardware
    from restructure.graph import Graph

__all__ = ["tune"]

_SHARE_OF_FRONT = 0.4
"""Share of all runs that plans of the front get; the rest is for changes to the best."""
_PLANS_PER_DESCRIPTION = 3
Progress = Callable[[str], None]


def tune(
    model: str | os.PathLike[str],
    hardware: str | os.PathLike[str] | Hardware,
    objective: str = "latency",
    *,
    subject_to: Sequence[str] = (),
    search: Sequence[str] = (),
    overrides: Iterable[str] = (),
    dims: Mapping[str, int] | None = None,
    warm: bool = False,
    most_runs: int = 48,
    trials: int = 24,
    storage: str | None = None,
    jobs: int | None = None,
    progress: Progress = lambda what: None,
) -> Tuned:
    """Find the restructuring plan, and the hardware fields if any are searched, that are best by a run's own figures.

    The result is never worse than the original, nor than the plans `default`, `rows` and `robust`: they are tried.

    Args:
        model, hardware, overrides, dims, warm: as in `simulate`; the model is a file's path or a name of the zoo.
        objective: latency, energy, edp, dram, peak, spills or utilisation.
        subject_to: conditions like `peak <= 128 KiB`.
        search: fields with values, like `scratchpad.capacity=32KiB..1MiB:x2`.
        most_runs: simulations of plans on the description as given, at most (all defaults are run in any case).
        trials: combinations of searched fields, at most.
        storage: of Optuna; in memory by default.
        jobs: simulations at the same time; one per core by default.
        progress: told what is being done.

    Raises:
        ConfigurationError, RestructureError, ModelUnsupportedError: as `simulate`.

    >>> tune("tiny", "edge_npu", "dram", most_runs=6, jobs=1).gain >= 0
    True
    """
    if most_runs < 1 or trials < 1:
        raise ConfigurationError(f"tune: must have 1 run at least, got {min(most_runs, trials)}; allow more")
    described, space = hardware_from(hardware, overrides), space_of(search)
    quantity, conditions = objective_named(objective), [c for text in subject_to for c in constraints_from(text)]
    path = require_model(os.fspath(model))
    network = open_network(path, dims)
    with executor("processes" if jobs != 1 else "inline", jobs if jobs != 1 else None) as runner:
        runs = Simulated(path, dims or {}, network.graph.macs, described, warm, quantity, conditions, runner, progress)
        original, named = _defaults(runs, network.graph, described, progress)
        _plans(runs, network.graph, described, most_runs, progress)
        if space.axes:
            _descriptions(runs, space, trials, storage, f"{path} on {described.name}: {objective}")
    found = runs.best
    return Tuned(
        network.graph.name,
        described.name,
        quantity,
        tuple(subject_to),
        found,
        original,
        named,
        runs.attempts,
        runs.bounded,
    )


def _defaults(
    runs: Simulated, graph: Graph, hardware: Hardware, progress: Progress
) -> tuple[Attempt, tuple[Attempt, ...]]:
    original = runs.run([Wanted(ORIGINAL)], bounded=False)[0]
    plans = [Wanted(name, plan) for name, plan in defaults(graph, hardware, progress) if plan.regions]
    return original, tuple(runs.run(plans, bounded=False))


def _plans(runs: Simulated, graph: Graph, hardware: Hardware, most: int, progress: Progress) -> None:
    """Plans of the front, then changes to the best plans."""
    left = most - len(runs.attempts)
    if left > 0:
        found = front(graph, hardware, progress)
        chosen = spread(found, max(2, round(_SHARE_OF_FRONT * left)))
        runs.run([Wanted(name, plan) for name, plan in sorted(chosen, key=lambda pair: pair[1].macs)])
    _climb(runs, graph, most)


def _climb(runs: Simulated, graph: Graph, most: int) -> None:
    """Change the best plans, the best first, each once, until nothing gets better or the runs are used up."""
    changed: set[str] = set()
    while (left := most - len(runs.attempts)) > 0:
        plans = [each for each in runs.attempts if each.plan is not None and each.plan_name not in changed]
        best = min(plans, key=runs.cost, default=None)
        if best is None or best.plan is None or runs.cost(best) == float("inf"):
            return
        changed.add(best.plan_name)
        runs.run(_changed(graph, best.plan_name, best.plan)[:left])


def _changed(graph: Graph, name: str, plan: Plan) -> list[Wanted]:
    found = []
    for change, draft in neighbours(plan):
        try:
            other = remade(graph, draft)
        except PlanError:  # what is cut does not go together any more
            continue
        if other.regions:
            found.append(Wanted(f"{name}, {change}", other))
    return found


def _descriptions(runs: Simulated, space: Space, trials: int, storage: str | None, name: str) -> None:
    """Search fields of the hardware; each combination is judged by its best plan."""
    plans = sorted((each for each in runs.attempts if each.plan is not None), key=runs.cost)
    chosen = [Wanted(each.plan_name, each.plan) for each in plans[:_PLANS_PER_DESCRIPTION]]

    def objective(settings: tuple[str, ...]) -> float | None:
        try:
            found = runs.run([Wanted(each.plan_name, each.plan, settings) for each in (Wanted(ORIGINAL), *chosen)])
        except ConfigurationError:  # the settings contradict each other
            return None
        values = [each.value for each in found if each.feasible and each.value is not None]
        return min(values, key=runs.quantity.cost, default=None)

    space.search(objective, trials, name, storage, not runs.quantity.more_is_better)
