"""The entry point: help at once, exit codes, and nothing but a short message when something unexpected happens."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

import accelsim
from accelsim.cli import hw, main
from accelsim.cli.main import build_parser

ROOT = Path(__file__).parents[2]


def test_help_needs_nothing_heavy() -> None:
    heavy = ("numpy", "onnx", "pydantic", "yaml", "rich", "simpy", "onnxruntime", "importlib.metadata")
    code = f"import sys, accelsim.cli as c; c.main(['--help']); print([m for m in {heavy} if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for name in ("run", "profile", "models", "hw", "verify", "explain", "program"):
        assert f"\n    {name} " in out


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"accelsim {accelsim.__version__}\n"


def test_no_command_is_a_usage_error_that_shows_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "explain" in err


def _raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(args: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(hw, "list_presets", fail)


def test_an_unexpected_exception_is_an_internal_error_without_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _raising(monkeypatch, ZeroDivisionError("oops"))
    assert main(["hw", "list"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("accelsim: error: internal error: ZeroDivisionError: oops\n")
    assert "--debug" in err
    assert "Traceback" not in err


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _raising(monkeypatch, ZeroDivisionError("oops"))
    assert main(["hw", "list", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _raising(monkeypatch, KeyboardInterrupt())
    assert main(["hw", "list"]) == 130
    assert capsys.readouterr().err == "accelsim: error: interrupted\n"


def test_a_reader_that_goes_away_leaves_no_traceback() -> None:
    words = [sys.executable, "-m", "accelsim.cli", "hw", "schema"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
    assert err == b""
    assert process.returncode == 141


def test_a_terminal_without_unicode_still_gets_a_screen(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    words = [sys.executable, "-m", "accelsim.cli", "run", "--hw", "edge_npu", "--model", "tiny"]
    done = subprocess.run(words, capture_output=True, env=environment, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"?" not in done.stdout


def test_a_full_disk_behind_standard_output_is_told_once() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "accelsim.cli", "hw", "schema"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, env=environment, check=False)
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "accelsim: error: standard output: must be usable, got no space left on device; check the place and the disk"
    ]


def test_the_package_is_the_command_too():
    done = subprocess.run([sys.executable, "-m", "accelsim", "hw", "list"], capture_output=True, text=True, check=True)
    assert "edge_npu" in done.stdout


def test_every_command_that_writes_a_file_calls_it_out_for_short_o() -> None:
    def commands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
        inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        return [parser, *(found for action in inner for part in action.choices.values() for found in commands(part))]

    outs = [
        action.option_strings for part in commands(build_parser()) for action in part._actions if action.dest == "out"
    ]
    assert len(outs) >= 7
    assert outs == [["-o", "--out"]] * len(outs)


def test_a_short_option_may_have_its_value_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["restructure", "--model", "tiny", "--no-verify", f"-o{tmp_path / 'flat.onnx'}"]) == 0
    assert (tmp_path / "flat.onnx").exists()
