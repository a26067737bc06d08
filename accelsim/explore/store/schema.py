"""The tables, and rows to and from them.

`points` holds what is finished and is only added to; `claims` who is at work on what; `members` which points a sweep
asked for; `plans` restructuring plans, which are made once; `sweeps` the definitions.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from accelsim.explore.store.records import Row, Status

__all__ = ["COLUMNS", "FORMAT", "SCHEMA", "row_of", "values_of"]

FORMAT = 1
"""Version of the tables, kept as SQLite's `user_version`."""

COLUMNS = tuple(field.name for field in fields(Row))
_AS_JSON = ("settings", "dims", "configuration", "metrics")

SCHEMA = """
CREATE TABLE IF NOT EXISTS points (
  key TEXT PRIMARY KEY, model TEXT NOT NULL, hardware TEXT NOT NULL, restructure TEXT NOT NULL, state TEXT NOT NULL,
  version TEXT NOT NULL, status TEXT NOT NULL, settings TEXT NOT NULL, dims TEXT NOT NULL, model_sha256 TEXT NOT NULL,
  plan_sha256 TEXT NOT NULL, configuration TEXT NOT NULL, error TEXT NOT NULL, need_bytes INTEGER, have_bytes INTEGER,
  metrics TEXT NOT NULL, seconds REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (
  key TEXT PRIMARY KEY, owner TEXT NOT NULL, host TEXT NOT NULL, process INTEGER NOT NULL, until REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sweeps (name TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members (
  sweep TEXT NOT NULL, serial INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (sweep, serial)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS plans (key TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
"""


def values_of(row: Row) -> tuple[Any, ...]:
    """The row's columns as SQLite holds them."""
    plain = {name: getattr(row, name) for name in COLUMNS}
    plain |= {name: json.dumps(plain[name], sort_keys=name != "settings") for name in _AS_JSON}
    return tuple(str(value) if isinstance(value, Status) else value for value in plain.values())


def row_of(values: tuple[Any, ...]) -> Row:
    """The row that `values_of` made them from."""
    plain = dict(zip(COLUMNS, values, strict=True))
    plain |= {name: json.loads(plain[name]) for name in _AS_JSON}
    return Row(**plain | {"settings": tuple(plain["settings"]), "status": Status(plain["status"])})
