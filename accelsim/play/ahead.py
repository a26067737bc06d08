"""Which views somebody is likely to ask for next, and would wait for: those that one dial leads to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from accelsim.play.ranges import RANGES
from accelsim.play.settings import Settings

__all__ = ["next_views"]

_LONGER = ("scratchpad", "dram")
"""Dials of which lower positions take longer to time: tiles get smaller, and more of them spill."""

_OTHER_DATAFLOW = 1.5
"""Another dataflow is asked for as often as a notch this far away."""


def next_views(now: Settings, before: Settings | None, dataflows: Mapping[str, str]) -> list[Settings]:
    """All settings that differ from those shown in one dial, or in the dataflow: first those that matter most.

    A near notch is asked for more often than a far one, and one of the dial last moved more often than one of another
    dial. Positions that take longer to time are worth more: the others are answered soon anyway. Each doubles the
    distance that counts as near. Whoever moves a dial goes on in the same direction more often than back.

    Most parts are left alone: another number means another plan.

    Args:
        now: what is shown.
        before: what was shown before; none at the start.
        dataflows: those that may be chosen.
    """
    views = [(_OTHER_DATAFLOW, False, replace(now, dataflow=name)) for name in dataflows if name != now.dataflow]
    for key in RANGES:
        if key != "parts":
            views += _of_dial(key, now, before)
    return [view for _, _, view in sorted(views, key=lambda rated: rated[:2])]


def _of_dial(key: str, now: Settings, before: Settings | None) -> Iterator[tuple[float, bool, Settings]]:
    """The other notches of a dial, each with how far away it counts, and whether it is back where it came from."""
    span, value = RANGES[key], getattr(now, key)
    was = value if before is None else getattr(before, key)
    here = span.notch(value)
    for index, notch in enumerate(span.notches):
        if index == here:
            continue
        nearer = (2 if was != value else 1) * (2 if key in _LONGER and index < here else 1)
        moved: dict[str, Any] = {key: notch}
        yield abs(index - here) / nearer, (notch < value) != (value < was), replace(now, **moved)
