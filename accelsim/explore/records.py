"""What a search for the smallest value found, and its JSON document."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from accelsim.explore.goal import Goal, Outcome

__all__ = ["FitResult", "Tried"]

_SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Tried:
    """One value that was tried.

    Attributes:
        value: in the field's base unit.
        text: the value as a description would hold it.
        missed: why it does not do; empty if it does.
    """

    value: int
    text: str
    outcome: Outcome
    missed: str

    @property
    def passed(self) -> bool:
        """Whether it does."""
        return not self.missed

    def to_dict(self) -> dict[str, object]:
        """As the JSON document has it."""
        outcome = {key: value for key, value in asdict(self.outcome).items() if key != "reason"}
        return {"value": self.value, "value_text": self.text, "passed": self.passed, "missed": self.missed, **outcome}


@dataclass(frozen=True, slots=True)
class FitResult:
    """The smallest value of a field that does it, and all that was tried.

    Attributes:
        field: dotted, as `--set` takes it.
        unit: of values; empty for counts.
        ends: lower and upper end of the range; `step` lies between neighbours.
        answer: the value found.
        tried: everything tried, by value.
        monotone: nothing that was tried contradicts that all larger values do it and no smaller one does.
        scanned: the predicate is not monotone and values were scanned.
        certain: no smaller value of the grid does it, as far as the predicate is monotone or was tried everywhere.
    """

    model: str
    hardware: str
    state: str
    field: str
    unit: str
    ends: tuple[str, str]
    step: str
    goal: Goal
    answer: Tried
    tried: tuple[Tried, ...]
    monotone: bool
    scanned: bool
    certain: bool

    @property
    def value(self) -> int:
        """The smallest value, in the field's base unit."""
        return self.answer.value

    @property
    def latency_cycles(self) -> int:
        """The latency there."""
        return self.answer.outcome.latency_cycles or 0

    @property
    def rises(self) -> tuple[Tried, Tried] | None:
        """The pair of tried values, smaller first, between which the latency grows most; None if it never does."""
        timed = [(each.outcome.latency_cycles, each) for each in self.tried if each.outcome.latency_cycles]
        best: tuple[float, tuple[Tried, Tried] | None] = (1.0, None)
        for position, (before, small) in enumerate(timed):
            for after, large in timed[position + 1 :]:
                best = max(best, (after / before, (small, large)), key=lambda item: item[0])
        return best[1]

    def to_dict(self) -> dict[str, object]:
        """The JSON document."""
        within = self.goal.latency_within
        outcome = self.answer.outcome
        return {
            "schema_version": _SCHEMA_VERSION,
            "model": self.model,
            "hardware": self.hardware,
            "state": self.state,
            "field": self.field,
            "unit": self.unit,
            "value": self.value,
            "value_text": self.answer.text,
            "latency_cycles": self.latency_cycles,
            "spills": {
                "tensors": outcome.spilled_tensors,
                "bytes_written": outcome.spilled_bytes,
                "bytes_reloaded": outcome.reloaded_bytes,
            },
            "goal": {"no_spill": self.goal.no_spill, "latency_within": None if within is None else float(within)},
            "range": {"from": self.ends[0], "to": self.ends[1], "step": self.step},
            "monotone": self.monotone,
            "scanned": self.scanned,
            "certain": self.certain,
            "tried": [each.to_dict() for each in self.tried],
        }
