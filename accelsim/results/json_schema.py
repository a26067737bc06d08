r"""The JSON schema of the document: made from the records, shipped as a file.

After a change of the records, in the project's folder:

    python -c "from accelsim.results.json_schema import *; from accelsim.files import *; \
               write_json('accelsim/results/schema.json', generate_schema())"
"""

from __future__ import annotations

import json
from enum import StrEnum
from importlib.resources import files
from typing import Any, cast

from accelsim.results.causes import ArrayCause, BoundBy, DramCause
from accelsim.results.document import adapter

__all__ = ["generate_schema", "schema"]

_TABLES: dict[str, type[StrEnum]] = {"array_cycles_by_cause": ArrayCause, "dram_bytes_by_cause": DramCause}


def schema() -> dict[str, Any]:
    """The JSON schema that ships with the package."""
    text = files("accelsim.results").joinpath("schema.json").read_text(encoding="utf-8")
    return cast(dict[str, Any], json.loads(text))


def generate_schema() -> dict[str, Any]:
    """The JSON schema made from the records; tables by cause have every cause."""
    made = adapter().json_schema(mode="serialization")
    for record in made["$defs"].values():
        properties = record["properties"]
        properties.update({name: _table(causes) for name, causes in _TABLES.items() if name in properties})
        if "bound_by" in properties:
            properties["bound_by"]["enum"] = [cause.value for cause in BoundBy]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def _table(causes: type[StrEnum]) -> dict[str, Any]:
    names = [cause.value for cause in causes]
    return {"type": "object", "properties": {name: {"type": "integer"} for name in names}, "required": names}
