"""One contract for all executors: every item is answered once, whoever dies on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from errands import die_once, die_over_three, double

from accelsim import ConfigurationError
from accelsim.explore.executors import Executor, Lost, executor

ALL = ("inline", "processes", "dask")
APART = ("processes", "dask")


@pytest.fixture(scope="module", params=ALL)
def any_executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    with executor(request.param, None if request.param == "inline" else 2) as found:
        yield found


@pytest.fixture(scope="module", params=APART)
def apart(request: pytest.FixtureRequest) -> Iterator[Executor]:
    # Dask waits for three more deaths before it gives a task up; a worker takes a second to come back.
    impatient = nullcontext()
    if request.param == "dask":
        impatient = pytest.importorskip("dask").config.set({"distributed.scheduler.allowed-failures": 1})
    with impatient, executor(request.param, 2) as found:
        yield found


def test_every_item_is_answered_once_in_any_order(any_executor: Executor) -> None:
    answers = list(any_executor.run(double, [[1, 2, 3], [], [4], [5, 6]]))
    assert sorted(answers) == [(item, 2 * item) for item in range(1, 7)]


def test_it_can_be_asked_again_and_about_nothing(any_executor: Executor) -> None:
    assert list(any_executor.run(double, [])) == []
    assert list(any_executor.run(double, [[7]])) == [(7, 14)]
    assert any_executor.slots >= 1


def test_batches_are_asked_for_only_when_somebody_is_free(any_executor: Executor) -> None:
    asked = 0

    def batches() -> Iterator[list[int]]:
        nonlocal asked
        for number in range(50):
            asked += 1
            yield [number]

    answers = any_executor.run(double, batches())
    next(answers)
    assert asked <= 2 * any_executor.slots + 2
    assert len(list(answers)) == 49


def test_items_of_a_worker_that_dies_are_done_by_another(apart: Executor, tmp_path: Path) -> None:
    items = ["ok", str(tmp_path / "one"), "ok", str(tmp_path / "two")]
    answers = list(apart.run(die_once, [items[:3], items[3:]]))
    assert sorted(answers) == sorted((item, item) for item in items)


def test_only_the_item_that_kills_workers_is_lost(apart: Executor) -> None:
    answers = dict(apart.run(die_over_three, [[1, 2, 3, 4], [5]]))
    assert isinstance(answers.pop(3), Lost)
    assert answers == {1: 1, 2: 2, 4: 4, 5: 5}


@pytest.mark.slow
def test_an_item_that_dask_blames_is_done_alone_and_lost_only_if_it_kills_then(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    from accelsim.explore.executors import dask

    result, blamed, together = dask._Round._result, [], []

    def blaming(run, future):
        item = result(run, future)[0] // 2
        if item == 3 or (item == 2 and item not in blamed):
            blamed.append(item)
            together.append(len(run._running))
            raise distributed.KilledWorker("task", SimpleNamespace(address="tcp://worker"), 4)
        return [2 * item]

    monkeypatch.setattr(dask._Round, "_result", blaming)
    with executor("dask", 2) as found:
        answers = dict(found.run(double, [[1], [2], [3], [4]]))
    assert isinstance(answers.pop(3), Lost)
    assert answers == {1: 2, 2: 4, 4: 8}
    assert sorted(blamed) == [2, 3, 3]
    assert together[-1] == 0


def test_workers_that_stay_away_are_replaced_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    from accelsim.explore.executors import dask

    asked: list[int] = []
    there = SimpleNamespace(workers=[0])
    cluster = SimpleNamespace(worker_spec=[0, 1], scheduler=there, scale=asked.append)
    now = 0.0
    monkeypatch.setattr(dask.time, "monotonic", lambda: now)
    care = dask._Care(cluster)
    now = dask._PATIENCE_S
    care.look()
    assert asked == []
    now += 1
    care.look()
    care.look()
    assert asked == [3]
    there.workers = [0, 2]
    now += 100
    care.look()
    assert asked == [3]


@pytest.mark.parametrize(
    ("name", "scheduler", "message"),
    [
        (
            "proceses",
            None,
            r"must be one of processes, dask, inline, got 'proceses'; did you mean processes\?",
        ),
        ("processes", "tcp://localhost:1", "--scheduler: must go with --executor dask"),
    ],
)
def test_wrong_names_are_refused(name: str, scheduler: str | None, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        executor(name, 1, scheduler)
