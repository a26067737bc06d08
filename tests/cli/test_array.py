"""`accelsim array`: what the screen shows is what the cycle-stepped array did."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from accelsim.cli import main


def out_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["array", *words]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
@pytest.mark.parametrize("drain", ["hidden", "exposed"])
@pytest.mark.parametrize("gemm", ["5x4x6", "1x1x1", "9x7x3"])
def test_the_product_is_right_and_the_counted_cycles_are_those_of_the_closed_form(
    dataflow: str, drain: str, gemm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = out_of(capsys, "--dataflow", dataflow, "--drain", drain, "--gemm", gemm, "--last")
    assert "equals the matrix product" in text
    found = re.search(r"cycles +([\d,]+) cycles? counted; the closed form says ([\d,]+)", text)
    assert found
    assert found[1] == found[2]


def test_every_cycle_is_drawn_once_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    text = out_of(capsys, "--rows", "2", "--cols", "3", "--gemm", "2x2x3")
    shown = [int(number) for number in re.findall(r"^cycle (\d+):", text, re.MULTILINE)]
    assert shown == list(range(len(shown)))
    assert text.count("┌") == len(shown)


@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
def test_the_products_on_the_screen_are_all_those_of_the_matrix_product(
    dataflow: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = out_of(capsys, "--dataflow", dataflow, "--rows", "4", "--cols", "4", "--gemm", "4x4x4", "--seed", "3")
    digits = np.random.default_rng(3)
    inputs, weights = digits.integers(1, 10, (4, 4)), digits.integers(1, 10, (4, 4))
    expected = sorted(
        (int(inputs[m, k]), int(weights[k, n])) for m in range(4) for k in range(4) for n in range(4)
    )  # fmt: skip
    pairs = [(int(a), int(b)) for a, b in re.findall(r"[│ ](\d+)×(\d+) ", text[text.index("cycle 0") :])]
    assert sorted(pairs if dataflow != "is" else [(b, a) for a, b in pairs]) == expected


def test_step_does_not_wait_where_nobody_types(capsys: pytest.CaptureFixture[str]) -> None:
    assert "wavefront" in out_of(capsys, "--gemm", "1x1x1", "--step")


@pytest.mark.parametrize(("name", "start"), [("wave.html", b"<!doctype html>"), ("wave.gif", b"GIF89a")])
def test_the_cycles_become_a_film(name: str, start: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if name.endswith(".gif"):
        pytest.importorskip("matplotlib")
    out_of(capsys, "--rows", "2", "--cols", "2", "--gemm", "2x2x2", "--last", "--out", str(tmp_path / name))
    assert (tmp_path / name).read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--gemm", "5x4"], "must be MxKxN with extents from 1 to 64, got '5x4'; write e.g. 5x4x6"),
        (["--gemm", "0x4x4"], "must be MxKxN"),
        (["--rows", "17"], "must be a whole number from 1 to 16, got '17'"),
        (["--out", "x.mp4"], "--out: must end in .html or .gif, got 'x.mp4'"),
        (["--dataflow", "wss"], "must be one of ws, os, is, got 'wss'"),
    ],
)
def test_wrong_words_are_refused(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["array", *words]) == 2
    assert message in capsys.readouterr().err
