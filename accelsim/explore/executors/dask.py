"""The workers of a Dask scheduler, on this machine or on others; Dask is imported here and nowhere else.

Every batch is one task of Dask, which runs it again elsewhere when its worker dies. A batch over which too many workers
died is taken apart. Dask also blames what merely waited for a worker that died; so an item it blames runs once more,
when nothing else does, and only one that kills workers then is lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from types import TracebackType
from typing import Any

from accelsim.errors import ConfigurationError
from accelsim.explore.executors.base import Batches, Executor, Lost

__all__ = ["Dask"]

_WAIT = "10s"
_POLL_S, _LOOK_S = 0.01, 1.0
_PATIENCE_S = 8.0
"""How long a worker of this machine may take to come back after it died."""
_AHEAD = 2
"""Batches for each thread that the scheduler has at hand, so that no worker waits for the next one."""


def _each(work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    return [work(item) for item in items]


class Dask(Executor):
    """A client of a scheduler.

    Args:
        scheduler: its address (`tcp://host:8786`); without one, workers are started on this machine.
        jobs: how many workers to start then; as many as there are cores by default.

    Raises:
        ConfigurationError: Dask is not installed, or the scheduler does not answer.
    """

    def __init__(self, scheduler: str | None = None, jobs: int | None = None) -> None:
        if find_spec("distributed") is None:
            rule = "dask needs the package distributed, which is not installed"
            raise ConfigurationError(f"--executor: {rule}; pip install 'accelsim[sweep]'")
        self._scheduler, self._jobs = scheduler, jobs
        self._cluster: Any = None
        self._client: Any = None
        self._care = _Care(None)

    def __enter__(self) -> Dask:
        from distributed import Client, LocalCluster

        if self._scheduler is None:
            self._cluster = LocalCluster(
                n_workers=self._jobs, threads_per_worker=1, dashboard_address=":0", silence_logs=50
            )
            self._care = _Care(self._cluster)
        try:
            self._client = Client(self._cluster or self._scheduler, timeout=_WAIT, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            rule = f"must be the address of a Dask scheduler that answers, got {self._scheduler!r}"
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ConfigurationError(f"--scheduler: {rule} ({reason}); write e.g. tcp://host:8786") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    @property
    def slots(self) -> int:
        return max(1, sum(map(int, self._connected.nthreads().values())))

    @property
    def _connected(self) -> Any:
        assert self._client is not None, "run inside the block"
        return self._client

    def run(self, work: Callable[[Any], Any], batches: Batches) -> Iterator[tuple[Any, Any]]:
        return _Round(self._connected, work, batches, _AHEAD * self.slots, self._care).answers()


class _Care:
    """Keeps up the number of workers of a cluster on this machine; for a scheduler elsewhere it does nothing.

    Dask starts a worker that died again, but not one that dies while it is being started, of a batch that was waiting
    for it: without a worker everybody would wait for ever.
    """

    def __init__(self, cluster: Any) -> None:
        self._cluster, self._wanted = cluster, 0 if cluster is None else len(cluster.worker_spec)
        self._complete = time.monotonic()

    def look(self) -> None:
        """Start workers in place of those that have been missing for too long."""
        now = time.monotonic()
        missing = 0 if self._cluster is None else self._wanted - len(self._cluster.scheduler.workers)
        if missing <= 0:
            self._complete = now
        elif now - self._complete > _PATIENCE_S:
            self._complete = now
            self._cluster.scale(len(self._cluster.worker_spec) + missing)


class _Round:
    """One `run`: hands out batches, gathers their answers."""

    def __init__(self, client: Any, work: Callable[[Any], Any], batches: Batches, most: int, care: _Care) -> None:
        from distributed import as_completed

        self._client, self._work, self._most, self._care = client, work, most, care
        self._batches = iter(batches)
        self._running: dict[str, Sequence[Any]] = {}
        self._suspects: list[Any] = []
        self._alone = False
        self._done = as_completed(loop=client.loop)

    def answers(self) -> Iterator[tuple[Any, Any]]:
        self._feed()
        while self._running:
            while not self._done.has_ready():
                time.sleep(_POLL_S)
                self._care.look()
            future = next(self._done)
            yield from self._answer(future, self._running.pop(future.key))
            self._feed()

    def _feed(self) -> None:
        while len(self._running) < self._most and (batch := next(self._batches, None)) is not None:
            self._submit(batch)
        if not self._running and self._suspects:
            self._alone = True
            self._submit((self._suspects.pop(),))

    def _submit(self, batch: Sequence[Any]) -> None:
        future = self._client.submit(_each, self._work, batch, pure=False)
        self._running[future.key] = batch
        self._done.add(future)

    def _result(self, future: Any) -> list[Any]:
        """Return what a batch gave; where the worker that has it died meanwhile, when it has been done again."""
        while True:
            try:
                return future.result(timeout=_LOOK_S)  # type: ignore[no-any-return]
            except (TimeoutError, UnboundLocalError):
                # The second is how distributed's `sync` says (2026.8) that fetching was cut short by a dying worker.
                if future.status == "error":
                    raise
                time.sleep(_POLL_S)
                self._care.look()

    def _answer(self, future: Any, batch: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        try:
            yield from zip(batch, self._result(future), strict=True)
        except KilledWorker as error:
            if self._alone:
                yield batch[0], Lost(f"workers died over it: {str(error).splitlines()[0]}")
            elif len(batch) == 1:
                self._suspects.append(batch[0])
            else:
                for item in batch:
                    self._submit((item,))
        except FutureCancelledError as error:
            rule = "must stay there until the end"
            remedy = "start again: what is finished is kept"
            raise ConfigurationError(f"--scheduler: {rule}, got {str(error).splitlines()[0]}; {remedy}") from None
