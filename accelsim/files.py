"""Files written all or nothing: to a temporary name beside the target, then renamed. A leaf module for every package.

A target that exists and is no regular file (a pipe, `/dev/stdout`) is written directly, for it cannot be replaced.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from accelsim.errors import ConfigurationError
from accelsim.printable import steady_json

__all__ = [
    "make_directory",
    "read_text",
    "require_directory",
    "require_writable",
    "write_bytes",
    "write_csv",
    "write_json",
    "write_text",
]

Cell = str | int | float | None


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a file whole, or leave what was there.

    Raises:
        ConfigurationError: it cannot be written.
    """
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            target.write_bytes(content)
        else:
            _replace(target, content)
    except (OSError, ValueError) as error:
        raise ConfigurationError(_unwritable(path, error)) from None


def _replace(target: Path, content: bytes) -> None:
    temporary = target.with_name(f".{target.name[:200]}.{os.getpid()}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def write_text(path: str | Path, text: str) -> None:
    """Write text as UTF-8 with `\\n` line ends, whole or not at all.

    Raises:
        ConfigurationError: it cannot be written.
    """
    write_bytes(path, text.encode("utf-8", errors="backslashreplace"))


def write_json(path: str | Path, document: object) -> None:
    """Write plain dictionaries, lists, numbers and texts as JSON, indented by two.

    Raises:
        ConfigurationError: it cannot be written.
    """
    write_text(path, steady_json(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)) + "\n")


def write_csv(path: str | Path, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a table with one header line, whole or not at all.

    Raises:
        ConfigurationError: it cannot be written.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, buffer.getvalue())


def make_directory(path: str | Path) -> Path:
    """The folder, made with all its parents if it is not there.

    Raises:
        ConfigurationError: it cannot be made.
    """
    try:
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise ConfigurationError(_no_directory(path, error)) from None
    return folder


def require_writable(path: str | Path) -> None:
    """Refuse a file that cannot be written before the work that would fill it.

    Raises:
        ConfigurationError: it is a folder, its folder is not there, or one may not write to it.
    """
    try:
        target = Path(os.path.realpath(path))
        if target.is_dir():
            raise _os_error(errno.EISDIR)
        _require_folder(target.parent)
        if target.exists() and not os.access(target, os.W_OK):
            raise _os_error(errno.EACCES)
    except (OSError, ValueError) as error:
        raise ConfigurationError(_unwritable(path, error)) from None


def require_directory(path: str | Path) -> None:
    """Refuse a folder that can neither be used nor made, before the work that would fill it; makes nothing.

    Raises:
        ConfigurationError: a file is in its place, or one may not write there.
    """
    try:
        folder = Path(os.path.realpath(path))
        while not folder.exists():
            folder = folder.parent
        _require_folder(folder)
    except (OSError, ValueError) as error:
        raise ConfigurationError(_no_directory(path, error)) from None


def _require_folder(folder: Path) -> None:
    if not folder.exists():
        raise _os_error(errno.ENOENT)
    if not folder.is_dir():
        raise _os_error(errno.ENOTDIR)
    if not os.access(folder, os.W_OK):
        raise _os_error(errno.EACCES)


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _no_directory(path: str | Path, error: Exception) -> str:
    return f"{path}: must be a folder that can be made, got {_reason(error)}; name another one"


def read_text(path: str | Path) -> str:
    """The whole of a UTF-8 text file.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        got, remedy = f"byte {error.start} that is not", "save it as UTF-8"
        raise ConfigurationError(f"{path}: must be UTF-8 text, got {got}; {remedy}") from None
    except (OSError, ValueError) as error:
        got = _reason(error)
        raise ConfigurationError(f"{path}: must be a readable file, got {got}; check the path") from None


_REMEDIES: tuple[tuple[type[Exception], str], ...] = (
    (FileNotFoundError, "make its folder first"),
    (IsADirectoryError, "name a file in it"),
    (PermissionError, "choose a place you may write to"),
)


def _unwritable(path: str | Path, error: Exception) -> str:
    remedy = next((text for kind, text in _REMEDIES if isinstance(error, kind)), "choose another place")
    return f"{path}: must be a writable file, got {_reason(error)}; {remedy}"


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
