"""A sweep's points over two quantities, and the front of each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accelsim.explore.choosing import Quantity, varied_fields
from accelsim.explore.store import Row
from accelsim.explore.sweeping import Fronts
from accelsim.report.sweeps import setting_of

__all__ = ["Cloud", "Scatter", "scatter"]

_SPAN = 8
"""Largest over smallest value from which an axis is drawn by powers."""

_SHOWN = {"B": ("KiB", 1024.0), "s": ("ms", 1e-3), "pJ": ("µJ", 1e6), "B/s": ("GB/s", 1e9), "Hz": ("MHz", 1e6)}
"""Unit → the unit it is drawn in and what that is worth."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """The points of one group: values of both quantities, what each point is, and the same of the front."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    labels: tuple[str, ...]
    front_x: tuple[float, ...]
    front_y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Scatter:
    """What is drawn.

    Attributes:
        x_title, y_title: with units.
        x_log, y_log: whether that axis spans so much that it is drawn by powers.
    """

    title: str
    x_title: str
    y_title: str
    x_log: bool
    y_log: bool
    clouds: tuple[Cloud, ...]


def scatter(found: Fronts) -> Scatter:
    """The picture of fronts."""
    x, y = found.quantities[:2]
    # Sizes and times are drawn in units in which they are small numbers.
    clouds = tuple(_cloud(", ".join(group), rows, found.fronts[group], x, y) for group, rows in found.points.items())
    better = " and ".join(f"{'most' if q.more_is_better else 'least'} {q.name}" for q in (x, y))
    xs = [value for cloud in clouds for value in cloud.x]
    ys = [value for cloud in clouds for value in cloud.y]
    return Scatter(f"best trade-offs: {better}", _titled(x), _titled(y), _spans(xs), _spans(ys), clouds)


def _cloud(name: str, rows: Sequence[Row], front: Sequence[Row], x: Quantity, y: Quantity) -> Cloud:
    varied = varied_fields(rows)
    labels = tuple(setting_of(row, varied) for row in rows)
    return Cloud(name, _values(rows, x), _values(rows, y), labels, _values(front, x), _values(front, y))


def _values(rows: Sequence[Row], quantity: Quantity) -> tuple[float, ...]:
    worth = _SHOWN.get(quantity.unit, ("", 1.0))[1]
    return tuple((quantity.value(row) or 0.0) / worth for row in rows)


def _titled(quantity: Quantity) -> str:
    unit = _SHOWN.get(quantity.unit, (quantity.unit, 1.0))[0]
    return f"{quantity.name} [{unit}]" if unit else quantity.name


def _spans(values: Sequence[float]) -> bool:
    return bool(values) and min(values) > 0 and max(values) >= _SPAN * min(values)
