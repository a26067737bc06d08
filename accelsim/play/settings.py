"""Where the controls stand: read from a link without ever failing, written to a link, turned into a description."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from accelsim.play.ranges import RANGES, Range

if TYPE_CHECKING:
    from accelsim.hardware import Hardware
    from accelsim.play.catalogue import Catalogue

__all__ = ["RESTRUCTURE", "Read", "Settings", "changed", "from_hardware", "from_query"]

OFF = "off"
RESTRUCTURE = {
    OFF: "off",
    "default": "retained: overlaps kept or computed again, whichever flattens best",
    "rows": "rows: overlaps kept, nothing computed twice",
    "robust": "robust: overlaps computed again, holds in any order",
}
"""Kinds of restructuring, with what they are."""
_KIB, _GB = 1024, 10**9


@dataclass(frozen=True, slots=True)
class Settings:
    """One position of all controls.

    Attributes:
        model: a network of the catalogue.
        hardware: a description of the catalogue, on top of which the rest is set.
        scratchpad: KiB.
        rows, columns: of the PE array.
        dataflow: of the array.
        dram: GB/s.
        restructure: a key of `RESTRUCTURE`.
        parts: the most that restructuring may cut a tensor into; 0 leaves it to the plan.
    """

    model: str
    hardware: str
    scratchpad: float
    rows: float
    columns: float
    dataflow: str
    dram: float
    restructure: str = OFF
    parts: float = 0

    def overrides(self, base: Hardware) -> tuple[str, ...]:
        """The fields that differ from the description they are set on, each `path=value`."""
        own = from_hardware(self.model, self.hardware, base)
        return tuple(setting for key, setting in self._fields() if getattr(self, key) != getattr(own, key))

    def _fields(self) -> Iterator[tuple[str, str]]:
        whole = self.scratchpad == int(self.scratchpad)
        size = f"{int(self.scratchpad)}KiB" if whole else f"{round(self.scratchpad * _KIB)}B"
        yield "scratchpad", f"scratchpad.capacity={size}"
        yield "rows", f"pe_array.rows={round(self.rows)}"
        yield "columns", f"pe_array.columns={round(self.columns)}"
        yield "dataflow", f"pe_array.dataflow={self.dataflow}"
        yield "dram", f"dram.bandwidth={RANGES['dram'].text(self.dram)}GB/s"

    def query(self, base: Hardware) -> str:
        """The link's part behind the question mark: model, hardware, and what differs from that description."""
        own = from_hardware(self.model, self.hardware, base)
        parts = {"model": self.model, "hw": self.hardware}
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name not in ("model", "hardware") and value != getattr(own, item.name):
                parts[item.name] = RANGES[item.name].text(value) if item.name in RANGES else value
        return urlencode(parts)


def from_hardware(model: str, name: str, base: Hardware) -> Settings:
    """The settings that leave a description as it is."""
    return Settings(
        model=model,
        hardware=name,
        scratchpad=base.scratchpad.capacity_bytes / _KIB,
        rows=base.pe_array.rows,
        columns=base.pe_array.columns,
        dataflow=base.pe_array.dataflow.value,
        dram=base.dram.bandwidth_bytes_per_s / _GB,
    )


def changed(before: Settings, after: Settings) -> str:
    """What was moved from one position to the other, in words; empty if nothing was.

    Settings of another description are that description's, and not told one by one.
    """
    named = {"model": "model", "hardware": "hardware", "dataflow": "dataflow", "restructure": "restructuring"}
    skipped = set(_OF_HARDWARE) if before.hardware != after.hardware else set()
    told = []
    for item in fields(Settings):
        old, new = getattr(before, item.name), getattr(after, item.name)
        if old == new or item.name in skipped:
            continue
        span = RANGES.get(item.name)
        if span:
            told.append(f"{span.label} {span.text(old)} → {span.text(new)} {span.unit}".rstrip())
        else:
            told.append(f"{named[item.name]} {old} → {new}")
    return ", ".join(told)


_OF_HARDWARE = ("scratchpad", "rows", "columns", "dataflow", "dram")


@dataclass(frozen=True, slots=True)
class Read:
    """What a link means.

    Attributes:
        settings: always sound.
        notices: what of the link could not be taken as it is, and what is used instead.
    """

    settings: Settings
    notices: tuple[str, ...] = field(default=())


def from_query(query: Mapping[str, str], catalogue: Catalogue) -> Read:
    """Read a link; nonsense is told and replaced, never refused."""
    notices: list[str] = []

    def choice(key: str, allowed: Mapping[str, object], otherwise: str) -> str:
        value = query.get(key, otherwise)
        if value in allowed:
            return value
        notices.append(f"{key}: must be one of {', '.join(allowed)}, got {_shown(value)}; {otherwise} is used")
        return otherwise

    model = choice("model", catalogue.models, catalogue.first_model)
    name = choice("hw", catalogue.hardware, catalogue.first_hardware)
    own = from_hardware(model, name, catalogue.hardware[name])
    found = replace(
        own,
        dataflow=choice("dataflow", catalogue.dataflows, own.dataflow),
        restructure=choice("restructure", RESTRUCTURE, own.restructure),
    )
    numbers: dict[str, Any] = {}
    for key, span in RANGES.items():
        if key in query:
            value, notice = number(span, query[key], getattr(own, key))
            notices += [notice] if notice else []
            numbers[key] = value
    known = ("model", "hw", "dataflow", "restructure", *RANGES)
    rule = f"must be one of {', '.join(known)}; it is left out"
    notices += [f"{_shown(key)}: {rule}" for key in sorted(set(query).difference(known))]
    return Read(replace(found, **numbers), tuple(notices))


def number(span: Range, text: object, otherwise: float) -> tuple[float, str]:
    """The number that a text means, and what was wrong with it: the nearest one allowed, or another."""
    rule = f"{span.key}: must be {'a whole number' if span.whole else 'a number'} from "
    rule += f"{span.text(span.low)} to {span.text(span.high)}{f' {span.unit}' if span.unit else ''}"
    try:
        value = float(str(text))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        return otherwise, f"{rule}, got {_shown(text)}; {span.text(otherwise)} is used"
    near = span.within(float(round(value)) if span.whole else value)
    if near == value or value == otherwise:
        return value, ""
    return near, f"{rule}, got {_shown(text)}; {span.text(near)} is used"


def _shown(value: object) -> str:
    from accelsim.hardware.problems import quote

    return quote(str(value))
