"""The worker processes behind the page, shared by all who look at it.

Planning and timing have processes of their own, so that a plan that takes half a minute keeps nobody from moving a
slider. Runs that may be asked for next are timed by others while nothing else wants the processor. Plans and
runs are kept, and a plan that two ask for is made once. A process that dies is replaced.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from accelsim.play import work
from accelsim.play.kept import Answer, KeptRuns, packed, unpacked
from accelsim.play.work import PlanKey, Refused
from accelsim.play.workers import Workers

if TYPE_CHECKING:
    from multiprocessing.context import SpawnContext
    from multiprocessing.queues import SimpleQueue

    from accelsim.hardware import Hardware

__all__ = ["Crew"]

Told = tuple[int, float, str]
_PLANS_KEPT, _RUNS_KEPT_BYTES = 64, 128 * 1024**2


class Crew:
    """Plans and times on behalf of sessions. Lives from `start` to `stop`, inside one event loop.

    Attributes:
        lookers: processes that time ahead.
    """

    def __init__(self, timers: int | None = None, planners: int = 2) -> None:
        self._timers = self.lookers = timers or max(2, min(4, os.cpu_count() or 2))
        self._planners = planners
        self._context: SpawnContext = multiprocessing.get_context("spawn")
        self._plans: OrderedDict[PlanKey, asyncio.Task[dict[str, Any] | Refused]] = OrderedDict()
        self._runs = KeptRuns(_RUNS_KEPT_BYTES)
        self._due: dict[object, asyncio.Task[bytes]] = {}
        self._listeners: dict[int, Callable[[float, str], None]] = {}
        self._share: dict[PlanKey, tuple[float, str]] = {}
        self._numbers = count()
        self._looking = asyncio.Semaphore(self.lookers)

    def start(self, model: str) -> None:
        """Open the pools, and let each timing process build a network ahead of the first question."""
        self._told: SimpleQueue[Told | None] = self._context.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._ear = threading.Thread(target=self._listen, daemon=True, name="progress of plans")
        self._ear.start()
        self._timing, self._planning = Workers(self._timers, self._hire), Workers(self._planners, self._hire)
        self._looking_ahead = Workers(self.lookers, partial(self._hire, idle=True))
        self._timing.tell_all((model, None), work.warm_up, model)

    def stop(self) -> None:
        """End the processes; what they were at is lost."""
        self._told.put(None)
        for workers in (self._timing, self._planning, self._looking_ahead):
            workers.stop()

    async def time(
        self, model: str, hardware: Hardware, key: PlanKey | None = None, plan: dict[str, Any] | None = None
    ) -> Answer:
        """Time a network, as it is or as a plan has it; an answer given before is given again.

        Whoever stops waiting does not stop the run: it is kept for the next who asks.
        """
        question = (model, hardware.model_dump_json(), key)
        found = self._runs.get(question)
        if found is None:
            if question not in self._due:
                run = self._timing.ask((model, key), _timed, model, hardware, key, plan)
                self._due[question] = self._kept(question, run)
                self._due[question].add_done_callback(lambda _: self._due.pop(question))
            found = await asyncio.shield(self._due[question])
        return unpacked(found)

    async def time_ahead(
        self, model: str, hardware: Hardware, key: PlanKey | None = None, plan: dict[str, Any] | None = None
    ) -> None:
        """Time a network when nothing else is to be done, so that `time` has the answer if it is asked.

        `lookers` at a time for all sessions: whoever stops waiting leaves at most so many runs behind.
        """
        question = (model, hardware.model_dump_json(), key)
        await self._looking.acquire()
        if question in self._runs or question in self._due:
            self._looking.release()
            return
        run = self._kept(question, self._looking_ahead.ask((model, key), _timed, model, hardware, key, plan))
        run.add_done_callback(lambda _: self._looking.release())
        await asyncio.shield(run)

    def _kept(self, question: object, run: Awaitable[bytes]) -> asyncio.Task[bytes]:
        """A task that keeps the answer, whoever waits for it."""

        async def keep() -> bytes:
            answer = await run
            self._runs.keep(question, answer)
            return answer

        task = asyncio.create_task(keep())
        # If all have stopped waiting, there is nobody to be told of a process that died.
        task.add_done_callback(_failed)
        return task

    async def plan(self, key: PlanKey, hardware: Hardware) -> dict[str, Any] | Refused:
        """Plan a network. Whoever stops waiting does not stop the plan: it is kept for the next who asks."""
        if key not in self._plans or _failed(self._plans[key]):
            self._plans[key] = asyncio.create_task(self._plan(key, hardware))
        self._plans.move_to_end(key)
        while len(self._plans) > _PLANS_KEPT:
            self._plans.popitem(last=False)
        return await asyncio.shield(self._plans[key])

    def has_plan(self, key: PlanKey) -> bool:
        """Whether the plan is there already."""
        return key in self._plans and self._plans[key].done()

    def progress(self, key: PlanKey) -> tuple[float, str]:
        """How far a plan is (0..1), and what is being done."""
        return self._share.get(key, (0.0, "waiting for a free process"))

    async def _plan(self, key: PlanKey, hardware: Hardware) -> dict[str, Any] | Refused:
        number = next(self._numbers)

        def listen(share: float, what: str) -> None:
            self._share[key] = (share, what)

        self._listeners[number] = listen
        try:
            return await self._planning.ask(key.model, _planned, number, key, hardware)
        finally:
            del self._listeners[number]
            self._share.pop(key, None)

    def _hire(self, *, idle: bool = False) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, self._context, _begin, (self._told, idle))

    def _listen(self) -> None:
        while (told := self._told.get()) is not None:
            number, share, what = told
            listener = self._listeners.get(number)
            if listener:
                self._loop.call_soon_threadsafe(listener, share, what)


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


_told: SimpleQueue[Told | None] | None = None


def _begin(told: SimpleQueue[Told | None], idle: bool) -> None:
    """Begin a worker's life: leave interrupts to the server, and end when the server ends.

    Args:
        told: takes the progress of plans.
        idle: whether to work only while nothing else wants the processor.
    """
    global _told
    _told = told
    if idle:
        _stand_back()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()


def _stand_back() -> None:
    """Take the processor only where nobody else wants it, as far as the system knows how."""
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    elif hasattr(os, "nice"):
        os.nice(19)


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def _timed(model: str, hardware: Hardware, key: PlanKey | None, plan: dict[str, Any] | None) -> bytes:
    return packed(work.timed(model, hardware, key, plan))


def _planned(number: int, key: PlanKey, hardware: Hardware) -> dict[str, Any] | Refused:
    def tell(share: float, what: str) -> None:
        if _told is not None:
            _told.put((number, share, what))

    return work.planned(key, hardware, tell)
