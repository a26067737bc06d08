"""Files that appear whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from restructure.errors import ModelFileError

__all__ = ["atomic_write", "target_path"]


def target_path(path: str | os.PathLike[str]) -> Path:
    """Return where a write to `path` ends up, links followed.

    Raises:
        ModelFileError: the folder does not exist, or something that is no regular file is in the way.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise ModelFileError(f"{path}: cannot be written: it exists and is no regular file")
    if not target.parent.is_dir():
        raise ModelFileError(f"{path}: cannot be written: there is no folder {target.parent}")
    return target


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its name only when the block ends without an error.

    Raises:
        ModelFileError: the file cannot be written.
    """
    target = target_path(path)
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
        os.replace(temporary, target)
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
