"""The screen of a search for the smallest value of a field."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from accelsim.explore import FitResult, Tried
from accelsim.report.parts import columns, facts, title
from accelsim.report.quantities import count, cycles, octets

__all__ = ["fit_screen"]

_HEADER = (
    ("value", "right"), ("", "left"), ("latency", "right"), ("spilled", "right"), ("peak occupancy", "right"),
)  # fmt: skip
_REASON = 28


def fit_screen(found: FitResult, width: int) -> Iterator[RenderableType]:
    """The parts of the screen, from top to bottom."""
    yield title(f"{found.model} on {found.hardware}: smallest {found.field}", f"{found.state}; {found.goal}")
    yield facts(_facts(found))
    yield Text()
    yield columns(_HEADER, [_row(found, tried, width) for tried in found.tried])


def _facts(found: FitResult) -> Iterator[tuple[str, str]]:
    answer = found.answer
    yield "smallest", answer.text
    yield " latency", cycles(found.latency_cycles)
    spilled = answer.outcome.spilled_bytes
    yield " spills", f"{octets(spilled)} of {count(answer.outcome.spilled_tensors, 'tensor')}" if spilled else "none"
    yield "range", f"{found.ends[0]} to {found.ends[1]} in steps of {found.step}"
    if answer.text == found.ends[0]:
        yield " note", "the lower end already does it; smaller values were not asked for"
    yield " search", _search(found)
    if found.rises:
        small, large = found.rises
        before, after = small.outcome.latency_cycles or 0, large.outcome.latency_cycles or 0
        rise = f"{(after - before) / before:.2%} slower at {large.text} than at {small.text}"
        yield " note", f"more is not always faster (tilings are chosen by heuristics): {rise}"


def _search(found: FitResult) -> str:
    tried = count(len(found.tried), "value")
    if not found.scanned:
        return (
            f"bisection; {tried} tried, around the answer too, and all agree: smaller ones miss it, larger ones do it"
        )
    larger = [each.text for each in found.tried if not each.passed and each.value > found.value]
    rest = f"larger ones miss it: {', '.join(larger)}" if larger else "no larger one that was tried misses it"
    every = "every smaller one was tried" if found.certain else "not every smaller one was tried"
    return f"NOT MONOTONE, so values were scanned; {tried} tried, {every}; {rest}"


def _row(found: FitResult, tried: Tried, width: int) -> tuple[str, ...]:
    outcome = tried.outcome
    verdict = "◂ smallest" if tried is found.answer else tried.missed or "does it"
    verdict = verdict if len(verdict) <= max(_REASON, width - 52) else f"{verdict[: max(_REASON, width - 52) - 1]}…"
    if outcome.latency_cycles is None:
        return tried.text, verdict, "–", "–", "–"
    peak = outcome.peak_occupancy_bytes or 0
    return tried.text, verdict, f"{outcome.latency_cycles:,}", octets(outcome.spilled_bytes), octets(peak)
