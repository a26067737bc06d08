"""Results go to standard output or, whole, to a named file."""

import os
import sys
import tempfile
from pathlib import Path

from accelsim.errors import ConfigurationError

__all__ = ["write_text"]


def write_text(target: str, text: str) -> None:
    """Write a result.

    Args:
        target: a file's path, or `-` for standard output.
        text: the whole content. A file is written under a temporary name beside the target, then renamed, so that it is
            never half there.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    if target == "-":
        sys.stdout.write(text)
        return
    path = Path(target)
    try:
        _replace(path, text)
    except (OSError, ValueError) as error:
        got = (getattr(error, "strerror", None) or str(error)).lower()
        raise ConfigurationError(f"{target!r}: must be a writable file, got {got}; name another one") from None


def _replace(path: Path, text: str) -> None:
    path = path.resolve()
    if path.is_dir():
        raise IsADirectoryError(None, "a folder")
    if path.exists() and not path.is_file():  # a device or a pipe: nothing to rename
        path.write_text(text, encoding="utf-8")
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", text=True)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
