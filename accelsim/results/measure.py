"""From Program, Trace and hardware to the numbers: every metric of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from accelsim.hardware import Hardware
from accelsim.program import MemoryKind, Program
from accelsim.results import traffic
from accelsim.results.actions import EnergyUse, energy_use
from accelsim.results.attribution import Attribution, activity, attribute
from accelsim.results.banks import bank_contention
from accelsim.results.causes import ArrayCause
from accelsim.results.columns import Columns, Ints
from accelsim.results.drawing import memory_map, unit_activity
from accelsim.results.layering import Peak, Spans, array_macs, layer_results
from accelsim.results.levels import Levels, levels_of, memory_use, peaks_within, timeline
from accelsim.results.occupancy import fragments_of
from accelsim.results.records import LayerResult, Measurements, MemoryMap, MemoryUse, Timeline, Totals
from accelsim.results.reservations import reservations_of
from accelsim.results.spilling import spills_of
from accelsim.results.traffic import Traffic, traffic_of
from accelsim.trace import Trace

__all__ = ["measure"]

MOST_STEPS = 600
"""Steps of a drawn timeline; a longer one is thinned to the highest moments."""


def measure(program: Program, trace: Trace, hardware: Hardware, *, most_steps: int = MOST_STEPS) -> Measurements:
    """Every metric that Program, Trace and hardware determine.

    Args:
        program: what ran.
        trace: when it ran.
        hardware: on what.
        most_steps: most steps of each timeline.
    """
    columns = Columns.of(program)
    moved = traffic_of(columns, hardware.dram.burst_bytes)
    why = attribute(columns, trace, hardware.issue_cycles)
    spans = Spans.of(columns, trace)
    memories, lines, levels, maps = _memories(columns, trace, most_steps)
    energy = energy_use(columns, moved, hardware, trace.latency_cycles)
    occupied = peaks_within(levels, spans.busy_first, spans.busy_last)
    peak = Peak(hardware.peak_macs_per_cycle, hardware.dram.bytes_per_cycle)
    layers = layer_results(columns, why, moved, spans, peak, occupied, energy.by_layer)
    return Measurements(
        totals=_totals(columns, trace, layers, moved, energy, peak, hardware),
        memories=memories,
        spills=spills_of(program, trace, moved, _waits(why, len(trace))),
        layers=layers,
        occupancy=lines,
        activity=activity(why, trace.latency_cycles, most_steps),
        memory_maps=maps,
        units=unit_activity(columns, trace),
    )


def _memories(
    columns: Columns, trace: Trace, most: int
) -> tuple[tuple[MemoryUse, ...], tuple[Timeline, ...], Levels, tuple[MemoryMap, ...]]:
    """Use, timeline and map of every on-chip memory, scratchpads first, and the levels of the first."""
    reserved, pieces = reservations_of(columns, trace), fragments_of(columns, trace)
    program = columns.program
    on_chip = np.flatnonzero(columns.on_chip).tolist()
    on_chip.sort(key=lambda i: program.memories[i].kind is not MemoryKind.SCRATCHPAD)
    uses, lines, levels, maps = [], [], [], []
    for number in on_chip:
        mine = pieces.of_memory(number)
        level = levels_of(columns, mine, reserved.of_memory(number), trace.latency_cycles)
        levels.append(level)
        uses.append(replace(memory_use(program, number, mine, level), banks=bank_contention(columns, trace, number)))
        lines.append(timeline(program.memories[number].name, level, trace.latency_cycles, most))
        maps.append(memory_map(columns, reserved, number, trace.latency_cycles))
    return tuple(uses), tuple(lines), levels[0], tuple(maps)


def _waits(why: Attribution, count: int) -> Ints:
    """For every instruction the cycles in which the array waited and the chain had reached it."""
    lost = np.zeros(count, np.int64)
    for segments in (why.segments, why.tail):
        np.add.at(lost, segments.instruction, segments.end - segments.begin)
    return lost


def _totals(
    columns: Columns,
    trace: Trace,
    layers: Sequence[LayerResult],
    moved: Traffic,
    energy: EnergyUse,
    peak: Peak,
    hardware: Hardware,
) -> Totals:
    macs = sum(array_macs(columns))
    by_cause = moved.by_cause.sum(axis=0).tolist()
    dram = dict(zip(map(str, traffic.CAUSES), by_cause, strict=True))
    causes = [cause.value for cause in ArrayCause]
    return Totals(
        latency_cycles=trace.latency_cycles,
        latency_s=hardware.seconds(trace.latency_cycles),
        compute_bound_cycles=peak.compute_cycles(macs),
        dram_bound_cycles=peak.dram_cycles(sum(dram[cause] for cause in traffic.COMPULSORY)),
        pe_utilisation=peak.utilisation(macs, trace.latency_cycles),
        macs=sum(layer.macs for layer in columns.program.layers),
        dram_bytes=sum(by_cause),
        dram_bytes_by_cause=dram,
        burst_padding_bytes=int(moved.padding.sum()),
        array_cycles=sum(layer.array_cycles for layer in layers),
        array_cycles_by_cause={name: sum(layer.array_cycles_by_cause[name] for layer in layers) for name in causes},
        energy_pj=energy.total_pj,
        energy_pj_by_component=energy.by_component,
        instructions=len(columns),
    )
