"""What documentation shows is what happens: examples in docstrings, and the README's code and commands."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
from importlib import import_module
from pathlib import Path

import pytest

from accelsim.cli import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def modules() -> list[str]:
    """The modules that show an example."""
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for room in ("accelsim", "restructure")
        for path in sorted((ROOT / room).rglob("*.py"))
        if ">>> " in path.read_text(encoding="utf-8")
    ]


def test_examples_in_docstrings_hold() -> None:
    attempted = 0
    for name in modules():
        result = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS)
        assert result.failed == 0, name
        attempted += result.attempted
    assert attempted > 20


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"))
def test_python_in_the_readme_runs(code: str) -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "README.md", "exec"), {})
    assert out.getvalue()


def test_the_readmes_run_command_works_from_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = next(line for block in blocks("sh") for line in block.splitlines() if "accelsim run" in line)
    monkeypatch.chdir(tmp_path)
    words = command.split("accelsim ")[1].split()
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("mobilenetv2 on edge_npu")


def test_every_command_of_the_readme_exists(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    known = set(re.findall(r"^    (\w+)", capsys.readouterr().out, re.MULTILINE))
    named = set(re.findall(r"`accelsim ([a-z]+)", README))
    assert named
    assert named <= known
    assert known <= named, "the README does not name every command"


def test_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "docs" / "design.md", ROOT / "docs" / "hardware.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
