"""What the command line says besides its results: notes and complaints on standard error, one line each."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from accelsim.printable import printable

__all__ = ["complain", "note"]


def complain(text: str) -> None:
    """Say what is wrong; a text of several lines is several complaints."""
    _say("error", text)


def note(texts: Iterable[str], quiet: bool = False) -> None:
    """Say what the user should know, unless told to be quiet."""
    for text in () if quiet else texts:
        _say("note", text)


def _say(kind: str, text: str) -> None:
    lines = text.splitlines() or [""]
    sys.stderr.write("".join(f"accelsim: {kind}: {printable(line)}\n" for line in lines))
