"""The totals of each network on each preset are what `traces/` says; what is meant to change is written again."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.golden import CASES, Case, differences, folder

FAST = ("tiny", "squeezenet1.1", "mobilenetv2", "resnet18")


@pytest.mark.parametrize("case", [case for case in CASES if case.model in FAST], ids=lambda case: case.name)
def test_a_run_is_its_golden_run(case: Case) -> None:
    assert list(differences(case)) == []


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case.model not in FAST], ids=lambda case: case.name)
def test_a_large_run_is_its_golden_run(case: Case) -> None:
    assert list(differences(case)) == []


def test_every_golden_file_belongs_to_a_run_and_says_how_it_is_made() -> None:
    files = sorted(folder().glob("*.json"))
    assert [path.stem for path in files] == sorted(case.name for case in CASES)
    assert all(json.loads(path.read_text())["made_by"] == "python -m benchmarks.golden --write" for path in files)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_totals_add_up(case: Case) -> None:
    golden = json.loads((folder() / f"{case.name}.json").read_text())
    assert sum(golden["array_cycles_by_cause"].values()) == golden["latency_cycles"]
    assert sum(golden["dram_bytes_by_cause"].values()) == golden["dram_bytes"]
    assert golden["latency_cycles"] >= max(golden["compute_bound_cycles"], golden["dram_bound_cycles"])
