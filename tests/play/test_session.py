"""A session: the newest question is answered, an overtaken plan is not waited for, refusals become words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from accelsim.hardware import Hardware
from accelsim.play import work
from accelsim.play.catalogue import catalogue
from accelsim.play.session import Session, View
from accelsim.play.settings import Settings, from_hardware
from accelsim.play.work import PlanKey, Refused, Timed

OFFERED = catalogue()
BASE = replace(from_hardware("tiny", "edge_npu", OFFERED.hardware["edge_npu"]), scratchpad=16.0)


class Here:
    """A crew that works in this process, and whose plans can be held up."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.timed: list[int] = []
        self.ahead: list[Hardware] = []
        self.lookers = 2

    async def time(
        self, model: str, hardware: Hardware, key: PlanKey | None = None, plan: Any = None
    ) -> Timed | Refused:
        await asyncio.sleep(0)
        self.timed.append(hardware.scratchpad.capacity_bytes // 1024)
        return work.timed(model, hardware, key, plan)

    async def time_ahead(self, model: str, hardware: Hardware, key: PlanKey | None = None, plan: Any = None) -> None:
        await asyncio.sleep(0.05)
        self.ahead.append(hardware)

    async def plan(self, key: PlanKey, hardware: Hardware) -> Any:
        await self.gate.wait()
        return work.planned(key, hardware, lambda share, what: None)

    def has_plan(self, key: PlanKey) -> bool:
        return False

    def progress(self, key: PlanKey) -> tuple[float, str]:
        return 0.5, "planning"


def with_session(script: Callable[[Session, Here, list[View]], Awaitable[None]]) -> list[View]:
    async def run() -> list[View]:
        crew = Here()
        views: list[View] = []
        session = Session(crew, OFFERED, views.append)  # type: ignore[arg-type]
        await script(session, crew, views)
        session.close()
        return views

    return asyncio.run(run())


async def quiet(session: Session) -> None:
    while session.busy:
        await asyncio.sleep(0.01)


def asked(*positions: Settings) -> list[View]:
    async def script(session: Session, crew: Here, views: list[View]) -> None:
        for settings in positions:
            session.want(settings)
            await quiet(session)

    return with_session(script)


def test_a_view_says_what_changed_since_the_one_before() -> None:
    first, second = asked(BASE, replace(BASE, scratchpad=4.0))
    assert first.sentence == ""
    assert second.sentence.startswith("scratchpad 16 → 4 KiB: spills rose from 0 to ")
    assert ", latency +" in second.sentence
    assert second.result is not None
    assert second.result.scratchpad.capacity_bytes == 4096


def test_restructuring_shows_both_runs_and_the_verdict() -> None:
    (view,) = asked(replace(BASE, restructure="rows", scratchpad=4.0))
    assert view.comparison is not None
    assert set(view.comparison.runs) == {"original", "restructured"}
    assert view.comparison.plan is not None
    assert view.result is view.comparison.restructured
    assert "latency" in view.comparison.sentence


def test_most_parts_are_kept_to() -> None:
    free, few = asked(replace(BASE, restructure="rows"), replace(BASE, restructure="rows", parts=2.0))
    assert free.comparison
    assert free.comparison.plan
    assert few.comparison
    assert few.comparison.plan
    assert free.comparison.plan.parts > 2
    assert few.comparison.plan.parts <= 2


def test_of_many_questions_the_newest_is_answered_last_and_few_between() -> None:
    async def script(session: Session, crew: Here, views: list[View]) -> None:
        for capacity in (16, 14, 12, 10, 8):
            session.want(replace(BASE, scratchpad=float(capacity)))
        await quiet(session)
        assert crew.timed == [8]

    views = with_session(script)
    assert [view.settings.scratchpad for view in views] == [8.0]


def test_while_nothing_is_asked_for_the_views_beside_are_timed_and_a_question_ends_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("accelsim.play.session._REST_S", 0.0)

    async def script(session: Session, crew: Here, views: list[View]) -> None:
        session.want(replace(BASE, scratchpad=14.0))
        await quiet(session)
        session.want(BASE)
        await quiet(session)
        while len(crew.ahead) < 3:
            await asyncio.sleep(0.01)
        session.want(replace(BASE, scratchpad=32.0))
        then = len(crew.ahead)
        assert [item.scratchpad.capacity_bytes // 1024 for item in crew.ahead[:3]] == [14, 20, 12]
        session.close()
        await asyncio.sleep(0.2)
        assert len(crew.ahead) == then

    with_session(script)


def test_a_page_that_is_left_open_comes_to_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accelsim.play.session._REST_S", 0.0)
    monkeypatch.setattr("accelsim.play.session._LOOKED_S", 0.3)

    async def script(session: Session, crew: Here, views: list[View]) -> None:
        session.want(BASE)
        await quiet(session)
        while not crew.ahead:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.6)
        then = len(crew.ahead)
        await asyncio.sleep(0.3)
        assert len(crew.ahead) == then

    with_session(script)


def test_an_overtaken_plan_is_not_waited_for() -> None:
    async def script(session: Session, crew: Here, views: list[View]) -> None:
        crew.gate.clear()
        session.want(replace(BASE, restructure="rows"))
        while session.planning is None:
            await asyncio.sleep(0.01)
        assert session.planning == (0.5, "planning")
        session.want(BASE)
        await quiet(session)
        assert session.planning is None

    assert [view.settings for view in with_session(script)] == [BASE]


def test_what_does_not_fit_is_told_and_the_next_view_says_that_it_fits_now() -> None:
    enough = from_hardware("tiny", "mcu_512kib", OFFERED.hardware["mcu_512kib"])
    refused, now = asked(replace(enough, scratchpad=4.0), enough)
    assert refused.comparison is None
    assert "fit" in refused.problem
    assert refused.result is None
    assert now.sentence == "scratchpad 4 → 512 KiB: now it fits"


def test_hardware_that_breaks_a_rule_is_told() -> None:
    (view,) = asked(replace(BASE, rows=0.0))
    assert view.problem.startswith("--set pe_array.rows=0: pe_array.rows: must be")
