"""What drawings need beyond metrics: which addresses were reserved for what and when, and what each unit did when.

Both are thinned to what an eye can tell apart, and say so; the metrics are never computed from them.
"""

from __future__ import annotations

import numpy as np

from accelsim.results.columns import OPCODES, Columns, Ints
from accelsim.results.records import MemoryMap, UnitActivity
from accelsim.results.reservations import Reservations
from accelsim.trace import Trace

__all__ = ["MOST_RANGES", "MOST_SLICES", "memory_map", "unit_activity"]

MOST_RANGES = 6000
"""Ranges of a drawn memory; with more, the smallest areas (bytes × cycles) are left out."""
MOST_SLICES = 8000
"""Slices of a drawn unit; with more, neighbours of the same layer become one."""
_PIXELS = 4000
"""Gaps below this fraction of the run are not seen."""


def memory_map(columns: Columns, reserved: Reservations, memory: int, latency: int) -> MemoryMap:
    """The reservations of one memory as rectangles: addresses × cycles."""
    program = columns.program
    rows = np.flatnonzero((reserved.memory == memory) & (reserved.begin < reserved.end))
    layer = _first_layers(columns)[rows]
    tensor = np.array([item.tensor for item in program.ranges], np.int64)[rows]
    low, size = reserved.low[rows], (reserved.high - reserved.low)[rows]
    table = np.stack((low, size, tensor, layer, reserved.begin[rows], reserved.end[rows]))
    table = _joined(table, max(1, latency // _PIXELS))
    kept = _largest(table[1] * (table[5] - table[4]))
    low, size, tensor, layer, begin, end = table[:, kept]
    used, index = np.unique(tensor, return_inverse=True)
    return MemoryMap(
        memory=program.memories[memory].name,
        tensors=tuple(program.tensors[i].name for i in used.tolist()),
        kinds=tuple(program.tensors[i].kind.value for i in used.tolist()),
        tensor=tuple(index.tolist()),
        layer=tuple(layer.tolist()),
        address=tuple(low.tolist()),
        size_bytes=tuple(size.tolist()),
        first_cycle=tuple(begin.tolist()),
        last_cycle=tuple(end.tolist()),
        ranges=len(rows),
        left_out=table.shape[1] - len(kept),
    )


def _first_layers(columns: Columns) -> Ints:
    """For every range the layer of the first instruction that touches it; -1 where none does."""
    layer = np.full(len(columns.program.ranges), -1, np.int64)
    used = columns.accesses
    layer[used.range[::-1]] = columns.layer[used.instruction[::-1]]
    return layer


def _joined(table: Ints, gap: int) -> Ints:
    """Rectangles of the same addresses, tensor and layer that follow each other within `gap` cycles become one."""
    if not table.shape[1]:
        return table
    table = table[:, np.lexsort(table[[4, 3, 2, 1, 0]])]
    same = (table[:4, 1:] == table[:4, :-1]).all(axis=0) & (table[4, 1:] <= table[5, :-1] + gap)
    first = np.flatnonzero(np.append(True, ~same))
    joined = table[:, first]
    joined[5] = np.maximum.reduceat(table[5], first)
    return joined


def _largest(area: Ints) -> Ints:
    """The places of the largest, in their order."""
    if len(area) <= MOST_RANGES:
        return np.arange(len(area))
    return np.sort(np.argsort(-area, kind="stable")[:MOST_RANGES])


def unit_activity(columns: Columns, trace: Trace, most: int = MOST_SLICES) -> tuple[UnitActivity, ...]:
    """What each unit that did anything did when; transfers begin when their first byte moves."""
    program = columns.program
    size = _moved(columns)
    begin = np.maximum(trace.start, trace.bus_start)
    found = []
    for number, unit in enumerate(program.units):
        rows = np.flatnonzero(columns.unit == number)
        if not len(rows):
            continue
        table = np.stack((begin[rows], trace.end[rows], columns.layer[rows], columns.opcode[rows], size[rows]))
        slices, gap = _thinned(table, most, trace.latency_cycles)
        found.append(
            UnitActivity(
                unit=unit.name,
                kind=unit.kind.value,
                begin=tuple(slices[0].tolist()),
                end=tuple(slices[1].tolist()),
                layer=tuple(slices[2].tolist()),
                opcodes=tuple(opcode.value for opcode in OPCODES),
                opcode=tuple(slices[3].tolist()),
                bytes=tuple(slices[4].tolist()),
                instructions=len(rows),
                busy_cycles=int(_union(table)),
                joined_gap_cycles=gap,
            )
        )
    return tuple(found)


def _moved(columns: Columns) -> Ints:
    """Bytes that each instruction writes."""
    written = columns.accesses.take(columns.accesses.write)
    moved = np.zeros(len(columns), np.int64)
    np.add.at(moved, written.instruction, written.bytes)
    return moved


def _thinned(table: Ints, most: int, latency: int) -> tuple[Ints, int]:
    """Slices of the same layer and opcode become one where the gap between them is small; the gap grows as it must.

    Returns:
        The slices, at most `most` unless layers alone are more, and the gap (-1: nothing was joined).
    """
    table = table[:, np.argsort(table[0], kind="stable")]
    gap, joined = -1, table
    while joined.shape[1] > most and gap <= latency:
        gap = 0 if gap < 0 else max(2 * gap, 1, latency // _PIXELS)
        joined = _neighbours(table, gap)
    return joined, gap


def _neighbours(table: Ints, gap: int) -> Ints:
    same = (table[2:4, 1:] == table[2:4, :-1]).all(axis=0) & (table[0, 1:] <= table[1, :-1] + gap)
    first = np.flatnonzero(np.append(True, ~same))
    joined = table[:, first]
    joined[1] = np.maximum.reduceat(table[1], first)
    joined[4] = np.add.reduceat(table[4], first)
    return joined


def _union(table: Ints) -> int:
    """Cycles in which at least one of the slices lasts."""
    order = np.argsort(table[0], kind="stable")
    begin, end = table[0][order], np.maximum.accumulate(table[1][order])
    before = np.concatenate(([0], end[:-1]))
    return int(np.maximum(0, end - np.maximum(begin, before)).sum())
