"""One who looks at the page: what was asked for last is answered, what it overtook is not.

While nothing is asked for, the views next to the one shown are timed ahead.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from accelsim.errors import AccelsimError
from accelsim.explore import Comparison, PlanInfo, told
from accelsim.hardware import override
from accelsim.play.ahead import next_views
from accelsim.play.settings import OFF, Settings, changed
from accelsim.play.work import PlanKey, Refused, Timed
from restructure.errors import RestructureError

if TYPE_CHECKING:
    from accelsim.hardware import Hardware
    from accelsim.play.catalogue import Catalogue
    from accelsim.play.crew import Crew
    from accelsim.results import SimulationResult

__all__ = ["Session", "View"]

_PATIENCE_S = 1.5
"""How long an overtaken run may still take to be shown: so numbers follow a slider while it moves."""

_REST_S = 0.3
"""How long nothing must be asked for before views are timed ahead: the page is drawn meanwhile."""

_LOOKED_S = 60.0
"""How long views are timed ahead of the next question, at most: a page that is left open shall not use power."""


@dataclass(frozen=True, slots=True)
class View:
    """What settings lead to.

    Attributes:
        settings: the settings.
        comparison: the run, or the runs with and without restructuring; none where nothing could be run.
        problem: why not; empty otherwise.
        sentence: what changed since the view before.
        seconds: from question to answer.
    """

    settings: Settings
    comparison: Comparison | None
    problem: str = ""
    sentence: str = ""
    seconds: float = 0.0

    @property
    def result(self) -> SimulationResult | None:
        """The run that the settings ask for: the restructured one if restructuring is on."""
        if self.comparison is None:
            return None
        asked = "original" if self.settings.restructure == OFF else "restructured"
        return self.comparison.runs.get(asked)


class Session:
    """Answers `want` by calling `show`, later; lives in an event loop until `close`."""

    def __init__(self, crew: Crew, catalogue: Catalogue, show: Callable[[View], None]) -> None:
        self._crew, self._catalogue, self._show = crew, catalogue, show
        self._wanted: Settings | None = None
        self._newer = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._ahead: asyncio.Task[None] | None = None
        self._last: View | None = None
        self._waiting: PlanKey | None = None

    def want(self, settings: Settings) -> None:
        """Ask for a view; what was asked before and is not there yet is dropped."""
        self._wanted = settings
        self._newer.set()
        self._rest()
        if self._loop is None or self._loop.done():
            self._loop = asyncio.create_task(self._answer_all())

    def close(self) -> None:
        """Ask for nothing more."""
        self._rest()
        if self._loop:
            self._loop.cancel()

    def _rest(self) -> None:
        """Look ahead no further."""
        if self._ahead:
            self._ahead.cancel()

    @property
    def busy(self) -> bool:
        """Whether an answer is due."""
        return self._loop is not None and not self._loop.done()

    @property
    def planning(self) -> tuple[float, str] | None:
        """How far the plan is that is being waited for, and what is being done; none while no plan is."""
        return self._crew.progress(self._waiting) if self._waiting else None

    async def _answer_all(self) -> None:
        while self._wanted is not None:
            settings, self._wanted = self._wanted, None
            self._newer.clear()
            answer = asyncio.create_task(self._answer(settings))
            overtaken = asyncio.create_task(self._newer.wait())
            await asyncio.wait({answer, overtaken}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done() and self._waiting is None:
                await asyncio.wait({answer}, timeout=_PATIENCE_S)
            overtaken.cancel()
            if answer.done():
                before, self._last = self._last, self._after(answer.result())
                self._show(self._last)
                if self._wanted is None:
                    self._ahead = asyncio.create_task(self._look_ahead(self._last.settings, before))
            else:
                answer.cancel()
                self._waiting = None

    async def _look_ahead(self, now: Settings, before: View | None) -> None:
        """Time the views that may be asked for next, until something is, or for as long as is decent."""
        await asyncio.sleep(_REST_S)
        views = iter(next_views(now, before.settings if before else None, self._catalogue.dataflows))
        until = time.monotonic() + _LOOKED_S
        await asyncio.gather(*(self._time_ahead(views, until) for _ in range(self._crew.lookers)))

    async def _time_ahead(self, views: Iterator[Settings], until: float) -> None:
        """Time what others have not taken yet of some views."""
        for settings in views:
            if time.monotonic() > until:
                return
            try:
                base = self._catalogue.hardware[settings.hardware]
                hardware = override(base, settings.overrides(base))
                model, key = self._catalogue.models[settings.model], self._key(settings, hardware)
                await self._crew.time_ahead(model, hardware)
                plan = await self._crew.plan(key, hardware) if key and self._crew.has_plan(key) else None
                if key and isinstance(plan, dict):
                    await self._crew.time_ahead(model, hardware, key, plan)
            except AccelsimError:
                # Whoever asks for it is told.
                continue

    def _key(self, settings: Settings, hardware: Hardware) -> PlanKey | None:
        """What the plan is known by that settings ask for; none where they ask for none."""
        if settings.restructure == OFF:
            return None
        model = self._catalogue.models[settings.model]
        return PlanKey(model, settings.restructure, int(settings.parts), hardware.precision.activations_bytes)

    async def _answer(self, settings: Settings) -> View:
        began = time.perf_counter()
        try:
            base = self._catalogue.hardware[settings.hardware]
            found = await self._compared(settings, override(base, settings.overrides(base)))
        except (AccelsimError, RestructureError) as error:
            found = Refused(str(error))
        seconds = time.perf_counter() - began
        if isinstance(found, Refused):
            return View(settings, None, found.why, seconds=seconds)
        return View(settings, found, seconds=seconds)

    async def _compared(self, settings: Settings, hardware: Hardware) -> Comparison | Refused:
        model = self._catalogue.models[settings.model]
        key = self._key(settings, hardware)
        if key is None:
            found = await self._crew.time(model, hardware)
            return Comparison(found.result, None, "") if isinstance(found, Timed) else found
        original, restructured = await asyncio.gather(
            self._crew.time(model, hardware), self._restructured(key, hardware)
        )
        if isinstance(restructured, Refused):
            return restructured
        info, after = restructured
        sides = {"original": original, "restructured": after}
        runs = {name: side.result for name, side in sides.items() if isinstance(side, Timed)}
        refused = {name: side for name, side in sides.items() if isinstance(side, Refused)}
        unfit = next((side for side in refused.values() if side.fits), None)
        if unfit or not runs:
            return unfit or Refused(Comparison.of(runs, _reasons(refused), info).sentence)
        return Comparison.of(runs, _reasons(refused), info)

    async def _restructured(self, key: PlanKey, hardware: Hardware) -> tuple[PlanInfo, Timed | Refused] | Refused:
        plan = await self._plan(key, hardware)
        if isinstance(plan, Refused):
            return plan
        from restructure.plans import Plan

        return PlanInfo.of(key.how, Plan.from_dict(plan)), await self._crew.time(key.model, hardware, key, plan)

    async def _plan(self, key: PlanKey, hardware: Hardware) -> dict[str, Any] | Refused:
        self._waiting = None if self._crew.has_plan(key) else key
        try:
            return await self._crew.plan(key, hardware)
        finally:
            self._waiting = None

    def _after(self, view: View) -> View:
        """The view with the sentence of what changed since the one before."""
        before, now = self._last, view.result
        if before is None or now is None:
            return view
        moved, then = changed(before.settings, view.settings), before.result
        if not moved:
            return view
        if then is None:
            return replace(view, sentence=f"{moved}: now it fits")
        if before.settings.model != view.settings.model:
            return replace(view, sentence=moved)
        return replace(view, sentence=f"{moved}: {told(then, now)}")


def _reasons(refused: dict[str, Refused]) -> dict[str, str]:
    return {name: side.why for name, side in refused.items()}
