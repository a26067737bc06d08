"""`accelsim fit` on the screen, as JSON, and when nothing does it."""

from __future__ import annotations

import json

import pytest

from accelsim.cli import main

FIT = ["fit", "--hw", "edge_npu", "--model", "tiny", "--field", "scratchpad.capacity"]


def test_the_screen_says_the_answer_and_shows_what_was_tried(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FIT, "--no-spill", "--range", "1KiB..16KiB"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert lines[0].startswith("tiny on edge_npu: smallest scratchpad.capacity")
    answer = next(line.removeprefix("smallest").split() for line in lines if line.startswith("smallest"))
    row = next(line for line in lines if "◂ smallest" in line)
    assert row.split()[:2] == answer
    before = lines[lines.index(row) - 1].split()
    assert before[:3] == [str(int(answer[0]) - 1), "KiB", "spills"]


def test_the_document_has_the_names_of_the_design(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FIT, "--latency-within", "10%", "--range", "2KiB..16KiB", "--json", "-"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {"field", "value", "latency_cycles", "spills", "tried"} <= set(document)
    assert document["field"] == "scratchpad.capacity"
    assert document["goal"] == {"no_spill": False, "latency_within": 0.1}
    passed = [each["value"] for each in document["tried"] if each["passed"]]
    assert min(passed) == document["value"]
    best = document["tried"][-1]["latency_cycles"]
    assert document["latency_cycles"] <= 1.1 * best


def test_the_restructured_network_is_asked_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FIT, "--no-spill", "--range", "1KiB..16KiB", "--restructure", "--json", "-"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["restructured"]["value"] > 0
    assert document["restructured"]["field"] == document["field"]


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ("--no-spill --range 1KiB..4KiB", 4, "scratchpad.capacity: must leave nothing to spill at the upper end"),
        ("--no-spill --range 8B..16B --step 8B", 4, "must fit the scratchpad, needs "),
        ("", 2, "goal: must be --no-spill or --latency-within 5%, or both, got none"),
        ("--latency-within 5", 2, "--latency-within: must be a share in %, got '5'; write e.g. 5%"),
    ],
)
def test_what_cannot_be_answered_is_told(capsys: pytest.CaptureFixture[str], words: str, code: int, text: str) -> None:
    assert main([*FIT, *words.split()]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert text in err
