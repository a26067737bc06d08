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


def test_the_dial_last_moved_comes_first_and_goes_on_in_its_direction() -> None:
    notches = RANGES["dram"].notches
    at = RANGES["dram"].notch(SHOWN.dram)
    before = replace(SHOWN, dram=notches[at + 1])
    found = [view.dram for view in next_views(SHOWN, before, OFFERED.dataflows)][:4]
    assert found == [notches[at - 1], notches[at + 1], notches[at - 2], notches[at + 2]]


def test_the_dials_that_were_not_moved_follow_two_notches_behind() -> None:
    at = RANGES["dram"].notch(SHOWN.dram)
    before = replace(SHOWN, dram=RANGES["dram"].notches[at - 1])
    found = list(next_views(SHOWN, before, OFFERED.dataflows))
    distances = [
        (name, abs(RANGES[name].notch(getattr(view, name)) - RANGES[name].notch(getattr(SHOWN, name))))
        for view in found
        for name in differences(SHOWN, view)
        if name != "dataflow"
    ]
    assert distances[:4] == [("dram", 1), ("dram", 1), ("dram", 2), ("dram", 2)]
    assert distances.index(("rows", 1)) < distances.index(("dram", 4)) < distances.index(("rows", 3))
    assert max(distance for _, distance in distances) == 8


def test_a_dial_at_its_end_is_looked_at_on_one_side_only() -> None:
    lowest = replace(SHOWN, scratchpad=4.0)
    found = [view.scratchpad for view in next_views(lowest, None, OFFERED.dataflows) if view.scratchpad != 4.0]
    assert found == [5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 14.0, 16.0]
