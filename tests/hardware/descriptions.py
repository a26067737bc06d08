"""A small sound description, and ways to spoil it."""

from copy import deepcopy
from typing import Any

SOUND = """\
name: small
frequency: 500 MHz
pe_array:
  rows: 4
  columns: 8
scratchpad:
  capacity: 32 KiB
dram:
  bandwidth: 1 GB/s
  latency: 10 ns
"""

_TREE: dict[str, Any] = {
    "name": "small",
    "frequency": "500 MHz",
    "pe_array": {"rows": 4, "columns": 8},
    "scratchpad": {"capacity": "32 KiB"},
    "dram": {"bandwidth": "1 GB/s", "latency": "10 ns"},
}


def with_value(path: str, value: object) -> dict[str, Any]:
    """The sound description with one value put in."""
    tree = deepcopy(_TREE)
    *sections, name = path.split(".")
    target = tree
    for section in sections:
        target = target.setdefault(section, {})
    target[name] = value
    return tree
