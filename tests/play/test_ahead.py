"""What is timed ahead: one dial from what is shown, the one last moved first, and only while nothing is asked for."""

from __future__ import annotations

from dataclasses import fields, replace

from accelsim.play.ahead import next_views
from accelsim.play.catalogue import catalogue
from accelsim.play.ranges import RANGES
from accelsim.play.settings import Settings, from_hardware

OFFERED = catalogue()
SHOWN = from_hardware("mobilenetv2", "edge_npu", OFFERED.hardware["edge_npu"])


def differences(one: Settings, other: Settings) -> list[str]:
    return [item.name for item in fields(Settings) if getattr(one, item.name) != getattr(other, item.name)]


def test_each_view_differs_in_one_dial_that_needs_no_other_plan() -> None:
    views = list(next_views(SHOWN, None, OFFERED.dataflows))
    moved = [differences(SHOWN, view) for view in views]
    assert all(len(names) == 1 for names in moved)
    assert {name for names in moved for name in names} == {"scratchpad", "rows", "columns", "dram", "dataflow"}
    assert len(set(views)) == len(views)


def test_every_notch_of_every_dial_is_among_them() -> None:
    views = next_views(SHOWN, None, OFFERED.dataflows)
    for key in ("scratchpad", "rows", "columns", "dram"):
        others = {view for view in views if differences(SHOWN, view) == [key]}
        assert {getattr(view, key) for view in others} == set(RANGES[key].notches) - {getattr(SHOWN, key)}
    assert {view.dataflow for view in views} == set(OFFERED.dataflows)


def test_the_dial_last_moved_comes_first_and_goes_on_in_its_direction() -> None:
    notches = RANGES["rows"].notches
    at = RANGES["rows"].notch(SHOWN.rows)
    before = replace(SHOWN, rows=notches[at + 1])
    found = [view.rows for view in next_views(SHOWN, before, OFFERED.dataflows) if view.rows != SHOWN.rows][:4]
    assert found == [notches[at - 1], notches[at + 1], notches[at - 2], notches[at + 2]]
    there = next_views(SHOWN, replace(SHOWN, rows=notches[at - 1]), OFFERED.dataflows)
    assert [view.rows for view in there if view.rows != SHOWN.rows][:2] == [notches[at + 1], notches[at - 1]]


def test_a_notch_of_the_dial_last_moved_counts_as_half_as_far_away_and_so_does_one_that_takes_longer() -> None:
    before = replace(SHOWN, rows=RANGES["rows"].notches[RANGES["rows"].notch(SHOWN.rows) - 1])
    found = next_views(SHOWN, before, OFFERED.dataflows)

    def place(key: str, by: int) -> int:
        span = RANGES[key]
        return [getattr(view, key) for view in found].index(span.notches[span.notch(getattr(SHOWN, key)) + by])

    assert place("rows", 1) < place("columns", 1) < place("rows", 3)
    assert place("rows", 2) < place("columns", 2) < place("rows", 5)
    assert place("scratchpad", -2) < place("columns", 2) < place("scratchpad", -5)
    assert place("scratchpad", -1) < place("scratchpad", 1) < place("scratchpad", -3)
    assert place("dram", -4) < place("dram", 3) < place("dram", -7)


def test_a_dial_at_its_end_is_looked_at_on_one_side_only() -> None:
    lowest = replace(SHOWN, scratchpad=4.0)
    found = [view.scratchpad for view in next_views(lowest, None, OFFERED.dataflows) if view.scratchpad != 4.0]
    assert found == [*RANGES["scratchpad"].notches[1:]]
