"""Pieces that screens are made of: titles, facts with a label, tables of shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Literal

from rich.table import Table
from rich.text import Text

from accelsim.printable import printable
from accelsim.report.quantities import percent
from accelsim.report.sparkline import bar

__all__ = ["LABEL_WIDTH", "columns", "facts", "hanging", "named", "shares", "tail", "title"]

LABEL_WIDTH = 14
_BAR_WIDTH = 13


def title(text: str, aside: str = "") -> Text:
    """A heading, with something said beside it."""
    line = Text(printable(text), style="bold")
    return line.append(f"  {printable(aside)}", style="not bold dim") if aside else line


def facts(pairs: Iterable[tuple[str, str]]) -> Table:
    """Labels and what holds; a label that begins with a space is subordinate."""
    table = Table.grid(padding=(0, 1), expand=False)
    table.add_column(width=LABEL_WIDTH, no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in pairs:
        table.add_row(Text(label, style="dim" if label.startswith(" ") else "bold"), Text(printable(value)))
    return table


def shares(label: str, parts: Mapping[str, float], shown: Mapping[str, str]) -> Table:
    """What a whole is made of, largest part first, zeros left out.

    Args:
        label: what the whole is.
        parts: name → amount.
        shown: name → the amount with its unit.
    """
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=LABEL_WIDTH - 1, no_wrap=True)
    table.add_column(min_width=19, no_wrap=True)
    table.add_column(justify="right", min_width=18, no_wrap=True)
    table.add_column(justify="right", min_width=6, no_wrap=True)
    table.add_column(no_wrap=True, style="cyan")
    whole = sum(parts.values())
    ranked = sorted((item for item in parts.items() if item[1] > 0), key=lambda item: -item[1])
    for row, (name, part) in enumerate(ranked):
        first = Text(label if row == 0 else "", style="bold")
        table.add_row(first, Text(named(name)), shown[name], percent(part, whole), bar(part, whole, _BAR_WIDTH))
    return table


_SPELLED = {
    "fill_drain": "fill/drain",
    "ports": "on-chip ports",
    "dram_latency": "DRAM latency",
    "dram": "DRAM",
    "mac": "MACs",
    "vector": "vector unit",
    "store": "store, space",
    "compulsory_weights": "weights, first read",
    "compulsory_input": "input, first read",
    "refetch_weights": "weights, again",
    "refetch_activations": "activations, again",
}


def named(cause: str) -> str:
    """A cause or component as people say it."""
    return _SPELLED.get(cause, cause.replace("_", " "))


def columns(header: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], gap: int = 2) -> Table:
    """A table; each column is given by its name and its alignment: left, right, or fold (left, broken in lines)."""
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="bold")
    for name, alignment in header:
        side: Literal["left", "right"] = "right" if alignment == "right" else "left"
        table.add_column(name, justify=side, no_wrap=alignment != "fold", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


def tail(name: str, width: int) -> str:
    """A name cut to a width; its end is what tells it from others.

    >>> tail("/features/features.1/conv/Conv", 12)
    '…1/conv/Conv'
    """
    name = printable(name)
    return name if len(name) <= width else f"…{name[len(name) - width + 1 :]}"


def hanging(text: str, width: int, indent: int, hang: int) -> Text:
    """A text broken into lines: the first begins after `indent` spaces, the others after `hang`."""
    lines = wrap(
        printable(text), width, initial_indent=" " * indent, subsequent_indent=" " * hang, break_on_hyphens=False
    )
    return Text("\n".join(lines))
