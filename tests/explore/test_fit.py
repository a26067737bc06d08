"""The smallest value is the one that trying every value finds."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

import accelsim
from accelsim.errors import ConfigurationError, DoesNotFitError, GoalMissedError
from accelsim.explore import Goal, Outcome, share
from accelsim.explore.axis import axis_of
from accelsim.hardware import load, override

Says = Callable[[accelsim.SimulationResult], bool]


def first_that_does(field: str, values: list[str], does: Says) -> str:
    """The slow and obvious way: one complete simulation after the other, from below."""
    for value in values:
        try:
            if does(accelsim.simulate("tiny", "edge_npu", overrides=[f"{field}={value}"])):
                return value
        except DoesNotFitError:
            continue
    raise AssertionError("none does")


def no_spill(result: accelsim.SimulationResult) -> bool:
    return result.spills.bytes_written == 0


def within(share_: float, upper: str) -> Says:
    best = accelsim.simulate("tiny", "edge_npu", overrides=[upper]).totals.latency_cycles
    return lambda result: result.totals.latency_cycles <= best * (1 + share_)


def test_the_smallest_scratchpad_without_spills_is_that_of_a_brute_force_scan() -> None:
    found = accelsim.fit("tiny", "edge_npu", "scratchpad.capacity", no_spill=True, span="512B..12KiB", step="256 B")
    values = [f"{256 * number} B" for number in range(2, 49)]
    assert found.value == int(first_that_does("scratchpad.capacity", values, no_spill).split()[0])
    assert found.answer.outcome.spilled_bytes == 0
    assert (found.monotone, found.certain) == (True, True)


def test_the_smallest_scratchpad_that_is_nearly_as_fast_is_that_of_a_brute_force_scan() -> None:
    field = "scratchpad.capacity"
    found = accelsim.fit("tiny", "edge_npu", field, latency_within=0.1, span="512B..12KiB", step="512 B")
    does = within(0.1, f"{field}=12KiB")
    assert found.value == int(first_that_does(field, [f"{512 * n} B" for n in range(1, 25)], does).split()[0])


def test_the_lowest_bandwidth_is_that_of_a_brute_force_scan() -> None:
    field = "dram.bandwidth"
    found = accelsim.fit("tiny", "edge_npu", field, latency_within=Fraction(1, 20), span="400MB/s..6GB/s")
    does = within(0.05, f"{field}=6GB/s")
    assert found.answer.text == first_that_does(field, _bandwidths(), does)


def _bandwidths() -> list[str]:
    axis = axis_of(load("edge_npu"), "dram.bandwidth", "400MB/s..6GB/s")
    return [axis.text(position) for position in range(axis.size)]


@pytest.mark.parametrize("field", ["pe_array.rows", "pe_array.columns"])
def test_the_fewest_pes_are_those_of_a_brute_force_scan(field: str) -> None:
    found = accelsim.fit("tiny", "edge_npu", field, latency_within=0.2, span="1..16")
    does = within(0.2, f"{field}=16")
    assert found.answer.text == first_that_does(field, [str(number) for number in range(1, 17)], does)


def test_both_goals_at_once_are_reached_at_the_larger_of_their_values() -> None:
    field, span = "scratchpad.capacity", "1KiB..12KiB"
    dry = accelsim.fit("tiny", "edge_npu", field, no_spill=True, span=span)
    fast = accelsim.fit("tiny", "edge_npu", field, latency_within=0.3, span=span)
    both = accelsim.fit("tiny", "edge_npu", field, no_spill=True, latency_within=0.3, span=span)
    assert both.value == max(dry.value, fast.value)


def test_every_value_is_tried_once_and_says_why_it_does_not_do() -> None:
    found = accelsim.fit("tiny", "edge_npu", "scratchpad.capacity", no_spill=True, span="8B..12KiB", step="8 B")
    values = [each.value for each in found.tried]
    assert values == sorted(set(values))
    assert values[0] == 8
    assert found.tried[0].missed.startswith("does not fit the scratchpad: ")
    assert {each.missed for each in found.tried if each.value < found.value} <= {"spills", found.tried[0].missed} | {
        each.missed for each in found.tried if each.outcome.latency_cycles is None
    }


def test_a_lower_end_that_does_is_the_answer() -> None:
    found = accelsim.fit("tiny", "edge_npu", "scratchpad.capacity", no_spill=True, span="64KiB..128KiB")
    assert found.value == 64 * 1024


def test_an_upper_end_that_spills_is_told_with_need_have_and_what_would_help() -> None:
    with pytest.raises(GoalMissedError, match=r"needs 0 B spilled, has [\d,]+ B of \d+ tensors? spilled at 4 KiB; .+"):
        accelsim.fit("tiny", "edge_npu", "scratchpad.capacity", no_spill=True, span="1KiB..4KiB")


def test_an_upper_end_that_does_not_fit_is_told_as_a_run_tells_it() -> None:
    with pytest.raises(DoesNotFitError) as told:
        accelsim.fit("tiny", "edge_npu", "scratchpad.capacity", no_spill=True, span="8B..16B", step="8 B")
    assert told.value.have_bytes == 16


def test_warm_runs_are_searched_too() -> None:
    found = accelsim.fit("tiny", "edge_npu", "dram.bandwidth", latency_within=0.5, span="100MB/s..1GB/s", warm=True)
    assert found.state == "warm"


@pytest.mark.parametrize(
    ("field", "span", "step", "message"),
    [
        ("scratchpad.capcity", None, None, r"^--field: must be .+, got 'scratchpad\.capcity'; did you mean scr.+\?$"),
        ("pe_array.dataflow", None, None, r"^--field: must be a field that holds a whole number or a size, got .+"),
        ("scratchpad.capacity", "1KiB", None, r"^--range: must be lo\.\.hi, got '1KiB'; write e\.g\. --range .+"),
        ("scratchpad.capacity", "2KiB..1KiB", None, r"^--range: must go upwards, got 2 KiB\.\.1 KiB$"),
        ("scratchpad.capacity", "1..2KiB", None, r"^--range: must be a size with a unit, got '1'; .+"),
        ("scratchpad.capacity", "1KiB..2KiB", "0 B", r"^--step: must be > 0 B, got '0 B'; .+"),
        ("scratchpad.capacity", "1B..1TiB", "1 B", r"^--step: must leave at most [\d,]+ values to try, got .+"),
        ("pe_array.rows", "0..4", None, r"^--range: must be ≥ 1, got '0'; .+"),
    ],
)  # fmt: skip
def test_a_field_a_range_or_a_step_that_makes_no_sense_is_refused(
    field: str, span: str | None, step: str | None, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        axis_of(load("edge_npu"), field, span, step)


def test_a_field_without_a_value_needs_both_ends() -> None:
    without = override(load("edge_npu"), ["accumulator=null"])
    with pytest.raises(ConfigurationError, match=r"^--range: must name both ends, for the description .+"):
        axis_of(without, "accumulator.capacity", "..4KiB")
    assert axis_of(without, "accumulator.capacity", "1KiB..4KiB").size == 4


def test_the_default_range_lies_around_the_present_value() -> None:
    axis = axis_of(load("edge_npu"), "scratchpad.capacity")
    assert (axis.text(0), axis.text(axis.size - 1), axis.step) == ("4 KiB", "16 MiB", 1024)
    assert axis.value(1) - axis.value(0) == axis.step


def test_the_last_value_is_the_upper_end_wherever_the_steps_fall() -> None:
    axis = axis_of(load("edge_npu"), "pe_array.rows", "1..10", "4")
    assert [axis.value(position) for position in range(axis.size)] == [1, 5, 9, 10]


def test_a_goal_is_needed() -> None:
    with pytest.raises(
        ConfigurationError, match=r"^goal: must be --no-spill or --latency-within 5%, or both, got none$"
    ):
        accelsim.fit("tiny", "edge_npu", "scratchpad.capacity")


def test_the_share_is_kept_to_exactly() -> None:
    goal = Goal(latency_within=share("5%"))
    assert [goal.missed(Outcome(latency), 1000) for latency in (1050, 1051)] == ["", "too slow"]
    with pytest.raises(ConfigurationError, match=r"^--latency-within: must be a share in %, got '0\.05'; "):
        share("0.05")
