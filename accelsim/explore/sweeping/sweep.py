"""The sweep itself: hands out what is not done yet, and keeps what comes back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from accelsim.explore.executors import Executor, Lost, executor
from accelsim.explore.store import Heartbeat, Status, Store
from accelsim.explore.sweeping.definition import Definition
from accelsim.explore.sweeping.reading import read_definition
from accelsim.explore.sweeping.resolving import Resolved, plan_orders, resolved_points
from accelsim.explore.sweeping.results import SweepResults
from accelsim.explore.sweeping.work import Answer, Planned, do

__all__ = ["Tally", "finished_points", "sweep"]

_BATCH = 8
"""Points that one worker gets at a time, at most."""
_TURNS = 2
"""A batch is at most a worker's share of what is left in so many turns: large ones at the end would leave some idle."""
_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a sweep is: points in all, done in earlier sweeps, done now, and those of these that failed."""

    total: int
    before: int
    now: int
    failed: int
    what: str = "points"


Progress = Callable[[Tally], None]


def sweep(
    source: str | os.PathLike[str] | Mapping[str, Any] | Definition,
    store: str | os.PathLike[str] = "results.db",
    *,
    jobs: int | None = None,
    executor: str | Executor = "processes",
    scheduler: str | None = None,
    retry: bool = False,
    progress: Progress = lambda tally: None,
) -> SweepResults:
    """Run every point of a sweep that its results file does not hold yet.

    Points that cannot be run (they do not fit, say) are rows with their error. Whoever stops it loses what is under way
    and nothing else; started again, it goes on.

    Args:
        source: a sweep's file, a mapping of the same keys, or a definition.
        store: the results file, made if it is not there; several sweeps may write to it at once.
        jobs: how many points at the same time; one per core by default.
        executor: `processes`, `dask` or `inline`, or an executor, which is entered and left.
        scheduler: the address of a Dask scheduler.
        retry: run those points again that failed for no reason of their own (a defect, a worker that died).
        progress: told whenever something is done.

    Raises:
        ConfigurationError: the sweep, the results file or the executor is not as it must be.

    >>> sweep({"models": "tiny", "hardware": "edge_npu"}, ":memory:", executor="inline").rows[0].metrics["macs"]
    90192
    """
    definition = source if isinstance(source, Definition) else read_definition(source)
    with _executor(executor, jobs, scheduler) as runner, Store(store) as opened, Heartbeat(opened):
        return _Sweep(definition, opened, runner, progress).results(retry)


def finished_points(definition: Definition, store: str | os.PathLike[str]) -> int:
    """How many points of a sweep its results file holds; none if there is no such file.

    Raises:
        ConfigurationError: a model or description of the sweep, or the file, is not as it must be.
    """
    if not os.path.exists(store):
        return 0
    points = resolved_points(definition)
    with Store(store, must_exist=True) as opened:
        plans = {key: Planned(document) for key, document in opened.plans().items()}
        return len(opened.finished(each.key(plans.get(each.plan_key, Planned(""))) for each in points))


def _executor(given: str | Executor, jobs: int | None, scheduler: str | None) -> Executor:
    return given if isinstance(given, Executor) else executor(given, jobs, scheduler)


class _Sweep:
    """One run of `sweep`."""

    def __init__(self, definition: Definition, store: Store, runner: Executor, progress: Progress) -> None:
        self._definition, self._store, self._runner, self._progress = definition, store, runner, progress
        self._points = resolved_points(definition)
        self._plans: dict[str, Planned] = {"": Planned("")}
        self._by_key: dict[str, Resolved] = {}
        self._before = self._now = self._failed = 0

    def results(self, retry: bool) -> SweepResults:
        self._make_plans()
        self._by_key = {each.key(self._plan(each)): each for each in self._points}
        keys = list(self._by_key)
        self._store.define(self._definition.name, self._definition.source, keys)
        if retry:
            self._store.forget_faults(keys)
        finished = self._store.finished(keys)
        self._before = len(finished)
        self._tell()
        waiting = [key for key in keys if key not in finished]
        while waiting:
            theirs = self._round(waiting)
            if len(theirs) == len(waiting):
                time.sleep(_POLL_S)
            waiting = theirs
        return SweepResults(self._store.path, self._store.rows(self._definition.name), len(keys))

    def _plan(self, each: Resolved) -> Planned:
        return self._plans[each.plan_key]

    def _make_plans(self) -> None:
        """Every plan that is not in the store; of plans made twice the first one is kept, by all."""
        orders = plan_orders(self._points)
        known = self._store.plans()
        missing = [order for key, order in orders.items() if key not in known]
        for number, (order, planned) in enumerate(self._runner.run(do, ((order,) for order in missing))):
            self._progress(Tally(len(missing), 0, number + 1, 0, "plans"))
            if isinstance(planned, Lost):
                planned = Planned("", planned.reason, Status.FAILED)
            if planned.error:
                self._plans[order.key] = planned
            else:
                self._store.add_plan(order.key, planned.document)
        stored = self._store.plans()
        self._plans |= {key: Planned(stored[key]) for key in orders if key in stored}

    def _round(self, waiting: Sequence[str]) -> list[str]:
        """Run what nobody else is running; returns what somebody else is."""
        theirs: list[str] = []
        for order, answer in self._runner.run(do, self._batches(waiting, theirs)):
            if isinstance(answer, Lost):
                answer = Answer(Status.FAILED, error=answer.reason)
            self._keep(order.key, answer)
        return theirs

    def _batches(self, waiting: Sequence[str], theirs: list[str]) -> Iterator[Sequence[Any]]:
        """Claimed orders, by the batch; whatever needs no run is kept at once."""
        start = 0
        while start < len(waiting):
            size = min(_BATCH, ceil((len(waiting) - start) / (_TURNS * self._runner.slots)))
            mine, elsewhere = self._store.claim(waiting[start : start + size])
            theirs += elsewhere
            start += size
            orders = []
            for key in mine:
                each = self._by_key[key]
                answer = each.without_run(self._plan(each))
                if answer is not None:
                    self._keep(key, answer)
                else:
                    orders.append(each.order(self._plan(each)))
            if orders:
                yield orders

    def _keep(self, key: str, answer: Answer) -> None:
        each = self._by_key[key]
        self._store.add(each.row(self._plan(each), answer))
        self._now += 1
        self._failed += answer.status is not Status.DONE
        self._tell()

    def _tell(self) -> None:
        self._progress(Tally(len(self._by_key), self._before, self._now, self._failed))
