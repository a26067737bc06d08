"""Terminals that know less than Unicode: what screens use beyond ASCII has a plain stand-in."""

from __future__ import annotations

import codecs
import io
import sys

__all__ = ["survive_narrow_encodings"]

_PLAIN = {
    **dict(zip("µ×·–…", "ux*-~", strict=True)),
    **dict(zip("▁▂▃▄▅▆▇█▌", ".:-=+*%#=", strict=True)),
    "→": "->",
    "◂": "<",
    "≥": ">=",
    "≤": "<=",
}
_HANDLER = "accelsim-plain"


def survive_narrow_encodings() -> None:
    """Let standard output and error replace what their encoding cannot say, instead of failing."""
    codecs.register_error(_HANDLER, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAIN.get(character, "?") for character in error.object[error.start : error.end]), error.end
