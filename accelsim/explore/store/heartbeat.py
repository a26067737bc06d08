"""Keeps the claims of a store alive while its owner waits for long runs."""

from __future__ import annotations

import sqlite3
import time
from threading import Event, Thread
from types import TracebackType

from accelsim.explore.store.store import LEASE_S, Store

__all__ = ["Heartbeat"]

_PERIOD_S = LEASE_S / 4


class Heartbeat:
    """Beats from entering to leaving its block, over a connection of its own."""

    def __init__(self, store: Store) -> None:
        self._path, self._owner = store.path, store.owner
        self._stop = Event()
        self._thread = Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(_PERIOD_S):
            try:
                base = sqlite3.connect(self._path, timeout=_PERIOD_S, isolation_level=None)
                statement = "UPDATE claims SET until = ? WHERE owner = ?"
                base.execute(statement, (time.time() + LEASE_S, self._owner))
                base.close()
            except sqlite3.Error:
                continue  # the next beat may come through; at worst another sweep runs a point a second time
