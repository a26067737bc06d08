"""The store: what is done stays done, whoever dies.

Every change is one transaction of SQLite in WAL mode, so a process that is killed leaves whole rows and nothing else,
readers never wait for writers, and several sweeps may write to the same file. A point is claimed before it is run, so
that two sweeps do not both run it; should they do so all the same, the first result is kept. SQLite's locks, and so
this file, want a local disk; workers elsewhere send their results to the process that holds it.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from accelsim.errors import ConfigurationError
from accelsim.explore.store.records import FAULTS, Row
from accelsim.explore.store.schema import COLUMNS, FORMAT, SCHEMA, row_of, values_of

__all__ = ["LEASE_S", "Store"]

LEASE_S = 60.0
"""A claim that is not renewed for so long counts no more."""
_PATIENCE_S = 60.0
_MEMORY = ":memory:"


class Store:
    """One results file. Life: made (opens or creates the file), used by the thread that made it, closed.

    Args:
        path: of the file.
        must_exist: refuse a path where there is no file, instead of beginning one.

    Raises:
        ConfigurationError: the file cannot be opened, is no results file, or is one of another version.
    """

    def __init__(self, path: str | os.PathLike[str], must_exist: bool = False) -> None:
        self.path = os.fspath(path)
        self.owner = uuid.uuid4().hex
        if must_exist and not Path(self.path).is_file():
            raise _refused(self.path, "must be a file of results", "none", "make one with `accelsim sweep`")
        try:
            self._base = sqlite3.connect(self.path, timeout=_PATIENCE_S, isolation_level=None)
            self._prepare()
        except sqlite3.Error as error:
            remedy = "name a file of `accelsim sweep`, or a new one in a folder you may write to"
            raise _refused(self.path, "must be a usable SQLite file of results", str(error), remedy) from None

    def _prepare(self) -> None:
        both = "SELECT user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_user_version"
        version, tables = self._base.execute(both).fetchone()
        if version not in (0, FORMAT) or (version == 0 and tables):
            self._base.close()
            got = f"version {version}" if version else "another program's tables"
            raise _refused(self.path, f"must be a results file of version {FORMAT}", got, "name another file")
        if version == FORMAT:
            return
        self._base.execute("PRAGMA journal_mode = WAL")
        with self._transaction():
            for statement in SCHEMA.split(";"):
                self._base.execute(statement)
            self._base.execute(f"PRAGMA user_version = {FORMAT}")

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back this store's claims and close the file."""
        self._base.execute("DELETE FROM claims WHERE owner = ?", (self.owner,))
        self._base.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    def define(self, sweep: str, definition: str, keys: Sequence[str]) -> None:
        """Remember what a sweep asks for; its earlier definition is forgotten, no finished point is."""
        members = [(sweep, serial, key) for serial, key in enumerate(keys)]
        with self._transaction():
            self._base.execute("INSERT OR REPLACE INTO sweeps VALUES (?, ?)", (sweep, definition))
            self._base.execute("DELETE FROM members WHERE sweep = ?", (sweep,))
            self._base.executemany("INSERT INTO members VALUES (?, ?, ?)", members)

    def definitions(self) -> dict[str, str]:
        """Sweep → its definition."""
        return dict(self._base.execute("SELECT name, definition FROM sweeps ORDER BY name").fetchall())

    def claim(self, keys: Sequence[str]) -> tuple[list[str], list[str]]:
        """Take points to be run.

        Returns:
            Those that are this store's to run now, and those that another sweep is running; finished ones are in
            neither.
        """
        mine: list[str] = []
        theirs: list[str] = []
        host, process, now = socket.gethostname(), os.getpid(), time.time()
        with self._transaction():
            for key in keys:
                if self._base.execute("SELECT 1 FROM points WHERE key = ?", (key,)).fetchone():
                    continue
                (theirs if self._claimed_elsewhere(key, host, now) else mine).append(key)
            claims = [(key, self.owner, host, process, now + LEASE_S) for key in mine]
            self._base.executemany("INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?)", claims)
        return mine, theirs

    def _claimed_elsewhere(self, key: str, host: str, now: float) -> bool:
        claim = self._base.execute("SELECT owner, host, process, until FROM claims WHERE key = ?", (key,)).fetchone()
        if claim is None or claim[0] == self.owner or claim[3] < now:
            return False
        return not (claim[1] == host and not _alive(claim[2]))

    def add(self, row: Row) -> bool:
        """Keep a finished point for good; whether it is new. A point that is there already stays as it is."""
        places = ", ".join("?" * len(COLUMNS))
        statement = f"INSERT OR IGNORE INTO points ({', '.join(COLUMNS)}) VALUES ({places})"
        with self._transaction():
            added = self._base.execute(statement, values_of(row)).rowcount
            self._base.execute("DELETE FROM claims WHERE key = ?", (row.key,))
        return bool(added)

    def forget_faults(self, keys: Iterable[str]) -> int:
        """Let points that failed for no reason of their own be run again; returns how many."""
        faults = ", ".join(f"'{status}'" for status in FAULTS)
        statement = f"DELETE FROM points WHERE key = ? AND status IN ({faults})"
        with self._transaction():
            return self._base.executemany(statement, [(key,) for key in keys]).rowcount

    def finished(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys whose points are done."""
        known = {key for (key,) in self._base.execute("SELECT key FROM points")}
        return known.intersection(keys)

    def rows(self, sweep: str | None = None) -> tuple[Row, ...]:
        """The finished points of a sweep in its order, or all there are, by key."""
        names = ", ".join(f"points.{name}" for name in COLUMNS)
        if sweep is None:
            found = self._base.execute(f"SELECT {names} FROM points ORDER BY key")
        else:
            joined = "points JOIN members ON members.key = points.key WHERE sweep = ? ORDER BY serial"
            found = self._base.execute(f"SELECT {names} FROM {joined}", (sweep,))
        return tuple(row_of(values) for values in found)

    def plans(self) -> dict[str, str]:
        """Key → plan as JSON."""
        return dict(self._base.execute("SELECT key, document FROM plans").fetchall())

    def add_plan(self, key: str, document: str) -> None:
        """Keep a plan; one that is there already stays as it is."""
        self._base.execute("INSERT OR IGNORE INTO plans VALUES (?, ?)", (key, document))


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _refused(path: str, rule: str, got: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(f"{path}: {rule}, got {got}; {remedy}")
