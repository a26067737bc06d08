"""The screens of sweeps: what there is to run, what came of it, fronts and the best points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text

from accelsim.explore.choosing import Quantity, varied_fields
from accelsim.explore.configuration import shown_value
from accelsim.explore.store import Row, Status
from accelsim.explore.sweeping import Definition, Fronts, Group, Ranking, SweepResults
from accelsim.report.parts import columns, facts, hanging, tail, title
from accelsim.report.quantities import count, energy, milliseconds, octets, percent

__all__ = [
    "fronts_screen",
    "points_screen",
    "ranking_screen",
    "setting_of",
    "shown_number",
    "shown_quantity",
    "sweep_screen",
]

_MOST_ERRORS = 5
_NAME = 44
_WORDS = {
    Status.DONE: "done",
    Status.DOES_NOT_FIT: "do not fit",
    Status.UNSUPPORTED: "not supported",
    Status.REFUSED: "refused",
    Status.FAILED: "failed",
}


def points_screen(definition: Definition, finished: int, path: str, width: int) -> Iterator[RenderableType]:
    """What a sweep would run, and how many of it are in its results file."""
    yield title(f"sweep {definition.name}", f"{count(definition.size, 'point')}, {finished:,} of them done in {path}")
    if definition.description:
        yield hanging(definition.description, width, 0, 0)
    yield facts(_axes(definition))


def _axes(definition: Definition) -> Iterator[tuple[str, str]]:
    yield "networks", ", ".join(model.name for model in definition.models)
    yield "hardware", ", ".join(base.name for base in definition.bases)
    for axis in definition.axes:
        together = [", ".join(settings) for settings in axis]
        yield " set", "; ".join(together)
    yield "restructured", ", ".join(definition.restructure)
    yield "state", ", ".join(definition.states)
    yield "objectives", ", ".join(definition.objectives)


def sweep_screen(found: SweepResults, objectives: Sequence[str], width: int) -> Iterator[RenderableType]:
    """What came of a sweep: how many points, what stopped others, the best of each network by each objective."""
    yield title(f"{count(len(found.rows), 'point')} in {found.path}", _counts(found.counts))
    yield from _errors(found, width)
    quantities = [found.quantity(name) for name in objectives]
    models = list(dict.fromkeys(row.model for row in found.done))
    for quantity in quantities:
        rows = [(model, _best(found, model, quantity)) for model in models]
        known = [(model, row) for model, row in rows if row is not None]
        if known:
            yield Text()
            yield title(f"{'most' if quantity.more_is_better else 'least'} {quantity.name}", "of each network")
            varied = varied_fields(found.done)
            header = (("network", "left"), (quantity.name, "right"), ("with", "fold"))
            yield columns(header, [(m, shown_quantity(quantity, r), setting_of(r, varied)) for m, r in known])


def _best(found: SweepResults, model: str, quantity: Quantity) -> Row | None:
    rows = [row for row in found.done if row.model == model and quantity.value(row) is not None]
    return min(rows, key=lambda row: quantity.cost(quantity.value(row) or 0.0), default=None)


def _counts(counts: Mapping[Status, int]) -> str:
    return ", ".join(f"{number:,} {_WORDS[status]}" for status, number in counts.items() if number)


def _errors(found: SweepResults, width: int) -> Iterator[RenderableType]:
    """Each error once, the most frequent first."""
    seen: dict[str, int] = {}
    for row in found.rows:
        if row.error:
            seen[row.error] = seen.get(row.error, 0) + 1
    for text, number in sorted(seen.items(), key=lambda item: -item[1])[:_MOST_ERRORS]:
        yield hanging(f"{number:,}× {text}", width, 2, 6)
    if len(seen) > _MOST_ERRORS:
        yield Text(
            f"  and {count(len(seen) - _MOST_ERRORS, 'other error')}: accelsim export {found.path} -o points.csv"
        )


def fronts_screen(found: Fronts, width: int) -> Iterator[RenderableType]:
    """The front of each group, from one end to the other."""
    names = " and ".join(_directed(quantity) for quantity in found.quantities)
    for group, rows in found.fronts.items():
        yield title(f"best trade-offs of {_named(group)}", f"{names}; {len(rows)} of {len(found.points[group])} points")
        yield _rows(rows, found.quantities, found.points[group])
        yield Text()


def ranking_screen(found: Ranking, width: int) -> Iterator[RenderableType]:
    """The best points of each group."""
    for group, rows in found.groups.items():
        yield title(f"{_directed(found.quantity)} of {_named(group)}")
        yield _rows(rows, (found.quantity,), rows)
        yield Text()


def _directed(quantity: Quantity) -> str:
    return f"{'most' if quantity.more_is_better else 'least'} {quantity.name}"


def _named(group: Group) -> str:
    return ", ".join(group)


def _rows(rows: Sequence[Row], quantities: Sequence[Quantity], among: Sequence[Row]) -> RenderableType:
    shown = {quantity.key for quantity in quantities}
    varied = [field for field in varied_fields(among) if field not in shown]
    header = (*((quantity.name, "right") for quantity in quantities), ("with", "fold"))
    lines = [(*(shown_quantity(q, row) for q in quantities), setting_of(row, varied)) for row in rows]
    return columns(header, lines)


def setting_of(row: Row, varied: Sequence[str]) -> str:
    """What tells a point from the others of its network: hardware, fields that vary, restructuring, state."""
    fields = [f"{field} {shown_value(field, row.configuration.get(field))}" for field in varied]
    plan = [] if row.restructure == "off" else [f"restructured {tail(row.restructure, _NAME)}"]
    state = [] if row.state == "cold" else [row.state]
    return ", ".join([row.hardware, *fields, *plan, *state])


def shown_quantity(quantity: Quantity, row: Row) -> str:
    """A point's number with its unit; a dash where it has none."""
    if quantity.of_hardware:
        return shown_value(quantity.key, row.configuration.get(quantity.key))
    return shown_number(quantity, quantity.value(row))


def shown_number(quantity: Quantity, value: float | None) -> str:
    """A quantity's number with its unit; a dash where there is none."""
    if value is None:
        return "–"
    if quantity.unit == "s":
        return milliseconds(value)
    if quantity.unit == "pJ":
        return energy(value)
    if quantity.unit == "B":
        return octets(round(value))
    if quantity.name == "utilisation":
        return percent(value)
    number = f"{value:,.4g}" if isinstance(value, float) and value != int(value) else f"{int(value):,}"
    return f"{number} {quantity.unit}".rstrip()
