"""The screen of an active-memory profile. The definition stands with every number."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from accelsim.report.parts import LABEL_WIDTH, columns, facts, tail, title
from accelsim.report.quantities import count, octets, percent
from accelsim.report.sparkline import highest, sparkline
from restructure.profile import Profile

__all__ = ["profile_screen"]

_SHOWN_TENSORS = 8
_STEP_HEADER = (("step", "right"), ("node", "left"), ("live elements", "right"), ("live bytes", "right"))


def profile_screen(name: str, profile: Profile, width: int, steps: int | None = 5) -> Iterator[RenderableType]:
    """The parts of the screen, from top to bottom.

    Args:
        name: the model.
        profile: what is drawn.
        width: columns there are.
        steps: how many steps are listed, the fullest first; None: all, in their order.
    """
    yield title(f"active memory of {name}", count(len(profile.steps), "step"))
    yield facts(_peak(profile, width))
    yield Text()
    tensors = ((tail(held.name, width - 30), octets(held.bytes)) for held in profile.peak_tensors[:_SHOWN_TENSORS])
    yield columns((("live at the peak", "left"), ("size", "right")), tensors)
    if steps != 0:
        yield Text()
        yield columns(_STEP_HEADER, _steps(profile, width, steps))


def _peak(profile: Profile, width: int) -> Iterator[tuple[str, str]]:
    yield "definition", profile.definition.describe()
    yield "peak", f"{octets(profile.peak_bytes)} ({count(profile.peak_elements, 'element')})"
    if not profile.steps:
        return
    yield " at", f"step {profile.peak_step} of {len(profile.steps)}: {profile.steps[profile.peak_step].node}"
    sizes = [step.live_bytes for step in profile.steps]
    mean = sum(sizes) // len(sizes)
    yield " mean", f"{octets(mean)}, {percent(mean, profile.peak_bytes)} of the peak"
    columns_left = max(10, width - LABEL_WIDTH - 2)
    values = highest(range(len(sizes) + 1), [*sizes, 0], columns_left) if len(sizes) > columns_left else sizes
    yield " over steps", sparkline(values, profile.peak_bytes)
    yield "", f"from step 0 to {len(sizes) - 1}; full height is the peak"


def _steps(profile: Profile, width: int, limit: int | None) -> Iterator[tuple[str, str, str, str]]:
    order = range(len(profile.steps))
    if limit is not None:
        order = sorted(order, key=lambda i: -profile.steps[i].live_bytes)[:limit]  # type: ignore[assignment]
    for index in order:
        step = profile.steps[index]
        yield f"{index}", tail(step.node, width - 40), f"{step.live_elements:,}", octets(step.live_bytes)
