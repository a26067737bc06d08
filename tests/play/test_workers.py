"""Which process a question goes to: the least busy, of several the one that knows what it is about."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor

import pytest

from accelsim.play.workers import CrewError, Workers


def me(seconds: float = 0.0) -> int:
    time.sleep(seconds)
    return os.getpid()


def with_workers(size: int, script: Callable[[Workers], Awaitable[None]]) -> None:
    async def run() -> None:
        workers = Workers(size, lambda: ProcessPoolExecutor(1, multiprocessing.get_context("spawn")))
        try:
            await script(workers)
        finally:
            workers.stop()

    asyncio.run(run())


def test_a_process_is_asked_again_about_what_it_knows() -> None:
    async def script(workers: Workers) -> None:
        one = await workers.ask("a", me)
        other = await workers.ask("b", me)
        assert one != other
        assert [await workers.ask(about, me) for about in "abba"] == [one, other, other, one]

    with_workers(2, script)


def test_what_nobody_knows_goes_to_the_one_that_knows_least() -> None:
    async def script(workers: Workers) -> None:
        one = await workers.ask("a", me)
        other = await workers.ask("b", me)
        third = await workers.ask("c", me)
        assert await workers.ask("d", me) == ({one, other} - {third}).pop()

    with_workers(2, script)


def test_nobody_waits_behind_one_who_knows_while_another_is_free() -> None:
    async def script(workers: Workers) -> None:
        one, other = await asyncio.gather(workers.ask("a", me, 0.2), workers.ask("a", me, 0.2))
        assert one != other

    with_workers(2, script)


def test_a_process_whose_asker_has_gone_counts_as_busy_until_it_has_answered() -> None:
    async def script(workers: Workers) -> None:
        one, other = await workers.ask("a", me), await workers.ask("b", me)
        gone = asyncio.create_task(workers.ask("a", me, 1.0))
        await asyncio.sleep(0.1)
        gone.cancel()
        await asyncio.wait([gone])
        assert await workers.ask("a", me) == other
        deadline = time.monotonic() + 30
        while workers._workers[0].due or workers._workers[1].due:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        assert await workers.ask("a", me) == one

    with_workers(2, script)


def test_all_can_be_told_something_and_know_it_then() -> None:
    async def script(workers: Workers) -> None:
        workers.tell_all("a", me)
        one = await workers.ask("b", me)
        other = await workers.ask("a", me)
        assert one != other
        assert await workers.ask("c", me) == other  # which knows "a" alone

    with_workers(2, script)


def test_after_the_end_nobody_is_asked_and_nobody_hired() -> None:
    async def script(workers: Workers) -> None:
        asked = asyncio.create_task(workers.ask("a", me, 60.0))
        while not any(workers.processes()):
            await asyncio.sleep(0.02)
        workers.stop()
        with pytest.raises(CrewError, match=r"^worker processes: asked after they were ended$"):
            await workers.ask("a", me)
        with pytest.raises(CrewError, match=r"^worker processes: asked after they were ended$"):
            await asked
        assert not any(process.is_alive() for process in workers.processes())

    with_workers(2, script)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs a system that suspends processes")
def test_a_suspended_process_ends_with_the_others() -> None:
    async def script(workers: Workers) -> None:
        pid = await workers.ask("a", me)
        (process,) = workers.processes()
        os.kill(pid, signal.SIGSTOP)
        workers.stop()
        process.join(30)
        assert process.exitcode == -signal.SIGKILL

    with_workers(1, script)
