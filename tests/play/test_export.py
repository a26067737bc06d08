"""What is exported is a file that `accelsim run --hw` takes and that means what the page showed."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from accelsim.cli import main
from accelsim.hardware import load, presets
from accelsim.play.export import command, yaml_text

SET = ("scratchpad.capacity=300KiB", "pe_array.rows=12", "dram.bandwidth=1.25GB/s")


@pytest.mark.parametrize("name", sorted(presets()))
@pytest.mark.parametrize("overrides", [(), SET], ids=["as it is", "set"])
def test_the_file_means_what_was_set(name: str, overrides: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "exported.yaml"
    file.write_text(yaml_text(load(name), overrides), encoding="utf-8")
    read, meant = load(file).to_description(), load(name, overrides).to_description()
    for description in (read, meant):
        del description["name"], description["sources"]
    assert read == meant


def test_the_file_says_what_was_set_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "exported.yaml"
    file.write_text(yaml_text(load("edge_npu"), SET), encoding="utf-8")
    said = "scratchpad.capacity, pe_array.rows, dram.bandwidth: set in the playground, on top of edge_npu"
    assert load(file).sources[-1] == said
    assert load(file).name == "edge_npu_playground"
    assert main(["run", "--hw", str(file), "--model", "tiny", "--quiet"]) == 0


@pytest.mark.parametrize("restructure", ["off", "rows"])
def test_the_command_runs(restructure: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(command("edge_npu", SET, "tiny", restructure))
    assert words[0] == "accelsim"
    assert main(words[1:]) == 0
    assert "tiny on edge_npu" in capsys.readouterr().out
