"""Markdown tables, and putting them into a page between two markers, so that no number is typed by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path


def table(header: Sequence[str], rows: Iterable[Sequence[str]], right: bool = True) -> str:
    """Return a table; the first column is left-aligned, the others right-aligned unless they hold words."""
    others = ["---:" if right else "---"] * (len(header) - 1)
    lines = ["| " + " | ".join(header) + " |", "|" + "|".join(["---", *others]) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def lines_of(page: str | Path, section: str) -> list[tuple[str, ...]]:
    """Return the cells of the table in a section of a page, without its heading."""
    text = (
        Path(page).read_text(encoding="utf-8").split(f"<!-- begin {section} -->")[1].split(f"<!-- end {section} -->")[0]
    )
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    return [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in rows]


def update(page: str | Path, section: str, text: str) -> None:
    """Replace what stands between `<!-- begin SECTION -->` and `<!-- end SECTION -->` in a page.

    Raises:
        SystemExit: the page has no such markers.
    """
    path = Path(page)
    old = path.read_text(encoding="utf-8")
    begin, end = f"<!-- begin {section} -->", f"<!-- end {section} -->"
    if begin not in old or end not in old:
        raise SystemExit(f"{page}: must hold the lines {begin} and {end}")
    head, tail = old.split(begin)[0], old.split(end)[1]
    path.write_text(f"{head}{begin}\n\n{text.strip()}\n\n{end}{tail}", encoding="utf-8")
