"""Fronts and rankings against their definitions; conditions with units; tables that come back as they were."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim import ConfigurationError
from accelsim.cli import main
from accelsim.explore.choosing import constraints_from, front, quantity_named
from accelsim.explore.store import Row, Status
from accelsim.explore.sweeping import SweepResults, sweep

SWEEP = {
    "models": ["tiny"],
    "hardware": "edge_npu",
    "set": {"scratchpad.capacity": "4KiB..16KiB:x2"},
    "restructure": ["off", "rows"],
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return sweep(SWEEP, tmp_path_factory.mktemp("choosing") / "results.db", executor="inline").path


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)), max_size=30))
def test_the_front_is_what_nothing_beats(costs: list[tuple[int, int, int]]) -> None:
    found = [costs[index] for index in front(list(enumerate(costs)))]

    def beaten(one: tuple[int, ...]) -> bool:
        return any(other != one and all(a <= b for a, b in zip(other, one, strict=True)) for other in costs)

    assert set(found) == {cost for cost in costs if not beaten(cost)}
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("peak <= 128 KiB", 131072),
        ("latency < 5 ms", Fraction(5, 1000)),
        ("energy <= 2 mJ", 2 * 10**9),
        ("scratchpad.capacity >= 1 MiB", 2**20),
        ("utilisation > 50%", Fraction(1, 2)),
    ],
)
def test_conditions_are_read_with_their_units(text: str, bound: int) -> None:
    assert constraints_from(text)[0].bound == bound


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("peak", "must be QUANTITY .* VALUE, got 'peak'"),
        ("peek <= 1 KiB", "did you mean peak?"),
        ("peak <= 5 ms", "--subject-to: peak: must be"),
        ("__import__('os') < 1", "must be QUANTITY"),
    ],
)
def test_wrong_conditions_are_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        constraints_from(text)


def test_of_a_quantity_more_of_which_is_better_the_most_is_best() -> None:
    rows = tuple(
        Row(str(n), "m", "h", "off", "cold", "0", Status.DONE, metrics={"pe_utilisation": n / 10, "latency_s": 1.0 + n})
        for n in range(4)
    )
    results = SweepResults("r.db", rows, 4)
    assert results.best("utilisation")[0].key == "3"
    assert results.best("latency", ["utilisation >= 20%"])[0].key == "2"
    assert len(results.front("utilisation", "latency")) == 4
    assert quantity_named("utilisation").more_is_better


def test_pareto_best_and_export_say_the_same(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, frame = tmp_path / "p.csv", tmp_path / "p.parquet"
    for path in (table, frame):
        assert main(["export", store, "-o", str(path)]) == 0
    points = pd.read_parquet(frame)
    with table.open() as file:
        assert [row["key"] for row in csv.DictReader(file)] == list(points["key"])
    assert main(["best", store, "--objective", "dram", "--json", "-"]) == 0
    best = json.loads(capsys.readouterr().out)["groups"][0]["best"][0]
    assert best["dram"] == points["dram_bytes"].min()
    assert main(["pareto", store, "--x", "scratchpad.capacity", "--y", "dram", "--json", "-"]) == 0
    rows = json.loads(capsys.readouterr().out)["groups"][0]["front"]
    pairs = [(row["scratchpad.capacity"], row["dram"]) for row in rows]
    assert pairs == sorted(pairs)
    assert pairs[-1][1] == best["dram"]
    done = points[points["status"] == "done"]
    for x, y in zip(done["scratchpad.capacity_bytes"], done["dram_bytes"], strict=True):
        assert any(a <= x and b <= y for a, b in pairs)


def test_a_front_is_drawn_and_written_as_a_page(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, page = tmp_path / "f.svg", tmp_path / "f.html"
    words = ["pareto", store, "--x", "peak", "--y", "latency", "--by", "restructure"]
    assert main([*words, "--plot", str(picture), "--report", str(page)]) == 0
    out = capsys.readouterr().out
    assert "best trade-offs of tiny, off" in out
    assert "best trade-offs of tiny, rows" in out
    assert "peak [KiB]" in picture.read_text()
    text = page.read_text()
    assert '"things":"points"' in text
    assert "least peak and least latency" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["pareto", "STORE", "--x", "lat", "--y", "peak"], "got 'lat'; did you mean latency?"),
        (["pareto", "STORE", "--x", "latency", "--y", "peak", "--by", "mode"], "--by: must be one of hardware"),
        (["best", "STORE", "--subject-to", "peak <= 1 B"], "best: must have a point that meets all conditions"),
        (["best", "none.db"], "none.db: must be a file of results, got none; make one with `accelsim sweep`"),
        (["export", "STORE", "-o", "points.xls"], "must end in .csv, .parquet, .json, got 'points.xls'"),
        (["best", "STORE", "--sweep", "other"], "--sweep: must be a sweep of"),
        (["best", __file__], "must be a usable SQLite file of results"),
    ],
)
def test_wrong_questions_are_answered_with_a_remedy(
    store: str, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([store if word == "STORE" else word for word in words]) == 2
    assert message in capsys.readouterr().err
