"""A timed run as tracks: what every unit did when, exactly, and counters over time; the record behind trace files."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from accelsim.printable import printable
from accelsim.program import Instruction, MemoryKind, Opcode

if TYPE_CHECKING:
    from accelsim.simulation import Run

__all__ = ["Counter", "Slice", "Track", "counters", "tracks"]

_STRETCHES = 1000


@dataclass(frozen=True, slots=True)
class Slice:
    """One instruction: [begin, end) in cycles, a name, and what else is known of it."""

    name: str
    begin: int
    end: int
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Track:
    """Slices that do not overlap, by their beginning. A DMA channel with several transfers in flight has several."""

    name: str
    unit: str
    slices: tuple[Slice, ...]


@dataclass(frozen=True, slots=True)
class Counter:
    """A value that changes: values[k] holds from cycles[k] on."""

    name: str
    unit: str
    cycles: tuple[int, ...]
    values: tuple[float, ...]


def tracks(run: Run) -> Iterator[Track]:
    """The tracks of all units that did anything; a transfer begins when its first byte moves."""
    program, trace = run.compiled.program, run.trace
    begin = np.maximum(trace.start, trace.bus_start).tolist()
    end = trace.end.tolist()
    for number, unit in enumerate(program.units):
        mine = [i for i, item in enumerate(program.instructions) if item.unit == number]
        lanes = _lanes(sorted(mine, key=lambda i: (begin[i], i)), begin, end)
        for lane, places in enumerate(lanes):
            name = unit.name if len(lanes) == 1 else f"{unit.name} ({lane + 1} of {len(lanes)} in flight)"
            found = tuple(_slice(run, program.instructions[i], begin[i], end[i], i) for i in places)
            yield Track(printable(name), printable(unit.name), found)


def _lanes(places: list[int], begin: list[int], end: list[int]) -> list[list[int]]:
    """Instructions shared out so that none overlaps another of its lane; the lane that is free first is taken."""
    lanes: list[list[int]] = []
    free: list[tuple[int, int]] = []
    for place in places:
        if free and free[0][0] <= begin[place]:
            lane = heapq.heappop(free)[1]
        else:
            lane = len(lanes)
            lanes.append([])
        lanes[lane].append(place)
        heapq.heappush(free, (end[place], lane))
    return lanes


def _slice(run: Run, item: Instruction, begin: int, end: int, number: int) -> Slice:
    program = run.compiled.program
    facts: dict[str, str | int] = {
        "instruction": number,
        "opcode": item.opcode.value,
        "layer": printable(program.layers[item.layer].name),
        "bytes read": sum(operand.bytes for operand in item.reads),
        "bytes written": sum(operand.bytes for operand in item.writes),
    }
    if item.opcode in (Opcode.LOAD, Opcode.STORE):
        facts["tensor"] = printable(program.tensors[item.reads[0].tensor].name)
        name = f"{item.opcode.value} {facts['tensor']}"
    else:
        name = str(facts["layer"])
    if item.tile is not None:
        facts["tile"] = f"{list(item.tile.start)} + {list(item.tile.shape)}"
    return Slice(name, begin, end, facts)


def counters(run: Run) -> Iterator[Counter]:
    """Occupied bytes of every on-chip memory, and the DRAM's bandwidth in use."""
    for line in run.result.occupancy:
        yield Counter(f"{printable(line.memory)} occupied", "B", line.cycles, tuple(map(float, line.bytes)))
    yield _bandwidth(run)


def _bandwidth(run: Run) -> Counter:
    """Requested bytes per cycle in equal stretches of time; those of a transfer move evenly while it lasts."""
    program, trace = run.compiled.program, run.trace
    dram = {i for i, memory in enumerate(program.memories) if memory.kind is MemoryKind.DRAM}
    bounds = np.unique(np.linspace(0, trace.latency_cycles, _STRETCHES + 1).astype(np.int64))
    moved = np.zeros(len(bounds))
    for i, item in enumerate(program.instructions):
        size = sum(operand.bytes for operand in (*item.reads, *item.writes) if operand.memory in dram)
        if size:
            first, last = int(trace.bus_start[i]), max(int(trace.end[i]), int(trace.bus_start[i]) + 1)
            low, high = np.searchsorted(bounds, (first, last))
            inside = np.concatenate(([first], bounds[low:high], [last]))
            moved += np.interp(bounds, inside, np.interp(inside, [first, last], [0, size]))
    rate = np.diff(moved) / np.diff(bounds) if len(bounds) > 1 else np.zeros(0)
    return Counter("DRAM bandwidth", "B/cycle", tuple(bounds.tolist()), (*rate.tolist(), 0.0))
