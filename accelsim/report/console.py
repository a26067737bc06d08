"""Where reports are drawn: a terminal, a pipe, or a text."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable

from rich.console import Console, RenderableType

__all__ = ["Parts", "show", "to_text"]

Parts = Callable[[int], Iterable[RenderableType]]
"""A screen: the columns there are → its parts, from top to bottom."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the caller; Rich would end the process."""
        raise BrokenPipeError


def show(parts: Parts) -> None:
    """Draw on standard output: in colour and as wide as it is on a terminal, else as plain text of 80 columns."""
    terminal = _Console(highlight=False, markup=False, emoji=False)
    if not terminal.is_terminal:
        sys.stdout.write(to_text(parts, terminal.width))
        return
    for part in parts(terminal.width):
        terminal.print(part)


def to_text(parts: Parts, width: int = 100) -> str:
    """What a terminal of that width would show, without colours."""
    page = Console(
        file=io.StringIO(), width=width, color_system=None, force_terminal=False, highlight=False, markup=False
    )
    with page.capture() as captured:
        for part in parts(width):
            page.print(part)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"
