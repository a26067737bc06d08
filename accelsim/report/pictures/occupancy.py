"""Occupancy of a memory over time, stacked by what is held; another run's total over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from accelsim.report.parts import named
from accelsim.results import MemoryUse, SimulationResult, Timeline

__all__ = ["Area", "Outline", "occupancy"]


@dataclass(frozen=True, slots=True)
class Outline:
    """The total of another run: step k holds from cycles[k] to cycles[k + 1]."""

    name: str
    cycles: tuple[int, ...]
    bytes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """A stacked step function of bytes over cycles.

    Attributes:
        title: what is drawn.
        memory: the memory's name.
        cycles: where steps begin; the last is the end.
        bytes_by_kind: kind of content → bytes, one per step.
        bytes: their sum.
        capacity_bytes: of the memory.
        peak_bytes, peak_cycle, peak_layer: the highest step.
        exact: whether every change is a step.
        over: the other run, if there is one.
    """

    title: str
    memory: str
    cycles: tuple[int, ...]
    bytes_by_kind: Mapping[str, tuple[int, ...]]
    bytes: tuple[int, ...]
    capacity_bytes: int
    peak_bytes: int
    peak_cycle: int
    peak_layer: str
    exact: bool = True
    over: Outline | None = None

    @property
    def scale_bytes(self) -> int:
        """What the height of a drawing must hold: the capacity, unless it would hide the peak."""
        shown = max([self.peak_bytes, *(self.over.bytes if self.over else ())])
        return self.capacity_bytes if 4 * shown >= self.capacity_bytes else shown


def occupancy(result: SimulationResult, other: SimulationResult | None = None, memory: str = "") -> Area:
    """The picture of one memory, the scratchpad unless another is named.

    Args:
        result: the run that is stacked.
        other: the run whose total is drawn over it.
        memory: name of the memory.
    """
    use, line = _of(result, memory or result.scratchpad.name)
    over = None
    if other is not None:
        theirs = _of(other, memory or other.scratchpad.name)[1]
        over = Outline("restructured", theirs.cycles, theirs.bytes)
    return Area(
        title=f"{named(use.name)} of {result.hardware.name} while it runs {result.model.name}",
        memory=use.name,
        cycles=line.cycles,
        bytes_by_kind=line.bytes_by_kind,
        bytes=line.bytes,
        capacity_bytes=use.capacity_bytes,
        peak_bytes=use.peak_occupancy_bytes,
        peak_cycle=use.peak_cycle,
        peak_layer=use.peak_layer,
        exact=line.exact,
        over=over,
    )


def _of(result: SimulationResult, memory: str) -> tuple[MemoryUse, Timeline]:
    use = next(use for use in result.memories if use.name == memory)
    return use, next(line for line in result.occupancy if line.memory == memory)
