"""Names from files, made safe to print: no terminal escapes, no line breaks, no invisible or reordering characters."""

from __future__ import annotations

import re

__all__ = ["printable", "steady_json"]

_STEERING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""The text with every character that does not show escaped, as Python would write it.

    >>> printable("conv\x1b[2J\u202e1")
    'conv\\x1b[2J\\u202e1'
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def steady_json(text: str) -> str:
    r"""JSON text whose strings cannot steer a terminal; it holds the same values.

    >>> steady_json('{"name": "conv\u202e"}')
    '{"name": "conv\\u202e"}'
    """
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
