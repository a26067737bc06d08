"""CSV files, data frames, and the short displays of a result."""

import csv
import sys
from pathlib import Path

import pytest
from result_examples import example

from accelsim.errors import ConfigurationError
from accelsim.results import layer_rows, write_csv


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_csv_files_carry_one_row_per_layer_tensor_cause_and_step(tmp_path: Path) -> None:
    written = write_csv(example(), tmp_path / "new" / "folder")
    names = [path.name for path in written]
    assert names == ["layers.csv", "spills.csv", "dram.csv", "occupancy.csv", "memories.csv", "totals.csv"]
    layers, spills, dram, occupancy, memories, totals = map(read, written)
    assert layers[0]["fused"] == "Relu Add"
    assert layers[0]["array_cycles_weights"] == "4"
    assert spills[0]["name"] == "y"
    assert [row["bytes"] for row in dram] == ["16", "8", "8"]
    assert [row["bytes_weight"] for row in occupancy] == ["8", "8", "0"]
    assert memories[0]["peak_tensors"] == "x"
    assert {"name": "latency_cycles", "value": "10"} in totals


def test_a_table_by_cause_becomes_one_column_per_cause() -> None:
    (row,) = layer_rows(example())
    assert row["dram_bytes_spill"] == 8
    assert "array_cycles_by_cause" not in row


def test_the_frame_has_one_row_per_layer() -> None:
    frame = example().frame()
    assert frame.shape[0] == 1
    assert frame["array_cycles_compute"].sum() == 6


def test_without_pandas_the_frame_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ConfigurationError, match=r"^frame: .*; pip install 'accelsim\[frame\]'$"):
        example().frame()


def test_the_repr_is_one_line_that_names_what_matters() -> None:
    text = repr(example())
    assert text.startswith(
        "<SimulationResult tiny on toy: 10 cycles (0.000 ms), 60.0% PE utilisation, peak 40 B of 64 B"
    )
    assert "1 spilled tensor (8 B out, 2 cycles lost)" in text
    assert "\n" not in text


def test_names_are_escaped_in_html() -> None:
    html = example("<script>alert(1)</script>")._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
