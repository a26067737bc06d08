"""Mappings fixed by the user: a YAML file that names layers and what is decided for them.

    layers:
      conv1:                 # a layer's name; * and ? match several
        tile: {OY: 8, OX: 112, K: 64, C: 3}
        order: SKC           # tile loops, outermost first: S positions, K filters, C channels
        hold: [weights]      # operands that stay in the scratchpad until the layer ends

What is not named stays free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from accelsim.errors import ConfigurationError
from accelsim.files import read_text
from accelsim.hardware.document import parse_yaml
from accelsim.hardware.problems import raise_problems
from accelsim.mapping.records import ORDERS

_LOOPS = {"B": "batch", "OY": "rows", "OX": "columns", "K": "filters", "C": "channels"}
_KEYS = ("tile", "order", "hold")


@dataclass(frozen=True, slots=True)
class Pin:
    """What is fixed for a layer; 0, empty or None where it is free."""

    batch: int = 0
    rows: int = 0
    columns: int = 0
    filters: int = 0
    channels: int = 0
    order: str = ""
    hold: tuple[str, ...] | None = None

    @property
    def tile(self) -> bool:
        """Whether any side of the tile is fixed."""
        return any((self.batch, self.rows, self.columns, self.filters, self.channels))


FREE = Pin()


@dataclass(frozen=True, slots=True)
class Pins:
    """Patterns of layer names and what they fix; the first pattern that matches counts."""

    entries: tuple[tuple[str, Pin], ...] = ()

    def of(self, name: str) -> Pin:
        """What is fixed for the layer called `name`."""
        return next((pin for pattern, pin in self.entries if fnmatchcase(name, pattern)), FREE)

    def unused(self, names: list[str]) -> list[str]:
        """Patterns that match no layer: a misspelling the user wants to hear of."""
        return [pattern for pattern, _ in self.entries if not any(fnmatchcase(name, pattern) for name in names)]


def load_pins(path: str | Path) -> Pins:
    """Read a mapping file.

    Raises:
        ConfigurationError: the file is missing, not YAML, or says something that is not understood.
    """
    found = parse_yaml(read_text(path), str(path), "layers", "write `layers:` with layer names below it")
    raise_problems(list(found.problems))
    document = found.tree
    if set(document) != {"layers"} or not isinstance(document["layers"], dict):
        raise ConfigurationError(
            f"{path}: must hold one key 'layers' with layer names below it, e.g. layers: {{conv1: …}}"
        )
    problems: list[str] = []
    entries = tuple(
        (str(name), _pin(f"{path}: layers.{name}", body, problems)) for name, body in document["layers"].items()
    )
    if problems:
        raise ConfigurationError(*problems)
    return Pins(entries)


def _pin(where: str, body: Any, problems: list[str]) -> Pin:
    if not isinstance(body, dict):
        problems.append(f"{where}: must be a mapping with any of {', '.join(_KEYS)}, got {body!r}")
        return FREE
    _unknown_keys(where, body, _KEYS, problems)
    sizes = _sizes(f"{where}.tile", body.get("tile", {}), problems)
    order = str(body.get("order", ""))
    if order and order not in ORDERS:
        problems.append(f"{where}.order: must be one of {', '.join(ORDERS)}, got {order!r}")
    hold = body.get("hold")
    if hold is not None and (not isinstance(hold, list) or any(each not in ("input", "weights") for each in hold)):
        problems.append(f"{where}.hold: must be a list of 'input' and 'weights', got {hold!r}")
        hold = None
    return Pin(order=order if order in ORDERS else "", hold=None if hold is None else tuple(hold), **sizes)


def _sizes(where: str, tile: Any, problems: list[str]) -> dict[str, int]:
    if not isinstance(tile, dict):
        problems.append(f"{where}: must map loops to sizes, e.g. {{K: 16, OY: 8}}, got {tile!r}")
        return {}
    _unknown_keys(where, tile, tuple(_LOOPS), problems)
    sizes = {}
    for loop, size in tile.items():
        if loop not in _LOOPS:
            continue
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            problems.append(f"{where}.{loop}: must be a whole number >= 1, got {size!r}")
        else:
            sizes[_LOOPS[loop]] = size
    return sizes


def _unknown_keys(where: str, body: Mapping[Any, Any], known: tuple[str, ...], problems: list[str]) -> None:
    for key in body:
        if key not in known:
            close = get_close_matches(str(key), known, n=1, cutoff=0.4)
            hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
            problems.append(f"{where}: unknown key {key!r}; {hint}")
