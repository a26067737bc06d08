"""Tables as files: CSV, Parquet, JSON, told apart by the ending of the name."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from accelsim.errors import ConfigurationError
from accelsim.explore.choosing.table import Table
from accelsim.files import write_bytes, write_csv, write_json

__all__ = ["require_format", "write_table"]


def _csv(path: Path, table: Table) -> None:
    write_csv(path, table.columns, table.rows)


def _json(path: Path, table: Table) -> None:
    write_json(path, [dict(zip(table.columns, row, strict=True)) for row in table.rows])


def _parquet(path: Path, table: Table) -> None:
    content = io.BytesIO()
    table.frame().to_parquet(content, index=False)
    write_bytes(path, content.getvalue())


_FORMATS: Mapping[str, Callable[[Path, Table], None]] = {".csv": _csv, ".parquet": _parquet, ".json": _json}


def require_format(path: str | Path) -> None:
    """Refuse a name with another ending, or a format whose libraries are missing.

    Raises:
        ConfigurationError: what is wrong.
    """
    ending = Path(path).suffix.lower()
    if ending not in _FORMATS:
        rule = f"must end in {', '.join(_FORMATS)}, got {str(path)!r}"
        raise ConfigurationError(f"--out: {rule}; write e.g. points.csv")
    if ending == ".parquet" and not (find_spec("pandas") and find_spec("pyarrow")):
        rule = "Parquet needs pandas and pyarrow, which are not installed"
        raise ConfigurationError(f"--out: {rule}; pip install 'accelsim[sweep]'")


def write_table(path: str | Path, table: Table) -> None:
    """Write a table whole, or leave what was there.

    Raises:
        ConfigurationError: the format is not known, or the file cannot be written.
    """
    require_format(path)
    _FORMATS[Path(path).suffix.lower()](Path(path), table)
