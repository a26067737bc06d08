"""The architect's first question: how small may a field be? The smallest value that reaches a goal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from math import log2
from typing import TYPE_CHECKING

from accelsim.errors import GoalMissedError
from accelsim.explore.axis import Axis, axis_of
from accelsim.explore.goal import Goal
from accelsim.explore.records import FitResult, Tried
from accelsim.explore.search import smallest
from accelsim.explore.trials import Trials
from accelsim.network import Model, name_of, open_network
from accelsim.simulation import Mappings, hardware_from, pins_from

if TYPE_CHECKING:
    from accelsim.hardware import Hardware

__all__ = ["fit"]

Progress = Callable[[float, str], None]
"""Told the share that is done (0..1) and what is being tried."""

_DOUBTS = 10


def fit(
    model: Model,
    hardware: str | os.PathLike[str] | Hardware,
    field: str,
    *,
    no_spill: bool = False,
    latency_within: float | Fraction | None = None,
    span: str | None = None,
    step: str | None = None,
    overrides: Iterable[str] = (),
    dims: Mapping[str, int] | None = None,
    mapping: Mappings = None,
    warm: bool = False,
    progress: Progress = lambda share, what: None,
) -> FitResult:
    """Find the smallest value of a hardware field that reaches a goal, all else unchanged.

    The goal is taken to be monotone in the field and bisected; further values are tried around the answer and in the
    widest gaps, and if one contradicts, values are scanned instead (`FitResult.monotone`, `.certain`).

    Args:
        model, hardware, overrides, dims, mapping, warm: as in `simulate`.
        field: dotted, as `--set` takes it: scratchpad.capacity, dram.bandwidth, pe_array.rows, …
        no_spill: no intermediate activation may be written to DRAM.
        latency_within: most extra latency, as a share of that at the upper end of the range.
        span: `lo..hi`; without it a 64th to 64 times the present value (counts: a 16th to 16 times).
        step: distance of values; 1 KiB, 100 MB/s, 10 MHz or 1 by default.
        progress: told about every value before it is tried.

    Raises:
        ConfigurationError, RestructureError, ModelUnsupportedError: as `simulate`.
        DoesNotFitError: not even the upper end of the range can be run.
        GoalMissedError: not even the upper end reaches the goal.

    >>> fit("tiny", "edge_npu", "scratchpad.capacity", no_spill=True, span="1KiB..16KiB").answer.passed
    True
    """
    goal = Goal(no_spill, None if latency_within is None else Fraction(latency_within))
    described = hardware_from(hardware, overrides)
    axis = axis_of(described, field, span, step)
    trials = Trials(open_network(model, dims).graph, described, pins_from(mapping), warm)
    return _Fit(trials, axis, goal, progress).result("warm" if warm else "cold")


class _Fit:
    """One search; remembers what every value gave."""

    def __init__(self, trials: Trials, axis: Axis, goal: Goal, progress: Progress) -> None:
        self._trials, self._axis, self._goal, self._progress = trials, axis, goal, progress
        self._expected = log2(axis.size) + _DOUBTS if axis.size > 1 else 1
        self._best_cycles: int | None = None
        self._tried: dict[int, Tried] = {}

    def result(self, state: str) -> FitResult:
        axis, trials = self._axis, self._trials
        self._reach_upper_end()
        found = smallest(self._passes, axis.size)
        assert found.position is not None
        return FitResult(
            model=name_of(trials.graph),
            hardware=trials.hardware.name,
            state=state,
            field=axis.field,
            unit=axis.unit,
            ends=(axis.text(0), axis.text(axis.size - 1)),
            step=axis.written(axis.step),
            goal=self._goal,
            answer=self._tried[found.position],
            tried=tuple(self._tried[position] for position in sorted(self._tried)),
            monotone=found.monotone,
            scanned=found.scanned,
            certain=found.certain,
        )

    def _reach_upper_end(self) -> None:
        last = self._axis.size - 1
        if not self._passes(last):
            upper = self._tried[last]
            if upper.outcome.latency_cycles is None:
                self._trials.require(self._axis.setting(last))
            raise _missed(self._axis, upper)
        self._best_cycles = self._tried[last].outcome.latency_cycles

    def _passes(self, position: int) -> bool:
        if position not in self._tried:
            text = self._axis.text(position)
            self._progress(len(self._tried) / self._expected, f"{self._axis.field} = {text}")
            outcome = self._trials.run(self._axis.setting(position))
            missed = self._goal.missed(outcome, self._best_cycles)
            self._tried[position] = Tried(self._axis.value(position), text, outcome, missed)
        return self._tried[position].passed


def _missed(axis: Axis, upper: Tried) -> GoalMissedError:
    outcome = upper.outcome
    tensors = f"{outcome.spilled_tensors:,} tensor{'' if outcome.spilled_tensors == 1 else 's'}"
    return GoalMissedError(
        f"{axis.field}: must leave nothing to spill at the upper end of the range, needs 0 B spilled, has "
        f"{outcome.spilled_bytes:,} B of {tensors} spilled at {upper.text}; "
        f"what would help: a larger upper end (--range ..{axis.written(4 * axis.high).replace(' ', '')}); "
        "another field; restructuring the network (accelsim restructure)"
    )
