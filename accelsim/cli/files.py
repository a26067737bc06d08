"""Results go to standard output or, whole, to a named file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

from accelsim.files import require_directory, require_writable
from accelsim.files import write_text as write_file
from accelsim.printable import steady_json

__all__ = ["STANDARD_OUTPUT", "require_places", "write_json", "write_text"]

STANDARD_OUTPUT = "-"


def require_places(files: Iterable[str | None] = (), folders: Iterable[str | None] = ()) -> None:
    """Refuse places that cannot be written to before the work begins; None stands for an option not given.

    Raises:
        ConfigurationError: a file or folder cannot be written.
    """
    for file in files:
        if file is not None and file != STANDARD_OUTPUT:
            require_writable(file)
    for folder in folders:
        if folder is not None:
            require_directory(folder)


def write_text(target: str, text: str) -> None:
    """Write a result to a file, all or nothing, or to standard output (`-`).

    Raises:
        ConfigurationError: the file cannot be written.
    """
    if target == STANDARD_OUTPUT:
        sys.stdout.write(text)
    else:
        write_file(target, text)


def write_json(target: str, document: object) -> None:
    """Write plain dictionaries, lists, numbers and texts as JSON.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    write_text(target, steady_json(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)) + "\n")
