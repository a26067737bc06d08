"""Occupancy of one memory over time as a step function, its peak, and what the peak consists of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accelsim.program import Program
from accelsim.results.causes import OccupancyKind
from accelsim.results.columns import TENSOR_KINDS, Columns, Ints
from accelsim.results.occupancy import Fragments
from accelsim.results.records import MemoryUse, TensorBytes, Timeline
from accelsim.results.reservations import Reservations, stacked

__all__ = ["Levels", "levels_of", "memory_use", "peaks_within", "timeline"]

_KINDS = tuple(OccupancyKind(kind.value) for kind in TENSOR_KINDS)


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """The step function: level k holds from cycles[k] up to cycles[k + 1]; the last one is zero.

    Attributes:
        cycles: where a level begins, strictly increasing from 0.
        by_kind: occupied bytes, one row per kind of tensor.
        bytes: their sum.
        reserved: addresses in reserved ranges.
    """

    cycles: Ints
    by_kind: Ints
    bytes: Ints
    reserved: Ints


def levels_of(columns: Columns, pieces: Fragments, reserved: Reservations, latency: int) -> Levels:
    """The step function of one memory, from the fragments and the reservations in it."""
    moments = (pieces.begin, pieces.end, reserved.begin, reserved.end)
    cycles = np.unique(np.concatenate(([0, latency], *moments)))
    kinds = columns.tensor_kind[pieces.tensor]
    by_kind = np.zeros((len(_KINDS), len(cycles)), np.int64)
    for kind in np.unique(kinds):
        some = kinds == kind
        by_kind[kind] = stacked(cycles, pieces.begin[some], pieces.end[some], pieces.bytes[some])
    return Levels(cycles, by_kind, by_kind.sum(axis=0), reserved.bytes_at(cycles))


def memory_use(program: Program, memory: int, pieces: Fragments, levels: Levels) -> MemoryUse:
    """The use of one memory: its peak, when, by whom and of what; its highest address."""
    record = program.memories[memory]
    top = int(np.argmax(levels.bytes))
    cycle, peak = int(levels.cycles[top]), int(levels.bytes[top])
    made = pieces.writer[(pieces.begin == cycle) & (pieces.end > cycle)]
    maker = int(made.max(initial=-1))
    return MemoryUse(
        name=record.name,
        kind=record.kind.value,
        capacity_bytes=record.capacity_bytes,
        peak_occupancy_bytes=peak,
        peak_cycle=cycle,
        peak_layer=program.layers[program.instructions[maker].layer].name if maker >= 0 else "",
        peak_tensors=_tensors_at(program, pieces, cycle),
        highest_address_bytes=max((r.address + r.size_bytes for r in program.ranges if r.memory == memory), default=0),
        peak_reserved_bytes=int(levels.reserved.max()),
        reserved_unwritten_bytes=max(0, int(levels.reserved[top]) - peak),
    )


def _tensors_at(program: Program, pieces: Fragments, cycle: int) -> tuple[TensorBytes, ...]:
    alive = (pieces.begin <= cycle) & (cycle < pieces.end)
    counted = np.zeros(len(program.tensors), np.int64)
    np.add.at(counted, pieces.tensor[alive], pieces.bytes[alive])
    found = [TensorBytes(program.tensors[i].name, int(counted[i])) for i in np.flatnonzero(counted)]
    return tuple(sorted(found, key=lambda tensor: (-tensor.bytes, tensor.name)))


def peaks_within(levels: Levels, begin: NDArray[np.int64], end: NDArray[np.int64]) -> list[int]:
    """The highest level within each stretch [begin, end) of cycles; 0 for an empty stretch."""
    first = np.searchsorted(levels.cycles, begin, side="right") - 1
    last = np.searchsorted(levels.cycles, end, side="left")
    return [
        int(levels.bytes[a:b].max(initial=0)) if x < y else 0
        for a, b, x, y in zip(first.tolist(), last.tolist(), begin.tolist(), end.tolist(), strict=True)
    ]


def timeline(name: str, levels: Levels, latency: int, most_steps: int) -> Timeline:
    """The step function for drawing: every level, or in `most_steps` equal stretches of time the highest of each."""
    first, shown = levels.cycles, np.arange(len(levels.cycles))
    exact = len(shown) <= most_steps
    if not exact:
        first = np.append(np.unique(np.arange(most_steps - 1) * latency // (most_steps - 1)), latency)
        shown = _highest(levels, first)
    return Timeline(
        memory=name,
        cycles=tuple(first.tolist()),
        bytes=tuple(levels.bytes[shown].tolist()),
        bytes_by_kind={
            kind.value: tuple(levels.by_kind[row, shown].tolist())
            for row, kind in enumerate(_KINDS)
            if levels.by_kind[row].any()
        },
        reserved_bytes=tuple(levels.reserved[shown].tolist()),
        exact=exact,
    )


def _highest(levels: Levels, first: Ints) -> Ints:
    """For each stretch from first[k] to first[k + 1] the index of its highest level; the last stretch is the end.

    A key orders levels by height, then the earlier first; every other reduction is a stretch, the rest are fillers.
    """
    count = len(levels.cycles)
    low = np.searchsorted(levels.cycles, first, side="right") - 1
    high = np.append(np.searchsorted(levels.cycles, first[1:], side="left"), count)
    key = np.append(levels.bytes * count + np.arange(count)[::-1], 0)
    best = np.maximum.reduceat(key, np.stack((low, high), axis=1).ravel())[::2]
    highest: Ints = count - 1 - best % count
    return highest
