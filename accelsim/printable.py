"""Names from files, made safe to print: no terminal escapes, no line breaks, no invisible or reordering characters."""

from __future__ import annotations

__all__ = ["printable"]


def printable(text: str) -> str:
    r"""The text with every character that does not show escaped, as Python would write it.

    >>> printable("conv\x1b[2J\u202e1")
    'conv\\x1b[2J\\u202e1'
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
