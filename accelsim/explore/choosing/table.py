"""Rows as one flat table: for CSV, Parquet and data frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accelsim.errors import ConfigurationError
from accelsim.explore.configuration import field_unit
from accelsim.explore.store import Row

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Table", "table_of", "varied_fields"]

_UNIT_NAMES = {
    "B": "_bytes",
    "Hz": "_hz",
    "B/s": "_bytes_per_s",
    "ps": "_ps",
    "B/cycle": "_bytes_per_cycle",
    "pJ": "_pj",
    "pJ/B": "_pj_per_byte",
    "mW": "_mw",
}
_FIRST = ("model", "hardware", "restructure", "state", "status")
_LAST = ("error", "need_bytes", "have_bytes", "seconds", "version", "model_sha256", "plan_sha256", "key")


@dataclass(frozen=True, slots=True)
class Table:
    """Column names and rows; None where a point has no such value."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def frame(self) -> pd.DataFrame:
        """As a pandas frame.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            rule = "a frame needs pandas, which is not installed"
            raise ConfigurationError(f"frame: {rule}; pip install 'accelsim[frame]'") from None
        return pd.DataFrame(self.rows, columns=list(self.columns))


def varied_fields(rows: Sequence[Row]) -> list[str]:
    """The fields whose values differ between points or that some point set."""
    seen: dict[str, set[Any]] = {}
    for row in rows:
        for field, value in row.configuration.items():
            seen.setdefault(field, set()).add(value)
    chosen = {setting.partition("=")[0] for row in rows for setting in row.settings}
    return [field for field, values in seen.items() if len(values) > 1 or field in chosen]


def table_of(rows: Sequence[Row], all_fields: bool = False) -> Table:
    """A line for each point: what it was, the fields of its hardware, its metrics, what went wrong.

    Args:
        all_fields: with every field of the configuration, not only with those that vary.
    """
    every = [field for row in rows[:1] for field in row.configuration]
    fields = every if all_fields else varied_fields(rows)
    metrics = list(dict.fromkeys(name for row in rows for name in row.metrics))
    columns = (*_FIRST, *(f"{field}{_UNIT_NAMES.get(field_unit(field), '')}" for field in fields), *metrics, *_LAST)
    return Table(columns, tuple(_line(row, fields, metrics) for row in rows))


def _line(row: Row, fields: Sequence[str], metrics: Sequence[str]) -> tuple[Any, ...]:
    head = (row.model, row.hardware, row.restructure, row.state, str(row.status))
    tail = tuple(getattr(row, name) for name in _LAST)
    configuration = tuple(row.configuration.get(field) for field in fields)
    return (*head, *configuration, *(row.metrics.get(name) for name in metrics), *tail)
