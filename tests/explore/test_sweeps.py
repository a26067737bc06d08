"""Sweeps: every point is what a run of its own gives; none is lost, none is run twice, whoever stops or dies."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from itertools import groupby, product
from pathlib import Path

import pytest
import yaml

import accelsim
from accelsim.cli import main
from accelsim.explore.choosing import metrics_of
from accelsim.explore.executors.inline import Inline
from accelsim.explore.store import Status, Store
from accelsim.explore.sweeping import open_results, read_definition, sweep
from accelsim.explore.sweeping.work import PointOrder
from accelsim.hardware import load

SWEEP = {
    "name": "small",
    "models": ["tiny"],
    "hardware": ["edge_npu"],
    "set": {"scratchpad.capacity": "4KiB..8KiB:x2", "dram.bandwidth": ["0.4 GB/s", "3.2 GB/s"]},
    "restructure": ["off", "rows"],
    "state": ["cold", "warm"],
}
EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "sweeps").glob("*.yaml"))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory):
    return sweep(SWEEP, tmp_path_factory.mktemp("sweep") / "results.db", executor="inline")


def test_every_combination_is_a_row(results) -> None:
    found = {
        (
            row.configuration["scratchpad.capacity"], row.configuration["dram.bandwidth"], row.restructure, row.state
        )
        for row in results.rows
    }  # fmt: skip
    sizes, rates = (4096, 8192), (400_000_000, 3_200_000_000)
    assert found == set(product(sizes, rates, ("off", "rows"), ("cold", "warm")))
    assert len(results.rows) == results.total == 16


def test_a_dry_run_says_how_many_points_are_done_and_does_none(results, tmp_path: Path, capsys) -> None:
    file = tmp_path / "larger.yaml"
    more = {**SWEEP, "set": {**SWEEP["set"], "scratchpad.capacity": "4KiB..16KiB:x2"}}
    file.write_text(yaml.safe_dump(more), encoding="utf-8")
    for store, done in ((results.path, 16), (tmp_path / "none.db", 0)):
        assert main(["sweep", str(file), "--store", str(store), "--dry-run"]) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert said.startswith(f"sweep small 24 points, {done} of them done in ")
    assert not (tmp_path / "none.db").exists()
    assert len(open_results(results.path).rows) == 16


def test_batches_become_smaller_so_that_no_worker_is_left_alone_at_the_end(tmp_path: Path) -> None:
    sizes = []

    class TwoWorkers(Inline):
        slots = 2

        def run(self, work, batches):
            for batch in batches:
                sizes.append(len(batch))
                yield from super().run(work, [batch])

    sweep({**SWEEP, "set": {"scratchpad.capacity": [f"{size}KiB" for size in range(4, 14)]}}, tmp_path / "results.db",
          executor=TwoWorkers())  # fmt: skip
    plan, *points = sizes
    assert plan == 1
    # 40 points: a quarter of what is left, and at most eight.
    assert points == [8, 8, 6, 5, 4, 3, 2, 1, 1, 1, 1]


def test_a_row_is_what_a_run_of_its_own_gives(results) -> None:
    for row in (row for row in results.rows if row.restructure == "off"):
        if row.status is Status.DONE:
            hardware = load("edge_npu", row.settings)
            run = accelsim.simulate("tiny", hardware, warm=row.state == "warm")
            assert row.metrics == metrics_of(run)
        else:
            assert row.status is Status.DOES_NOT_FIT


def test_a_restructured_row_is_what_a_comparison_gives(results) -> None:
    row = next(row for row in results.done if row.restructure == "rows" and row.state == "cold")
    found = accelsim.compare("tiny", load("edge_npu", row.settings), restructure="rows")
    assert found.restructured is not None
    assert row.metrics == metrics_of(found.restructured)


def test_what_cannot_be_run_is_a_row_with_its_error(tmp_path: Path) -> None:
    asked = {"models": "tiny", "hardware": "mcu_512kib", "set": {"scratchpad.capacity": ["1 KiB", "512 KiB"]}}
    found = sweep(asked, tmp_path / "r.db", executor="inline")
    small, large = sorted(found.rows, key=lambda row: row.configuration["scratchpad.capacity"])
    assert small.status is Status.DOES_NOT_FIT
    assert "must fit" in small.error
    assert small.need_bytes is not None
    assert small.need_bytes > (small.have_bytes or 0)
    assert large.status is Status.DONE


@pytest.mark.parametrize("name", ["processes", pytest.param("dask", marks=pytest.mark.slow)])
def test_other_executors_give_the_same_rows_in_the_same_order(results, tmp_path: Path, name: str) -> None:
    found = sweep(SWEEP, tmp_path / "r.db", executor=name, jobs=2)
    assert [(row.key, row.status, row.metrics) for row in found.rows] == [
        (row.key, row.status, row.metrics) for row in results.rows
    ]


def test_points_that_share_cost_tables_run_one_after_another(tmp_path: Path) -> None:
    ran: list[tuple[object, ...]] = []

    class Noting(Inline):
        def run(self, work, batches):
            for item, answer in super().run(work, batches):
                if isinstance(item, PointOrder):
                    ran.append((item.hardware.pe_array.rows, item.hardware.dram.burst_bytes, item.plan))
                yield item, answer

    several = {**SWEEP, "set": {"pe_array.rows": [8, 16], **SWEEP["set"], "dram.burst": ["32 B", "64 B"]}}
    found = sweep(several, tmp_path / "results.db", executor=Noting())
    assert len(ran) == len(found.rows) == 64
    assert len(list(groupby(ran))) == len(set(ran)) == 8


def test_a_finished_point_is_never_run_again(results) -> None:
    told = []
    again = sweep(SWEEP, results.path, executor="inline", progress=told.append)
    assert again.rows == results.rows
    assert all(tally.now == 0 for tally in told if tally.what == "points")


def test_a_longer_sweep_runs_only_what_is_new(results, tmp_path: Path) -> None:
    store = tmp_path / "r.db"
    first = sweep({**SWEEP, "state": "cold"}, store, executor="inline")
    told = []
    found = sweep(SWEEP, store, executor="inline", progress=told.append)
    assert told[-1].before == len(first.rows) == 8
    assert [row.key for row in found.rows] == [row.key for row in results.rows]


def begin(file: Path, store: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "accelsim.cli", "sweep", str(file), "--store", str(store), "--jobs", "2"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def count_of(store: Path) -> int:
    if not store.exists():
        return 0
    try:
        return len(open_results(store).rows)
    except accelsim.ConfigurationError:  # the file is just being made
        return 0


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(signal.SIGKILL, id="kill -9"),
        pytest.param(signal.SIGINT, id="Ctrl-C", marks=pytest.mark.slow),
    ],
)
def test_a_sweep_that_is_stopped_goes_on_where_it_was(results, tmp_path: Path, how: signal.Signals) -> None:
    file, store = tmp_path / "s.yaml", tmp_path / "r.db"
    file.write_text(yaml.safe_dump(SWEEP, sort_keys=False))
    process = begin(file, store)
    while process.poll() is None and count_of(store) < 2:
        time.sleep(0.02)
    process.send_signal(how)
    assert process.wait(30) in (-9, 130, 0)
    kept = {row.key: row for row in open_results(store).rows}
    assert len(kept) >= 2
    found = sweep(SWEEP, store, executor="inline")
    assert [(row.key, row.metrics) for row in found.rows] == [(row.key, row.metrics) for row in results.rows]
    assert all(row.seconds == kept[row.key].seconds for row in found.rows if row.key in kept)


@pytest.mark.slow
def test_two_sweeps_on_one_file_share_the_work(results, tmp_path: Path) -> None:
    file, store = tmp_path / "s.yaml", tmp_path / "r.db"
    file.write_text(yaml.safe_dump(SWEEP, sort_keys=False))
    both = [begin(file, store), begin(file, store)]
    assert [process.wait(120) for process in both] == [0, 0]
    found = open_results(store, "small")
    assert [(row.key, row.metrics) for row in found.rows] == [(row.key, row.metrics) for row in results.rows]


def test_a_claim_of_a_process_that_is_gone_counts_no_more(tmp_path: Path) -> None:
    with Store(tmp_path / "r.db") as one, Store(tmp_path / "r.db") as other:
        assert one.claim(["a", "b"]) == (["a", "b"], [])
        assert other.claim(["a", "c"]) == (["c"], ["a"])
        one._base.execute("UPDATE claims SET process = 999999999 WHERE key = 'a'")
        assert other.claim(["a", "b"]) == (["a"], ["b"])


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_can_be_read(file: Path) -> None:
    definition = read_definition(file)
    assert definition.size > 1
    assert definition.name == file.stem
    assert definition.description


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"models": ["mobilnetv2"]}, r"models\.0: 'mobilnetv2': .* did you mean mobilenetv2\?"),
        ({"hardware": "edge_npuu"}, r"hardware: .*edge_npuu.* did you mean edge_npu\?"),
        ({"set": {"scratchpad.capcity": 1}}, r"set\.scratchpad\.capcity: must be a known field .* did you mean"),
        ({"set": {"scratchpad.capacity": "1KiB..2KiB"}}, r"must be a range lo\.\.hi:xFACTOR or lo\.\.hi:STEP"),
        ({"set": {"scratchpad.capacity": "4KiB..2KiB:x2"}}, r"must go upwards.*; write 2KiB\.\.4KiB:x2"),
        ({"set": {"scratchpad.capacity": "2KiB..4KiB:x1"}}, r"must have a factor above 1 behind the x"),
        ({"restructure": "row"}, r"restructure: .*got 'row'; did you mean rows\?"),
        ({"objectives": "latncy"}, r"objective: must be one of latency.* did you mean latency\?"),
        ({"state": "tepid"}, r"state: must be cold or warm"),
        ({"sets": {}}, r"sets: must be a known key.* did you mean set\?"),
        ({"models": []}, r"models: must be given"),
        ({"variants": [{"scratchpad.capacity": "4KiB"}]}, r"must be set in one place"),
    ],
    ids=str,
)
def test_a_wrong_sweep_names_key_rule_value_and_remedy(change: dict[str, object], message: str) -> None:
    with pytest.raises(accelsim.ConfigurationError, match=message):
        read_definition({**SWEEP, **change})
