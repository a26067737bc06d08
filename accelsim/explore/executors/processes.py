"""Processes of this machine, each fed through a pipe of its own.

Answers come one by one, not by the batch, so what is done is known at once; which item a process died over is known
too. (`concurrent.futures` answers by the task, and gives up all its processes when one dies.) Processes are started
afresh, not forked: they inherit neither threads nor each other's pipes, and end by themselves when this one is killed.
"""

from __future__ import annotations

import io
import os
import selectors
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import IO, Any, cast

from accelsim.explore.executors.base import ATTEMPTS, Batches, Executor, Lost
from accelsim.explore.executors.pipes import receive, send

__all__ = ["Processes"]

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class _Worker:
    """One process and the items it has still to answer, in order."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "accelsim.explore.executors.worker"]
        environment = {**_ONE_THREAD, **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        pipe = subprocess.PIPE
        # Unbuffered, since an answer that waits in a buffer of this side is none that `select` sees.
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, bufsize=0)
        assert self.process.stdin is not None
        self._orders = io.BufferedWriter(cast("io.RawIOBase", self.process.stdin))
        self.items: deque[Any] = deque()
        with suppress(OSError):
            send(self._orders, sys.path)

    @property
    def answers(self) -> IO[bytes]:
        return cast("IO[bytes]", self.process.stdout)

    def give(self, work: Callable[[Any], Any], items: Sequence[Any]) -> None:
        self.items.extend(items)
        with suppress(OSError):  # it died; reading from it will tell
            send(self._orders, (work, tuple(items)))

    def end(self) -> int:
        self.process.kill()
        for stream in (self._orders, self.answers):
            with suppress(OSError):
                stream.close()
        return self.process.wait()


class Processes(Executor):
    """Worker processes, started when there is work for them.

    Args:
        jobs: how many at most; as many as this process may use cores by default.
    """

    def __init__(self, jobs: int | None = None) -> None:
        self._jobs = jobs or _cores()
        self._workers: list[_Worker] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    @property
    def slots(self) -> int:
        return self._jobs

    def run(self, work: Callable[[Any], Any], batches: Batches) -> Iterator[tuple[Any, Any]]:
        return _Round(self._workers, self._jobs, work, batches).answers()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Round:
    """One `run`: hands out batches, gathers answers, replaces workers that died."""

    def __init__(self, workers: list[_Worker], jobs: int, work: Callable[[Any], Any], batches: Batches) -> None:
        self._workers, self._jobs, self._work = workers, jobs, work
        self._batches = iter(batches)
        self._again: deque[Sequence[Any]] = deque()
        self._deaths: dict[int, int] = {}

    def answers(self) -> Iterator[tuple[Any, Any]]:
        self._feed()
        while any(worker.items for worker in self._workers):
            for worker in self._ready():
                yield from self._answer(worker)
            self._feed()

    def _feed(self) -> None:
        """Give every idle worker a batch, as long as there are any."""
        idle = [worker for worker in self._workers if not worker.items]
        while idle or len(self._workers) < self._jobs:
            batch = self._again.popleft() if self._again else next(self._batches, None)
            if batch is None:
                return
            if not idle:
                self._workers.append(_Worker())
                idle.append(self._workers[-1])
            idle.pop().give(self._work, batch)

    def _ready(self) -> list[_Worker]:
        with selectors.DefaultSelector() as selector:
            for worker in self._workers:
                if worker.items:
                    selector.register(worker.answers, selectors.EVENT_READ, worker)
            return [key.data for key, _ in selector.select()]

    def _answer(self, worker: _Worker) -> Iterator[tuple[Any, Any]]:
        try:
            answer = receive(cast("Any", worker.answers))
        except (EOFError, OSError):
            yield from self._bury(worker)
        else:
            yield worker.items.popleft(), answer

    def _bury(self, worker: _Worker) -> Iterator[tuple[Any, Any]]:
        """The item it died over is begun again alone, those behind it in a batch of their own."""
        self._workers.remove(worker)
        code = worker.end()
        item, rest = worker.items.popleft(), tuple(worker.items)
        worker.items.clear()
        self._deaths[id(item)] = self._deaths.get(id(item), 0) + 1
        if rest:
            self._again.append(rest)
        if self._deaths[id(item)] < ATTEMPTS:
            self._again.append((item,))
        else:
            yield item, Lost(f"{ATTEMPTS} workers died over it, the last with status {code}")
