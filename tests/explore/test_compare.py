"""Comparing: both runs are ordinary runs, change is recounted from their documents, the sentence says what happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import accelsim
import restructure
from accelsim import Comparison
from accelsim.cli import main
from accelsim.errors import ConfigurationError
from accelsim.explore import KINDS, plan_for
from accelsim.hardware import load
from accelsim.report import comparison_screen, to_text
from restructure import zoo

SMALL = ["scratchpad.capacity=4KiB"]
Say = Callable[..., tuple[int, str, str]]


@cache
def tiny() -> Comparison:
    return accelsim.compare("tiny", "edge_npu", overrides=SMALL)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        code = main(words)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def pick(run: dict[str, Any], name: str) -> float:
    """The number a quantity's name stands for, looked up in the run's document from scratch."""
    stem, _, cause = name.partition(".")
    if stem == "spills":
        return float(run["spills"][cause])
    if cause:
        table = {"dram_bytes": "dram_bytes_by_cause", "array_cycles": "array_cycles_by_cause"}
        return float(run["totals"][table.get(stem, "energy_pj_by_component")][cause])
    return float({**run["totals"], **run["scratchpad"]}[name])


def test_every_change_is_the_difference_of_the_documents_over_the_original() -> None:
    document = json.loads(json.dumps(tiny().to_dict(), allow_nan=False))
    assert {"latency_cycles", "spills.bytes_written", "dram_bytes.spill", "energy_pj.dram"} <= set(document["change"])
    for name, change in document["change"].items():
        before, after = pick(document["original"], name), pick(document["restructured"], name)
        expected = None if not before and after else (after - before) / before if before else 0.0
        assert change == (pytest.approx(expected, rel=1e-12) if expected is not None else None), name


def test_each_side_is_the_run_that_simulate_gives() -> None:
    assert tiny().original == accelsim.simulate("tiny", "edge_npu", overrides=SMALL)
    graph = zoo.build("tiny")
    model = restructure.rewrite(graph, restructure.plan(graph, dtype="int8"))
    found = accelsim.simulate(model, "edge_npu", overrides=SMALL)
    assert tiny().restructured is not None
    assert tiny().restructured.totals == found.totals  # type: ignore[union-attr]


def test_a_smaller_scratchpad_makes_spills_that_restructuring_takes_away() -> None:
    assert "spills fell from " in tiny().sentence
    assert tiny().change["spills.bytes_written"] < 0  # type: ignore[operator]
    assert tiny().sentence.endswith("MACs +0.0 %")


def test_where_nothing_spills_the_sentence_says_why_it_does_not_pay() -> None:
    found = accelsim.compare("tiny", "edge_npu")
    assert found.original is not None
    assert found.original.spills.tensors == 0
    assert "nothing was spilled before or after" in found.sentence
    assert found.sentence.startswith(("it changes the time little here", "it does not pay in time here"))


def test_a_network_that_does_not_fit_is_part_of_the_answer() -> None:
    found = accelsim.compare("tiny", "edge_npu", overrides=["scratchpad.capacity=16B"])
    assert found.original is None
    assert found.restructured is None
    assert set(found.refused) == {"original", "restructured"}
    assert "must fit the scratchpad" in found.sentence
    assert found.change == {}
    assert "neither fits" in to_text(lambda width: comparison_screen(found, width))


def test_the_document_read_back_equals_the_comparison() -> None:
    assert Comparison.from_dict(json.loads(json.dumps(tiny().to_dict()))) == tiny()


@pytest.mark.parametrize("document", [{}, {"original": {}, "plan": 3}])
def test_a_document_that_is_none_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"^comparison: must be a document of `accelsim compare --json`"):
        Comparison.from_dict(document)


def test_a_model_compared_with_itself_has_not_changed() -> None:
    found = accelsim.compare("tiny", "edge_npu", against="tiny")
    assert set(found.change.values()) == {0.0}
    assert found.plan is None


@pytest.mark.parametrize("how", ["rows", "robust"])
def test_every_kind_of_plan_runs(how: str) -> None:
    found = accelsim.compare("tiny", "edge_npu", overrides=SMALL, restructure=how)
    assert found.plan is not None
    assert found.plan.how == how
    assert found.restructured is not None


def test_a_plan_from_a_file_gives_the_run_of_that_plan(tmp_path: Path) -> None:
    graph = zoo.build("tiny")
    plan = restructure.plan(graph, dtype="int8")
    for name, document in (("bare", plan.to_dict()), ("result", {"plan": plan.to_dict()})):
        path = tmp_path / f"{name}.yaml"
        path.write_text(json.dumps(document))
        found = accelsim.compare(graph, "edge_npu", overrides=SMALL, restructure=str(path))
        assert found.restructured == tiny().restructured


def test_compare_prints_the_sentence_the_table_and_both_profiles(say: Say) -> None:
    code, out, err = say("compare", "--hw", "edge_npu", "--model", "tiny", "--set", SMALL[0])
    assert (code, err) == (0, "")
    assert out.startswith("tiny on edge_npu  default plan")
    assert " ".join(tiny().sentence.split()) in " ".join(out.split())
    assert "original: peak" in out
    assert "restructured: peak" in out
    assert max(map(len, out.splitlines())) <= 80


def test_compare_writes_the_document_and_leaves_with_4_where_nothing_fits(say: Say) -> None:
    words = ("compare", "--hw", "edge_npu", "--model", "tiny", "--json", "-")
    code, out, _ = say(*words)
    assert code == 0
    assert json.loads(out)["original"]["model"]["name"] == "tiny"
    code, out, _ = say(*words, "--set", "scratchpad.capacity=16B")
    assert code == 4
    assert json.loads(out)["original"] is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--restructure", "row"],
            "most extra MACs (8.6%) or a plan's file, got 'row'; did you mean rows?",
        ),
        (["--restructure", "rows", "--against", "tiny"], "not allowed with argument"),
    ],
)
def test_wrong_words_are_refused(say: Say, words: list[str], message: str) -> None:
    code, out, err = say("compare", "--hw", "edge_npu", "--model", "tiny", *words)
    assert (code, out) == (2, "")
    assert message in err


def test_a_file_that_is_no_plan_is_refused(say: Say, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("a: [")
    code, _, err = say("compare", "--hw", "edge_npu", "--model", "tiny", "--restructure", "p.yaml")
    assert (code, err[:41]) == (2, "accelsim: error: p.yaml:1: must be YAML o")
    (tmp_path / "p.yaml").write_text("a: 1")
    code, _, err = say("compare", "--hw", "edge_npu", "--model", "tiny", "--restructure", "p.yaml")
    assert code in (2, 3)
    assert "version must be" in err


def test_a_plan_by_name_does_not_depend_on_how_fast_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    net = zoo.build("tiny")
    usual = [plan_for(net, load("edge_npu"), name) for name in KINDS]
    ticks = iter(range(0, 10**9, 1000))
    monkeypatch.setattr("time.monotonic", lambda: float(next(ticks)))
    assert [plan_for(net, load("edge_npu"), name) for name in KINDS] == usual
