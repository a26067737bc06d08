"""The pages of the site: their commands end as they say, their code runs, pictures are those of today."""

from __future__ import annotations

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from accelsim.cli import main

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted([DOCS / "index.md", *DOCS.glob("concepts/*.md"), *DOCS.glob("howto/*.md")])


def names(page: Path) -> str:
    return str(page.relative_to(DOCS))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_the_commands_of_a_page_end_as_it_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one folder, one after another; a line ends in `# exit code N` unless that is 0."""
    monkeypatch.chdir(tmp_path)
    for line in "".join(blocks(page, "sh")).splitlines():
        command, _, expected = line.partition("# exit code ")
        words = shlex.split(command)
        assert words[0] == "accelsim"
        assert main(words[1:]) == int(expected or 0), line


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=names)
def test_the_code_of_a_page_runs(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile("".join(blocks(page, "python")), page.name, "exec"), {})
    assert capsys.readouterr().out


def test_the_page_of_the_command_line_names_every_command_and_option() -> None:
    tools = DOCS / "tools" / "cli_pages.py"
    hook: dict[str, object] = {"__name__": "cli_pages"}
    exec(compile(tools.read_text(encoding="utf-8"), tools.name, "exec"), hook)
    page = hook["page"]()  # type: ignore[operator]
    assert "## accelsim run\n" in page
    assert "## accelsim models list\n" in page
    assert "--max-overhead PERCENT" in page


def test_the_pictures_made_from_accelsim_are_those_it_makes_now(monkeypatch: pytest.MonkeyPatch) -> None:
    tools = DOCS / "tools" / "pictures.py"
    made: dict[str, object] = {"__name__": "pictures", "__file__": str(tools)}
    exec(compile(tools.read_text(encoding="utf-8"), tools.name, "exec"), made)
    edge = made["load"]("edge_npu")  # type: ignore[operator]
    for name, drawing in (("machine", edge), ("hierarchy", edge), ("dataflows", None)):
        drawn = made[name](*[drawing] if drawing else [])  # type: ignore[operator]
        assert (DOCS / "pictures" / f"{name}.svg").read_text(encoding="utf-8") == drawn


@pytest.mark.slow
def test_the_site_builds_strictly(tmp_path: Path) -> None:
    if find_spec("mkdocs") is None:
        pytest.skip("needs MkDocs: pip install -e '.[docs]'")
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    build(load_config(str(DOCS.parent / "mkdocs.yml"), strict=True, site_dir=str(tmp_path)))
    assert (tmp_path / "reference" / "cli.html").exists()
