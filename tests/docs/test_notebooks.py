"""The course: every lesson runs from top to bottom in a fresh namespace, has solutions and no saved outputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def cells(path: Path, kind: str) -> list[str]:
    document = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in document["cells"] if cell["cell_type"] == kind]


def test_there_are_four_lessons() -> None:
    assert [path.name[0] for path in NOTEBOOKS] == ["1", "2", "3", "4"]


LESSONS = [pytest.param(path, marks=() if path.stem.startswith("1") else pytest.mark.slow) for path in NOTEBOOKS]


@pytest.mark.parametrize("path", LESSONS, ids=[path.stem for path in NOTEBOOKS])
def test_a_lesson_runs_from_top_to_bottom(path: Path) -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    for number, source in enumerate(cells(path, "code")):
        exec(compile(source, f"{path.name}, code cell {number}", "exec"), names)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_lesson_has_exercises_with_solutions_and_no_saved_outputs(path: Path) -> None:
    assert any("## Exercises" in text and "Solutions below" in text for text in cells(path, "markdown"))
    document = json.loads(path.read_text(encoding="utf-8"))
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in document["cells"])
