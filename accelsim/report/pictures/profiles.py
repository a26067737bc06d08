"""Active memory over the steps of a graph, before and after restructuring."""

from __future__ import annotations

from dataclasses import dataclass

from restructure.profile import Profile

__all__ = ["Steps", "profile_steps"]


@dataclass(frozen=True, slots=True)
class Steps:
    """Live bytes at each step.

    Attributes:
        title, definition: what is drawn, and what counts as live.
        bytes: per step.
        peak_bytes, peak_step, peak_node: the highest step.
    """

    title: str
    definition: str
    bytes: tuple[int, ...]
    peak_bytes: int
    peak_step: int
    peak_node: str


def profile_steps(name: str, profile: Profile) -> Steps:
    """The picture of a profile."""
    node = profile.steps[profile.peak_step].node if profile.steps else ""
    return Steps(
        f"active memory of {name}",
        profile.definition.describe(),
        tuple(step.live_bytes for step in profile.steps),
        profile.peak_bytes,
        profile.peak_step,
        node,
    )
