"""What a sweep asks for: networks × descriptions × settings × restructuring × state, every combination a point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import TypeAlias

from accelsim.hardware import Hardware

__all__ = ["OFF", "Base", "Definition", "ModelChoice", "Point", "Settings"]

OFF = "off"
"""Not restructured."""

Settings: TypeAlias = tuple[str, ...]
"""Fields set together, each `path=value`."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A network.

    Attributes:
        name: as the user wrote it.
        path: what opens it: the name of a zoo network, or the file's path.
        dims: sizes of its symbolic dimensions.
    """

    name: str
    path: str
    dims: Mapping[str, int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Base:
    """A description to set fields upon; `name` as the user wrote it."""

    name: str
    hardware: Hardware = field(hash=False)


@dataclass(frozen=True, slots=True)
class Point:
    """One run that is asked for."""

    model: ModelChoice
    base: Base
    settings: Settings
    restructure: str
    state: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A sweep.

    Attributes:
        name: of the sweep in its results file.
        description: what it is to show.
        models, bases: the networks and the descriptions.
        axes: alternatives that are crossed with each other; each is a tuple of settings that go together.
        restructure: `off`, a plan's kind, most extra MACs (`8.6%`), or a plan's file.
        states: `cold`, `warm` or both.
        objectives: quantities its results are judged by, the first one first.
        source: the text it was read from, as the results file keeps it.
    """

    name: str
    models: tuple[ModelChoice, ...]
    bases: tuple[Base, ...]
    axes: tuple[tuple[Settings, ...], ...] = ()
    restructure: tuple[str, ...] = (OFF,)
    states: tuple[str, ...] = ("cold",)
    objectives: tuple[str, ...] = ("latency",)
    description: str = ""
    source: str = ""

    @property
    def size(self) -> int:
        """How many points there are."""
        parts = (self.models, self.bases, self.restructure, self.states, *self.axes)
        return prod(len(part) for part in parts)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that settings vary, in their order."""
        names = (s.partition("=")[0] for axis in self.axes for settings in axis for s in settings)
        return tuple(dict.fromkeys(names))

    def points(self) -> Iterator[Point]:
        """Every combination: those that share most work follow each other."""
        outer = product(self.models, self.restructure, self.bases)
        for model, restructure, base in outer:
            for combination in product(*sorted(self.axes, key=_cheapness)):
                settings = tuple(setting for part in combination for setting in part)
                for state in self.states:
                    yield Point(model, base, settings, restructure, state)


_REMAPS = (
    "pe_array.", "precision.", "vector_unit.", "accumulator", "weight_buffer", "issue_cycles", "dram.burst",
    "scratchpad.read_width", "scratchpad.write_width",
)  # fmt: skip


def _cheapness(axis: tuple[Settings, ...]) -> bool:
    """Whether an axis leaves the cost of tilings as it is, so that it may vary fastest."""
    return not any(setting.startswith(_REMAPS) for settings in axis for setting in settings)
