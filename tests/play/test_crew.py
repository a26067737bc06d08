"""The worker processes: a slow plan keeps nobody waiting, a plan is made once, a process that dies is replaced."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

from accelsim.hardware import load, override
from accelsim.play.crew import Crew
from accelsim.play.work import PlanKey, Refused, Timed
from accelsim.play.workers import CrewError, Workers

EDGE = load("edge_npu")
QUICK, SLOW = PlanKey("tiny", "rows", 0, 1), PlanKey("inceptionv3", "default", 0, 1)


def with_crew(script: Callable[[Crew], Awaitable[None]]) -> None:
    async def run() -> None:
        crew = Crew(timers=1, planners=1)
        crew.start("tiny")
        try:
            await script(crew)
        finally:
            crew.stop()

    asyncio.run(run())


def test_a_slow_plan_keeps_nobody_from_timing_and_tells_how_far_it_is() -> None:
    async def script(crew: Crew) -> None:
        slow = asyncio.create_task(crew.plan(SLOW, EDGE))
        assert isinstance(await crew.time("tiny", EDGE), Timed)
        while crew.progress(SLOW)[0] == 0.0 and not slow.done():
            await asyncio.sleep(0.02)
            assert isinstance(await crew.time("tiny", EDGE), Timed)
        assert not slow.done()
        assert not crew.has_plan(SLOW)
        slow.cancel()

    with_crew(script)


def test_a_plan_is_made_once_for_all_and_can_be_timed() -> None:
    async def script(crew: Crew) -> None:
        first, second = await asyncio.gather(crew.plan(QUICK, EDGE), crew.plan(QUICK, EDGE))
        assert first is second
        assert crew.has_plan(QUICK)
        assert not isinstance(first, Refused)
        before, after = await crew.time("tiny", EDGE), await crew.time("tiny", EDGE, QUICK, first)
        assert isinstance(before, Timed)
        assert isinstance(after, Timed)
        assert before.result.totals.macs == after.result.totals.macs
        assert before.result.totals.instructions != after.result.totals.instructions

    with_crew(script)


def test_what_was_timed_ahead_is_there_when_it_is_asked_for() -> None:
    async def script(crew: Crew) -> None:
        crew._looking_ahead = Workers(1, crew._hire)  # one that need not wait until the machine is idle
        await crew.time_ahead("tiny", EDGE)
        crew._timing.stop()  # whoever times now fails
        assert isinstance(await crew.time("tiny", EDGE), Timed)

    with_crew(script)


def test_a_run_that_nobody_waits_for_any_more_is_kept_all_the_same() -> None:
    async def script(crew: Crew) -> None:
        crew._looking_ahead = Workers(1, crew._hire)
        for ask in (crew.time, crew.time_ahead):
            hardware = override(EDGE, [f"scratchpad.capacity={64 if ask == crew.time else 32}KiB"])
            asked = asyncio.create_task(ask("tiny", hardware))
            await asyncio.sleep(0.05)
            asked.cancel()
            await asyncio.wait([asked])
            assert asked.cancelled()
            await eventually(lambda: len(crew._runs) > 0)
        await eventually(lambda: len(crew._runs) == 2)

    with_crew(script)


def test_one_after_the_other_is_timed_ahead_whether_somebody_waits_or_not() -> None:
    async def script(crew: Crew) -> None:
        crew._looking_ahead = Workers(1, crew._hire)
        for capacity in (64, 48, 64, 32):
            asked = asyncio.create_task(crew.time_ahead("tiny", override(EDGE, [f"scratchpad.capacity={capacity}KiB"])))
            await asyncio.wait([asked], timeout=30 if capacity != 48 else 0.01)
            asked.cancel()
        await eventually(lambda: len(crew._runs) == 3)

    with_crew(script)


def test_a_run_that_two_ask_for_is_made_once() -> None:
    async def script(crew: Crew) -> None:
        asked: list[object] = []
        ask = crew._timing.ask

        async def counted(*question: Any) -> bytes:
            asked.append(question)
            return await ask(*question)

        crew._timing.ask = counted  # type: ignore[method-assign,assignment]
        both = await asyncio.gather(crew.time("tiny", EDGE), crew.time("tiny", EDGE), crew.time_ahead("tiny", EDGE))
        assert len(asked) == 1
        assert both[0] == both[1]
        assert not any(crew._looking_ahead.processes())

    with_crew(script)


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="needs a system that knows idle processes")
@pytest.mark.slow
def test_what_is_timed_ahead_takes_only_idle_time() -> None:
    async def script(crew: Crew) -> None:
        await crew.time_ahead("tiny", EDGE)
        await crew.time("tiny", EDGE)
        policies = [
            [os.sched_getscheduler(number(process)) for process in workers.processes()]
            for workers in (crew._looking_ahead, crew._timing)
        ]
        assert policies == [[os.SCHED_IDLE], [os.SCHED_OTHER]]

    with_crew(script)


def test_a_process_that_dies_is_told_and_replaced() -> None:
    async def script(crew: Crew) -> None:
        await crew.time("tiny", EDGE)
        asked = asyncio.create_task(crew.plan(SLOW, EDGE))
        while not any(crew._planning.processes()):
            await asyncio.sleep(0.02)
        for process in crew._planning.processes():
            os.kill(number(process), signal.SIGKILL)
        with pytest.raises(
            CrewError, match=r"^worker processes: must live until they have answered, got one that ended"
        ):
            await asked
        assert not isinstance(await crew.plan(QUICK, EDGE), Refused)

    with_crew(script)


def test_the_processes_end_with_the_crew() -> None:
    async def run() -> list[int]:
        crew = Crew(timers=1, planners=1)
        crew.start("tiny")
        await crew.time("tiny", EDGE)
        numbers = list(map(number, crew._timing.processes()))
        crew.stop()
        return numbers

    numbers = asyncio.run(run())
    assert numbers
    deadline = time.monotonic() + 30
    while any(map(alive, numbers)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


async def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def number(process: BaseProcess) -> int:
    assert process.pid
    return process.pid


def alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{number}/stat", encoding="utf-8") as file:
        return file.read().split()[2] != "Z"
