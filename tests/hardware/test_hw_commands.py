"""`accelsim hw …` prints to standard output, warns on standard error, and answers fast."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from descriptions import SOUND

from accelsim.cli.hw import register
from accelsim.errors import ConfigurationError
from accelsim.hardware import load, manual, schema, to_dict


def run(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="accelsim")
    register(parser.add_subparsers())
    args = parser.parse_args(["hw", *words])
    code: int = args.handler(args)
    return code


def test_list_names_every_preset_on_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(line.split()[0] for line in lines)
    assert any(line.startswith("edge_npu ") for line in lines)


def test_show_prints_values_defaults_and_what_follows(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "edge_npu", "--set", "scratchpad.capacity=128KiB") == 0
    out, err = capsys.readouterr()
    assert "128 KiB" in out
    assert "0.4096 TOPS" in out
    assert err == ""


def test_show_says_when_a_preset_stands_in_for_a_missing_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("show", "hw_configs/tpu_v1.yaml", "--json", "-") == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == to_dict(load("tpu_v1"))
    assert err == (
        "accelsim: note: hw_configs/tpu_v1.yaml: there is no such file here; "
        "the preset tpu_v1 that comes with accelsim is used\n"
    )


def test_show_writes_json_to_a_file(tmp_path: Path) -> None:
    assert run("show", "edge_npu", "--json", str(tmp_path / "out.json")) == 0
    assert json.loads((tmp_path / "out.json").read_text()) == to_dict(load("edge_npu"))


def test_check_tells_the_problems_of_all_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.yaml").write_text(SOUND)
    (tmp_path / "bad.yaml").write_text(SOUND.replace("4", "0").replace("8", "0"))
    with pytest.raises(ConfigurationError) as caught:
        run("check", str(tmp_path / "bad.yaml"), str(tmp_path / "good.yaml"), "nonsense")
    assert len(caught.value.problems) == 3
    assert capsys.readouterr().out == f"{tmp_path / 'good.yaml'}: sound\n"
    assert run("check", "edge_npu") == 0


def test_schema_prints_json_or_the_manual(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema") == 0
    assert json.loads(capsys.readouterr().out) == schema()
    assert run("schema", "--markdown") == 0
    assert capsys.readouterr().out == manual()


def test_importing_the_command_loads_nothing_heavy() -> None:
    code = "import sys, accelsim.cli.hw; print([m for m in ('pydantic', 'yaml', 'rich', 'numpy') if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert result.stdout == "[]\n"


def test_show_tells_when_the_file_cannot_be_written(tmp_path: Path) -> None:
    target = tmp_path / "missing" / "out.json"
    with pytest.raises(ConfigurationError, match=r": must be a writable file, got no such file or directory; "):
        run("show", "edge_npu", "--json", str(target))
