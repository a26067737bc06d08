"""The screen of tuning: what is best, by how much, and what was tried."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from accelsim.explore.tuning import Attempt, Tuned
from accelsim.report.parts import columns, facts, tail, title
from accelsim.report.quantities import count, percent
from accelsim.report.sweeps import shown_number

__all__ = ["tuned_screen"]

_MOST_ROWS = 16
_NAME = 52


def tuned_screen(found: Tuned, width: int) -> Iterator[RenderableType]:
    """The parts of the screen, from top to bottom."""
    goal = f"{'most' if found.quantity.more_is_better else 'least'} {found.quantity.name}"
    conditions = f", {' and '.join(found.conditions)}" if found.conditions else ""
    yield title(f"{found.model} on {found.hardware}: {goal}{conditions}")
    yield facts(_facts(found))
    yield Text()
    ranked = sorted(found.attempts, key=lambda each: (not each.feasible, _cost(found, each)))
    header = (("plan", "left"), (found.quantity.name, "right"), ("memory", "right"), ("MACs", "right"), ("", "fold"))
    yield columns(header, [_row(found, each, width) for each in ranked[:_MOST_ROWS]])
    if len(ranked) > _MOST_ROWS:
        yield Text(f"and {count(len(ranked) - _MOST_ROWS, 'other run')}, see --json", style="dim")


def _facts(found: Tuned) -> Iterator[tuple[str, str]]:
    best, default = found.best, found.best_default
    if best is None:
        yield "best", "nothing that was tried meets the conditions"
    else:
        yield "best", f"{shown_number(found.quantity, best.value)} with {_named(best)}"
    if default is not None and default is not best:
        gain = f", which is {percent(found.gain)} worse than the best" if found.gain else ""
        yield " untuned", f"{shown_number(found.quantity, default.value)} with {_named(default)}{gain}"
    if found.original.missed:
        yield " original", found.original.missed
    elif found.original is not default:
        yield " original", shown_number(found.quantity, found.original.value)
    bounded = f"; {count(found.bounded, 'plan')} cannot be better by a bound" if found.bounded else ""
    yield "tried", f"{count(len(found.attempts), 'run')}{bounded}"


def _named(attempt: Attempt) -> str:
    return ", ".join((f"plan {attempt.plan_name}" if attempt.plan else "the network as it is", *attempt.settings))


def _cost(found: Tuned, attempt: Attempt) -> float:
    return found.quantity.cost(attempt.value) if attempt.value is not None else float("inf")


def _row(found: Tuned, attempt: Attempt, width: int) -> tuple[str, ...]:
    plan = attempt.plan
    memory = f"{abs(plan.saving):.1%} {'less' if plan.saving >= 0 else 'more'}" if plan else "–"
    macs = f"+{plan.mac_overhead:.1%}" if plan else "–"
    aside = "; ".join(filter(None, (", ".join(attempt.settings), attempt.missed)))
    value = "–" if attempt.value is None else shown_number(found.quantity, attempt.value)
    return tail(attempt.plan_name, max(20, min(_NAME, width - 50))), value, memory, macs, aside
