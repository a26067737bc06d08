"""Processes that answer questions, one question at a time each; one that dies is replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from accelsim.errors import AccelsimError

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

__all__ = ["CrewError", "Workers"]

_T = TypeVar("_T")


class CrewError(AccelsimError):
    """A worker process ended before it answered."""


@dataclass(slots=True)
class _Worker:
    """One process (none until it is asked something), the questions it has yet to answer, and what it has met."""

    pool: ProcessPoolExecutor
    due: int = 0
    met: set[Hashable] = field(default_factory=set)

    def answered(self) -> None:
        """One question less."""
        self.due -= 1


class Workers:
    """A fixed number of processes behind one door. Lives until `stop`, inside one event loop.

    A question goes to the process with the fewest to answer; of several, to one that has been asked about the same
    before: it has the network built already, and much of what it works out in between.
    """

    def __init__(self, size: int, hire: Callable[[], ProcessPoolExecutor]) -> None:
        """`hire`: makes a pool of one process."""
        self._hire, self._stopped = hire, False
        self._workers = [_Worker(hire()) for _ in range(size)]

    async def ask(self, about: Hashable, function: Callable[..., _T], *arguments: Any) -> _T:
        """What a function returns in one of the processes.

        Raises:
            CrewError: the process ended before, or all have been ended.
        """
        worker = min(self._workers, key=lambda one: (one.due, about not in one.met, len(one.met)))
        worker.met.add(about)
        pool, loop = worker.pool, asyncio.get_running_loop()
        try:
            answer = pool.submit(function, *arguments)
            worker.due += 1
            # Whoever stops waiting does not stop the process: it is busy until it has answered.
            answer.add_done_callback(lambda _: _call_in(loop, worker.answered))
            return await asyncio.wrap_future(answer)
        except RuntimeError as error:
            if self._stopped:
                raise CrewError("worker processes: asked after they were ended") from None
            if not isinstance(error, BrokenProcessPool):
                raise
            if worker.pool is pool:
                worker.pool, worker.met = self._hire(), set()
            rule = "must live until they have answered, got one that ended"
            raise CrewError(f"worker processes: {rule}, perhaps for want of memory; try a smaller network") from None

    def tell_all(self, about: Hashable, function: Callable[..., object], *arguments: Any) -> None:
        """Let every process call a function, and do not wait for it."""
        for worker in self._workers:
            worker.met.add(about)
            worker.pool.submit(function, *arguments)

    def processes(self) -> Iterator[BaseProcess]:
        """Those that live."""
        for worker in self._workers:
            yield from (worker.pool._processes or {}).values()

    def stop(self) -> None:
        """End the processes; what they were at is lost."""
        self._stopped = True
        processes = list(self.processes())
        for worker in self._workers:
            worker.pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()  # which one that is suspended heeds, too


def _call_in(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    """Let an event loop call a function soon, from any thread; no loop that has ended."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(function)
