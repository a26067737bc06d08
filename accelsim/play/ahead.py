"""Which views somebody is likely to ask for next: the nearest notches, those of the dial last moved first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from accelsim.play.ranges import RANGES
from accelsim.play.settings import Settings

__all__ = ["next_views"]

_FAR, _LEAD = 8, 2
"""Notches looked ahead on each side of every dial, and by how many the dial last moved is ahead of the others."""


def next_views(now: Settings, before: Settings | None, dataflows: Mapping[str, str]) -> Iterator[Settings]:
    """Yield the settings that differ from those shown in one dial, likelier ones first.

    Most parts are left alone: another number means another plan.

    Args:
        now: what is shown.
        before: what was shown before; none at the start.
        dataflows: those that may be chosen.
    """
    dials = [key for key in RANGES if key != "parts"]
    moved = [key for key in dials if before is not None and getattr(before, key) != getattr(now, key)]
    for distance in range(1, _FAR + _LEAD + 1):
        for key in moved:
            # Whoever moves a dial goes on in the same direction more often than back.
            yield from _around(now, key, distance, up=before is not None and getattr(now, key) > getattr(before, key))
        for key in dials:
            if key not in moved:
                yield from _around(now, key, distance - _LEAD, up=True)
        if distance == _LEAD + 1:
            yield from (replace(now, dataflow=dataflow) for dataflow in dataflows if dataflow != now.dataflow)


def _around(now: Settings, key: str, distance: int, *, up: bool) -> Iterator[Settings]:
    """The notches at a distance on both sides, one side first; none if it is too far or no distance."""
    if 1 <= distance <= _FAR:
        yield from _beside(now, key, distance if up else -distance)
        yield from _beside(now, key, -distance if up else distance)


def _beside(now: Settings, key: str, distance: int) -> Iterator[Settings]:
    span = RANGES[key]
    index = span.notch(getattr(now, key)) + distance
    if 0 <= index < len(span.notches):
        moved: dict[str, Any] = {key: span.notches[index]}
        yield replace(now, **moved)
