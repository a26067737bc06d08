"""The worker processes: a slow plan keeps nobody waiting, a plan is made once, a process that dies is replaced."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable

import pytest

from accelsim.hardware import load
from accelsim.play.crew import Crew, CrewError
from accelsim.play.work import PlanKey, Refused, Timed

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
        crew._looking_ahead.shutdown()
        crew._looking_ahead = crew._pool(1)  # one that need not wait until the machine is idle
        await crew.time_ahead("tiny", EDGE)
        crew._timing.shutdown()  # whoever times now fails
        assert isinstance(await crew.time("tiny", EDGE), Timed)

    with_crew(script)


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="needs a system that knows idle processes")
@pytest.mark.slow
def test_what_is_timed_ahead_takes_only_idle_time() -> None:
    async def script(crew: Crew) -> None:
        await crew.time_ahead("tiny", EDGE)
        await crew.time("tiny", EDGE)
        policies = [
            [os.sched_getscheduler(n) for n in pool._processes or {}] for pool in (crew._looking_ahead, crew._timing)
        ]
        assert policies == [[os.SCHED_IDLE], [os.SCHED_OTHER]]

    with_crew(script)


def test_a_process_that_dies_is_told_and_replaced() -> None:
    async def script(crew: Crew) -> None:
        await crew.time("tiny", EDGE)
        asked = asyncio.create_task(crew.plan(SLOW, EDGE))
        while not crew._planning._processes:
            await asyncio.sleep(0.02)
        for number in crew._planning._processes:
            os.kill(number, signal.SIGKILL)
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
        numbers = list(crew._timing._processes)
        crew.stop()
        return numbers

    numbers = asyncio.run(run())
    assert numbers
    deadline = time.monotonic() + 30
    while any(map(alive, numbers)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{number}/stat", encoding="utf-8") as file:
        return file.read().split()[2] != "Z"
