"""Results put in order: fronts and rankings, each group of points judged apart. Networks are never compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accelsim.errors import ConfigurationError
from accelsim.explore.choosing import Quantity, best, pareto
from accelsim.explore.configuration import shown_value
from accelsim.explore.store import Row
from accelsim.explore.sweeping.results import SweepResults
from accelsim.explore.values import field_rule
from accelsim.hardware.guess import closest
from accelsim.hardware.units import Refused

__all__ = ["Fronts", "Group", "Ranking", "fronts_of", "ranking_of"]

Group = tuple[str, ...]
"""What a group's points have in common: the model, then a value for each name they are grouped by."""

_NAMES = ("hardware", "restructure", "state", "version")


@dataclass(frozen=True, slots=True)
class Fronts:
    """Points and fronts.

    Attributes:
        quantities: what the points are judged by; the first two are drawn.
        by: what groups them beside the model.
        points, fronts: group → all its points, and those no other beats, by the first quantity.
    """

    quantities: tuple[Quantity, ...]
    by: tuple[str, ...]
    points: Mapping[Group, tuple[Row, ...]]
    fronts: Mapping[Group, tuple[Row, ...]]

    def to_dict(self) -> dict[str, object]:
        """The JSON document."""
        return _document(self.quantities, self.by, self.fronts, "front")


@dataclass(frozen=True, slots=True)
class Ranking:
    """Group → its best points, best first."""

    quantity: Quantity
    by: tuple[str, ...]
    groups: Mapping[Group, tuple[Row, ...]]

    def to_dict(self) -> dict[str, object]:
        """The JSON document."""
        return _document((self.quantity,), self.by, self.groups, "best")


def fronts_of(results: SweepResults, names: Sequence[str], by: Sequence[str] = ()) -> Fronts:
    """The front of each group.

    Args:
        names: of at least one quantity.
        by: `hardware`, `restructure`, `state`, `version`, or fields; points that differ in them are judged apart.

    Raises:
        ConfigurationError: a quantity or a name does not exist, or no point has all the quantities.
    """
    quantities = tuple(results.quantity(name) for name in names)
    known = [row for row in results.done if all(quantity.value(row) is not None for quantity in quantities)]
    if not known:
        raise ConfigurationError(f"{results.path}: must hold points with {' and '.join(names)}, got none")
    points = _grouped(known, by)
    return Fronts(quantities, tuple(by), points, {group: pareto(rows, quantities) for group, rows in points.items()})


def ranking_of(results: SweepResults, objective: str, by: Sequence[str] = (), most: int | None = None) -> Ranking:
    """The best points of each group.

    Raises:
        ConfigurationError: the objective or a name does not exist.
    """
    quantity = results.quantity(objective)
    groups = {group: best(rows, quantity, most=most) for group, rows in _grouped(results.done, by).items()}
    return Ranking(quantity, tuple(by), groups)


def _grouped(rows: Sequence[Row], by: Sequence[str]) -> dict[Group, tuple[Row, ...]]:
    for name in by:
        _require_name(name)
    groups: dict[Group, list[Row]] = {}
    for row in rows:
        groups.setdefault((row.model, *(_common(row, name) for name in by)), []).append(row)
    return {group: tuple(groups[group]) for group in sorted(groups)}


def _require_name(name: str) -> None:
    if name in _NAMES:
        return
    try:
        field_rule(name)
    except Refused as refused:
        guess = closest(name, _NAMES)
        remedy = f"did you mean {guess}?" if guess else refused.remedy
        rule = f"must be one of {', '.join(_NAMES)}, or a field of the hardware"
        raise ConfigurationError(f"--by: {rule}, got {name!r}; {remedy}") from None


def _common(row: Row, name: str) -> str:
    return str(getattr(row, name)) if name in _NAMES else f"{name}={shown_value(name, row.configuration.get(name))}"


def _document(
    quantities: Sequence[Quantity], by: Sequence[str], groups: Mapping[Group, Sequence[Row]], what: str
) -> dict[str, object]:
    def point(row: Row) -> dict[str, Any]:
        values = {quantity.name: quantity.value(row) for quantity in quantities}
        about = {"model": row.model, "hardware": row.hardware, "settings": list(row.settings)}
        return {**about, "restructure": row.restructure, "state": row.state, **values, "key": row.key}

    return {
        "schema_version": 1,
        "quantities": [{"name": q.name, "unit": q.unit, "more_is_better": q.more_is_better} for q in quantities],
        "by": ["model", *by],
        "groups": [{"group": list(group), what: [point(row) for row in rows]} for group, rows in groups.items()],
    }
