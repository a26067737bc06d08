"""The run layer by layer: latencies that add up, cycles and bytes by cause that add up, bounds, and what binds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from accelsim.program import Opcode
from accelsim.results import attribution, traffic
from accelsim.results.attribution import Attribution
from accelsim.results.causes import ArrayCause, BoundBy
from accelsim.results.columns import Columns, Ints
from accelsim.results.records import LayerResult
from accelsim.results.traffic import Traffic
from accelsim.trace import Trace

__all__ = ["Peak", "cycle_tables", "layer_results"]

_BUSY = (ArrayCause.COMPUTE, ArrayCause.FILL_DRAIN, ArrayCause.PORTS)
_BOUND = {
    ArrayCause.COMPUTE: BoundBy.COMPUTE,
    ArrayCause.FILL_DRAIN: BoundBy.COMPUTE,
    ArrayCause.PORTS: BoundBy.COMPUTE,
    ArrayCause.WEIGHTS: BoundBy.WEIGHTS,
    ArrayCause.ACTIVATIONS: BoundBy.ACTIVATIONS,
    ArrayCause.STORE: BoundBy.STORE,
    ArrayCause.VECTOR: BoundBy.VECTOR,
    ArrayCause.PARTIAL_SUMS: BoundBy.STORE,
    ArrayCause.DRAM_LATENCY: BoundBy.LATENCY,
    ArrayCause.ISSUE: BoundBy.LATENCY,
}


@dataclass(frozen=True, slots=True)
class Peak:
    """The hardware's limits: MACs per cycle, DRAM bytes per cycle (exact)."""

    macs_per_cycle: int
    bytes_per_cycle: Fraction

    def compute_cycles(self, macs: int) -> int:
        """Cycles that `macs` take at best."""
        return -(-macs // self.macs_per_cycle)

    def dram_cycles(self, size: int) -> int:
        """Cycles that `size` bytes take at best."""
        return -(-size * self.bytes_per_cycle.denominator // self.bytes_per_cycle.numerator)

    def utilisation(self, macs: int, cycles: int) -> float:
        """Share of the peak that `macs` in `cycles` are."""
        return macs / (cycles * self.macs_per_cycle) if cycles else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """When each layer ran, one entry per layer.

    Attributes:
        first, last: start of its first instruction and end of its last; -1 if it has none.
        busy_first, busy_last: the same of its compute instructions, or of all if it has none.
        completed: T_i, the latest completion among layers up to this one.
    """

    first: Ints
    last: Ints
    busy_first: Ints
    busy_last: Ints
    completed: Ints

    @classmethod
    def of(cls, columns: Columns, trace: Trace) -> Spans:
        """The spans of all layers."""
        layer, computes = columns.layer, columns.runs(Opcode.ARRAY, Opcode.VECTOR)
        count = len(columns.program.layers)
        first, last = _extent(layer, trace.start, trace.end, count)
        busy_first, busy_last = _extent(layer[computes], trace.start[computes], trace.end[computes], count)
        none = busy_first < 0
        busy_first[none], busy_last[none] = first[none], last[none]
        return cls(first, last, busy_first, busy_last, np.maximum.accumulate(np.maximum(last, 0)))


def _extent(layer: Ints, start: Ints, end: Ints, count: int) -> tuple[Ints, Ints]:
    never = np.iinfo(np.int64).max
    first, last = np.full(count, never), np.full(count, -1)
    np.minimum.at(first, layer, start)
    np.maximum.at(last, layer, end)
    first[first == never] = -1
    return first, last


def cycle_tables(columns: Columns, why: Attribution, spans: Spans) -> tuple[Ints, Ints]:
    """Cycles by layer and cause: those that add up to the latency, and those with the idle tail explained.

    A cycle belongs to the layer of the instruction it was spent on. The idle tail goes, like the latency, to the
    layers that complete in it.
    """
    layer = columns.layer
    table = np.zeros((len(columns.program.layers), len(attribution.CAUSES)), np.int64)
    segments = why.segments
    np.add.at(table, (layer[segments.instruction], segments.cause), segments.end - segments.begin)
    explained = table.copy()
    np.add.at(explained, (layer[why.tail.instruction], why.tail.cause), why.tail.end - why.tail.begin)
    in_tail = np.diff(np.maximum(spans.completed, why.tail_begin), prepend=why.tail_begin)
    table[:, attribution.CAUSES.index(ArrayCause.IDLE)] += in_tail
    return table, explained


def layer_results(
    columns: Columns,
    why: Attribution,
    moved: Traffic,
    spans: Spans,
    peak: Peak,
    occupied: list[int],
    energy: NDArray[np.float64],
) -> tuple[LayerResult, ...]:
    """One record per layer; `occupied` are peak bytes of the scratchpad and `energy` pJ, by layer."""
    program = columns.program
    cycles, explained = cycle_tables(columns, why, spans)
    dram = np.zeros((len(program.layers), len(traffic.CAUSES)), np.int64)
    np.add.at(dram, moved.layer, moved.by_cause)
    padding = np.zeros(len(program.layers), np.int64)
    np.add.at(padding, moved.layer, moved.padding)
    latency = np.diff(spans.completed, prepend=0)
    macs = array_macs(columns)
    compulsory = dram[:, [traffic.CAUSES.index(cause) for cause in traffic.COMPULSORY]].sum(axis=1)
    busy = cycles[:, [attribution.CAUSES.index(cause) for cause in _BUSY]].sum(axis=1)
    return tuple(
        LayerResult(
            name=layer.name,
            operator=layer.operator,
            fused=layer.fused,
            macs=layer.macs,
            latency_cycles=int(latency[i]),
            array_cycles=int(busy[i]),
            array_cycles_by_cause=dict(zip(map(str, attribution.CAUSES), cycles[i].tolist(), strict=True)),
            pe_utilisation=peak.utilisation(macs[i], int(cycles[i].sum())),
            dram_bytes=int(dram[i].sum()),
            dram_bytes_by_cause=dict(zip(map(str, traffic.CAUSES), dram[i].tolist(), strict=True)),
            peak_occupancy_bytes=occupied[i],
            bound_by=_bound_by(explained[i]).value,
            mapping=layer.mapping,
            burst_padding_bytes=int(padding[i]),
            compute_bound_cycles=peak.compute_cycles(macs[i]),
            dram_bound_cycles=peak.dram_cycles(int(compulsory[i])),
            energy_pj=float(energy[i]),
            first_cycle=int(spans.first[i]),
            last_cycle=int(spans.last[i]),
        )
        for i, layer in enumerate(program.layers)
    )


def array_macs(columns: Columns) -> list[int]:
    """Multiply-accumulates that each layer runs on the array."""
    macs = np.zeros(len(columns.program.layers), np.int64)
    np.add.at(macs, columns.layer, columns.work.macs)
    result: list[int] = macs.tolist()
    return result


def _bound_by(cycles: Ints) -> BoundBy:
    """What most of a layer's cycles went into; compute where there are none."""
    spent = dict.fromkeys(BoundBy, 0)
    for cause, bound in _BOUND.items():
        spent[bound] += int(cycles[attribution.CAUSES.index(cause)])
    return max(spent, key=lambda bound: spent[bound])
