"""The JSON document: a SimulationResult to plain values and back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from accelsim.errors import ConfigurationError
from accelsim.files import read_text, write_text
from accelsim.printable import steady_json
from accelsim.results.records import SCHEMA_VERSION
from accelsim.results.result import SimulationResult

__all__ = ["adapter", "as_text", "from_dict", "read_result", "to_dict", "to_json", "write_json"]


_NUMBERS = re.compile(r"\[\n([-+0-9.eE,\s]+)\]")


@cache
def adapter() -> TypeAdapter[SimulationResult]:
    """What turns the record into plain values and checks the way back."""
    return TypeAdapter(SimulationResult)


def to_dict(result: SimulationResult) -> dict[str, object]:
    """The document as plain dictionaries, lists, numbers and texts, `schema_version` first."""
    document = cast(dict[str, object], adapter().dump_python(result, mode="json"))
    return {"schema_version": document.pop("schema_version"), **document}


def to_json(result: SimulationResult, indent: int | None = 2) -> str:
    """The document as text, lists of numbers on one line; not-a-number and infinities cannot occur in it."""
    return as_text(to_dict(result), indent)


def as_text(document: object, indent: int | None = 2) -> str:
    """Plain values as JSON, lists of numbers on one line."""
    text = steady_json(json.dumps(document, indent=indent, ensure_ascii=False, allow_nan=False))
    return _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text)


def from_dict(document: Mapping[str, object], origin: str = "result") -> SimulationResult:
    """The result of a document.

    Args:
        document: what `to_dict` returned, or a JSON file holds.
        origin: what messages call it.

    Raises:
        ConfigurationError: it is no such document; all its problems at once.
    """
    found = document.get("schema_version") if isinstance(document, Mapping) else None
    if found != SCHEMA_VERSION:
        rule = f"must be {SCHEMA_VERSION}, got {found!r}"
        raise ConfigurationError(f"{origin}: schema_version: {rule}; write the result again with this version")
    try:
        return adapter().validate_python(document)
    except ValidationError as error:
        problems = [_problem(item, origin) for item in error.errors(include_url=False)]
        raise ConfigurationError(*problems) from None


def _problem(item: Any, origin: str) -> str:
    path = ".".join(str(part) for part in item["loc"])
    got = "nothing" if item["type"] == "missing" else repr(item["input"])[:80]
    return f"{origin}: {path}: {item['msg'].lower()}, got {got}; write the result again with `accelsim run --json`"


def write_json(result: SimulationResult, path: str | Path) -> None:
    """Write the document to a file, all or nothing.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    write_text(path, to_json(result) + "\n")


def read_result(path: str | Path) -> SimulationResult:
    """Read a document that `write_json` wrote.

    Raises:
        ConfigurationError: it cannot be read, is not JSON, or not such a document.
    """
    text = read_text(path)
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"{path}: must be JSON, got {error}; name a file of `accelsim run --json`") from None
    return from_dict(document, str(path))
