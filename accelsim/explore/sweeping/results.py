"""The results of a sweep: rows, and what is asked of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accelsim.errors import ConfigurationError
from accelsim.explore.choosing import (
    Constraint,
    Quantity,
    Table,
    best,
    constraints_from,
    pareto,
    quantity_named,
    table_of,
)
from accelsim.explore.store import Row, Status, Store

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SweepResults", "open_results"]


@dataclass(frozen=True, slots=True)
class SweepResults:
    """Finished points.

    Attributes:
        path: the results file.
        rows: in the sweep's order, or by key where they are of several sweeps.
        total: how many points were asked for; as many as there are rows where that is not known.
    """

    path: str
    rows: tuple[Row, ...]
    total: int

    @property
    def done(self) -> tuple[Row, ...]:
        """The rows that have metrics."""
        return tuple(row for row in self.rows if row.status is Status.DONE)

    @property
    def counts(self) -> dict[Status, int]:
        """How many rows there are of each kind."""
        return {status: sum(row.status is status for row in self.rows) for status in Status}

    def quantity(self, name: str) -> Quantity:
        """An objective, a metric or a field, by name.

        Raises:
            ConfigurationError: it is none.
        """
        return quantity_named(name, self._metrics())

    def _metrics(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for row in self.rows for name in row.metrics))

    def constraints(self, texts: Sequence[str]) -> tuple[Constraint, ...]:
        """Conditions like `peak <= 128 KiB`.

        Raises:
            ConfigurationError: one cannot be read.
        """
        known = self._metrics()
        return tuple(constraint for text in texts for constraint in constraints_from(text, known))

    def meeting(self, texts: Sequence[str]) -> SweepResults:
        """Only the points that meet conditions."""
        conditions = self.constraints(texts)
        rows = tuple(row for row in self.rows if all(condition.holds(row) for condition in conditions))
        return SweepResults(self.path, rows, len(rows)) if texts else self

    def front(self, *names: str) -> tuple[Row, ...]:
        """The points that no other beats in all quantities, by the first one.

        >>> SweepResults("results.db", (), 0).front("scratchpad.capacity", "latency")
        ()
        """
        return pareto(self.done, [self.quantity(name) for name in names])

    def best(self, objective: str = "latency", subject_to: Sequence[str] = (), most: int | None = 1) -> tuple[Row, ...]:
        """The best points by an objective among those that meet all conditions."""
        return best(self.done, self.quantity(objective), self.constraints(subject_to), most)

    def table(self, all_fields: bool = False) -> Table:
        """All of it as one flat table."""
        return table_of(self.rows, all_fields)

    def frame(self, all_fields: bool = False) -> pd.DataFrame:
        """All of it as a pandas frame.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        return self.table(all_fields).frame()


def open_results(path: str | os.PathLike[str] = "results.db", sweep: str | None = None) -> SweepResults:
    """Read a results file, which a sweep may be writing to.

    Args:
        sweep: only the points of that one.

    Raises:
        ConfigurationError: it is no results file, or holds no such sweep.
    """
    with Store(path, must_exist=True) as store:
        known = store.definitions()
        if sweep is not None and sweep not in known:
            rule = f"must be a sweep of {os.fspath(path)}: {', '.join(known) or 'there is none'}"
            raise ConfigurationError(f"--sweep: {rule}, got {sweep!r}; write one of them")
        rows = store.rows(sweep)
    return SweepResults(os.fspath(path), rows, len(rows))
