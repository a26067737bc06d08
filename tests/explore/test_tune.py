"""Tuning: never worse than what is there without it, as good as trying everything on small networks, replayable."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
import yaml

import accelsim
import restructure
from accelsim.cli import main
from accelsim.explore.choosing import metrics_of, objective_named
from accelsim.explore.tuning import tune
from accelsim.explore.tuning.bounds import lower_bound
from accelsim.hardware import load
from restructure import zoo
from restructure.planning import neighbours, pareto, remade

SMALL = ["scratchpad.capacity=4KiB"]


@pytest.fixture(scope="module")
def tuned():
    return tune("tiny", "edge_npu", "latency", overrides=SMALL, most_runs=20, jobs=1)


@pytest.mark.parametrize(
    "objective",
    [
        "latency",
        *(pytest.param(goal, marks=pytest.mark.slow) for goal in ("peak", "energy", "edp", "dram", "utilisation")),
    ],
)
def test_it_is_never_worse_than_the_original_and_the_default_plans(objective: str) -> None:
    found = tune("tiny", "edge_npu", objective, overrides=SMALL, most_runs=8, jobs=1)
    assert found.best is not None
    cost = found.quantity.cost
    for other in (found.original, *found.defaults):
        if other.feasible:
            assert cost(found.best.value) <= cost(other.value)
    assert {each.plan_name for each in found.defaults} <= {"default", "rows", "robust"}


@pytest.mark.slow
def test_it_is_within_two_percent_of_every_plan_of_the_front_and_every_change_to_it() -> None:
    hardware, net = load("edge_npu", SMALL), zoo.build("tiny")
    plans = [plan for plan in pareto(net, dtype="int8", max_nodes=10 * len(net.nodes)) if plan.regions]
    every = [*plans]
    for plan in plans[::4]:
        for _, draft in neighbours(plan):
            try:
                every.append(remade(net, draft))
            except restructure.PlanError:
                continue
    values = []
    for plan in every:
        model = restructure.rewrite(net, plan)
        values.append(accelsim.simulate(model, hardware).totals.dram_bytes)
    found = tune("tiny", hardware, "dram", most_runs=40, jobs=1)
    assert found.best is not None
    assert found.best.value <= 1.02 * min(values)


def test_a_bound_is_below_every_run(tuned) -> None:
    runs = [each for each in tuned.attempts if each.value is not None]
    assert len(runs) > 4
    for each in runs:
        assert 0 < each.bound <= each.value
    hardware = load("edge_npu")
    energy = lower_bound(objective_named("energy"), 1000, hardware)
    assert energy == 1000 * hardware.energy.mac_pj


def test_a_run_of_its_own_gives_the_value_that_was_tuned_by(tuned) -> None:
    best = min((each for each in tuned.attempts if each.plan and each.feasible), key=lambda each: each.value)
    model = restructure.rewrite(zoo.build("tiny"), best.plan)
    model.metadata_props.clear()
    assert metrics_of(accelsim.simulate(model, load("edge_npu", SMALL))) == best.metrics


def test_conditions_hold_or_nothing_is_found() -> None:
    found = tune("tiny", "edge_npu", "latency", subject_to=["peak <= 4 KiB"], most_runs=16, jobs=1)
    assert found.original.missed == "not peak <= 4 KiB"
    assert found.best is not None
    assert found.best.metrics["peak_occupancy_bytes"] <= 4096
    assert tune("tiny", "edge_npu", subject_to=["peak <= 1 B"], most_runs=4, jobs=1).best is None


@pytest.mark.slow
def test_fields_are_searched_to_the_best_of_all_combinations(tmp_path: Path) -> None:
    words = {"search": ["scratchpad.capacity=4KiB,16KiB", "pe_array.rows=8,16"], "most_runs": 4, "jobs": 1}
    storage = f"sqlite:///{tmp_path / 'tune.db'}"
    found = tune("tiny", "edge_npu", "energy", storage=storage, **words)
    every = [
        accelsim.simulate("tiny", "edge_npu", overrides=[f"scratchpad.capacity={size}", f"pe_array.rows={rows}"])
        for size in ("4KiB", "16KiB")
        for rows in (8, 16)
    ]
    assert found.best is not None
    assert found.best.value <= min(run.totals.energy_pj for run in every)
    again = tune("tiny", "edge_npu", "energy", storage=storage, **words)
    assert again.best == found.best
    assert len(again.attempts) < len(found.attempts)


def test_a_changed_plan_is_measured_again() -> None:
    net = zoo.build("tiny")
    plan = restructure.plan(net, max_overhead=0.0)
    assert remade(net, plan) == plan
    seen = 0
    for _, draft in neighbours(plan):
        try:
            other = remade(net, draft)
        except restructure.PlanError:
            continue
        model = restructure.rewrite(net, other)
        assert len(model.graph) == other.nodes
        assert restructure.load(model).macs == other.macs
        seen += 1
    assert seen > 3


def test_files_hold_plan_network_and_what_was_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, network, tried = (tmp_path / name for name in ("p.yaml", "n.onnx", "t.json"))
    words = ["tune", "--hw", "edge_npu", "--model", "tiny", "--objective", "peak", "--runs", "6", "--jobs", "1"]
    assert main([*words, "--plan-out", str(plan), "--out", str(network), "--json", str(tried)]) == 0
    assert capsys.readouterr().out.startswith("tiny on edge_npu: least peak\nbest")
    document = json.loads(tried.read_text())
    onnx.checker.check_model(onnx.load(network))
    assert yaml.safe_load(plan.read_text())["tuned"]["value"] == document["best"]["value"]
    found = accelsim.compare("tiny", "edge_npu", restructure=str(plan))
    assert found.restructured is not None
    assert found.restructured.scratchpad.peak_occupancy_bytes == document["best"]["value"]
    assert accelsim.verify(str(network), "edge_npu").passed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--objective", "lat"], "objective: must be one of latency"),
        (["--search", "pe_array.rows"], "--search: must be FIELD=VALUES, got 'pe_array.rows'"),
        (["--search", "pe_array.rowz=1"], "--search: pe_array.rowz: must be a known field"),
        (["--subject-to", "peak"], "--subject-to: must be QUANTITY"),
        (["--search", "pe_array.rows=8", "--storage", "nosuch://x"], "--storage: must be the URL of a database"),
    ],
)
def test_wrong_options_are_refused(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", "--hw", "edge_npu", "--model", "tiny", "--runs", "1", "--jobs", "1", *words]) == 2
    assert message in capsys.readouterr().err
