"""A sweep's YAML becomes a `Definition`, or a list of all its problems, each with its line.

name: edge_sram
models: [mobilenetv2, {model: nets/own.onnx, dims: {N: 1}}]
hardware: edge_npu
set:
  scratchpad.capacity: 32KiB..1MiB:x2
  dram.bandwidth: [1.6 GB/s, 3.2 GB/s]
variants:                        # fields that go together
  - {pe_array.rows: 8, pe_array.columns: 32}
  - {pe_array.rows: 16, pe_array.columns: 16}
restructure: [off, default, 8.6%]
objectives: [latency, energy]
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accelsim.explore.sweeping.checks import Checks
from accelsim.explore.sweeping.definition import OFF, Definition
from accelsim.explore.sweeping.parts import Reader
from accelsim.files import read_text
from accelsim.hardware.document import Document, parse_yaml

__all__ = ["KEYS", "MOST_POINTS", "read_definition"]

KEYS = ("name", "description", "models", "hardware", "set", "variants", "restructure", "state", "objectives")
MOST_POINTS = 1_000_000

_EXAMPLES = {"models": "[mobilenetv2]", "hardware": "edge_npu"}


def read_definition(source: str | os.PathLike[str] | Mapping[str, Any]) -> Definition:
    """Read a sweep from its file, or from a mapping of the same keys.

    Raises:
        ConfigurationError: with all problems at once, each with file, line, key, rule, value and remedy.
    """
    if isinstance(source, Mapping):
        return _definition(Document.of(source, "sweep"), Path(), "sweep", repr(dict(source)))
    path = Path(source)
    text = read_text(path)
    document = parse_yaml(text, str(path), "a sweep", "start from one of examples/sweeps")
    return _definition(document, path.parent, path.stem, text)


def _definition(document: Document, folder: Path, stem: str, source: str) -> Definition:
    checks = Checks(document)
    checks.known_keys((), KEYS)
    for key, example in _EXAMPLES.items():
        checks.given(key, example)
    reader = Reader(checks, folder)
    models, bases = reader.models(), reader.bases()
    found = Definition(
        name=checks.text("name") or stem,
        description=checks.text("description"),
        models=models,
        bases=bases,
        axes=reader.axes(),
        restructure=reader.restructuring() or (OFF,),
        states=reader.states() or ("cold",),
        objectives=reader.objectives() or ("latency",),
        source=source,
    )
    if found.size > MOST_POINTS:
        checks.problem((), f"must be at most {MOST_POINTS:,} points", f"{found.size:,}", "take fewer values")
    checks.raise_all()
    return found
