"""Where reports are drawn: a terminal, a pipe, or a text."""

from __future__ import annotations

import io
from collections.abc import Iterable

from rich.console import Console, RenderableType

__all__ = ["NARROWEST", "console", "to_text"]

NARROWEST = 80


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the caller; Rich would end the process."""
        raise BrokenPipeError


def console() -> Console:
    """Standard output: as wide as the terminal (80 columns in a pipe), in colour only where a terminal shows it."""
    return _Console(highlight=False, markup=False, emoji=False)


def to_text(parts: Iterable[RenderableType], width: int = 100) -> str:
    """What a terminal of that width would show, without colours."""
    page = Console(
        file=io.StringIO(), width=width, color_system=None, force_terminal=False, highlight=False, markup=False
    )
    with page.capture() as captured:
        for part in parts:
            page.print(part)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"
