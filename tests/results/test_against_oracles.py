"""Random Programs, run by the machine: every metric equals its slow, obvious twin, and what must add up adds up."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import burst_bytes, cause_of, chain, doing, dram_bytes, occupied_bytes, on_chip
from scenes import Chance

from accelsim.hardware import Hardware
from accelsim.program import Program
from accelsim.results import Measurements, measure
from accelsim.results.attribution import CAUSES, attribute
from accelsim.results.columns import Columns
from accelsim.results.reservations import reservations_of
from accelsim.trace import Trace

Run = tuple[Program, Trace, Hardware, Measurements]
runs = settings(max_examples=40, deadline=None)
seeds = st.integers(0, 10**6)


def run(seed: int) -> Run:
    program, trace, hardware = Chance(seed).scene.run()
    return program, trace, hardware, measure(program, trace, hardware)


def held(table: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in table.items() if count}


@given(seeds)
@runs
def test_occupancy_at_every_cycle_is_the_bytes_counted_one_by_one(seed: int) -> None:
    program, trace, _, measured = run(seed)
    for use, line, memory in zip(measured.memories, measured.occupancy, on_chip(program), strict=True):
        levels = occupied_bytes(program, trace, memory)
        expected = [sum(level.values()) for level in levels]
        assert line.exact
        steps = np.searchsorted(line.cycles, np.arange(len(levels)), side="right") - 1
        assert [line.bytes[step] for step in steps] == expected
        assert use.peak_occupancy_bytes == max(expected)
        assert use.peak_cycle == expected.index(max(expected))
        assert {tensor.name: tensor.bytes for tensor in use.peak_tensors} == held(levels[use.peak_cycle])
        assert expected[-1] == 0


@given(seeds)
@runs
def test_reserved_bytes_are_the_addresses_counted_one_by_one(seed: int) -> None:
    chance = Chance(seed)
    ranges = chance.scene.ranges
    for place, held_range in enumerate(ranges):
        ranges[place] = replace(held_range, address=held_range.address // 3) if held_range.memory else held_range
    program, trace, hardware = chance.scene.run()
    reserved = reservations_of(Columns.of(program), trace)
    for line, memory in zip(measure(program, trace, hardware).occupancy, on_chip(program), strict=True):
        mine = reserved.of_memory(memory)
        for cycle, counted in zip(line.cycles, line.reserved_bytes, strict=True):
            addresses = {
                address
                for low, high, begin, end in zip(mine.low, mine.high, mine.begin, mine.end, strict=True)
                for address in range(low, high)
                if begin <= cycle < end
            }
            assert counted == len(addresses)


@given(seeds)
@runs
def test_occupancy_is_bounded_by_reservations_and_split_by_kind(seed: int) -> None:
    _, trace, _, measured = run(seed)
    for use, line in zip(measured.memories, measured.occupancy, strict=True):
        assert all(a <= b for a, b in zip(line.bytes, line.reserved_bytes, strict=True))
        assert [sum(row) for row in zip(*line.bytes_by_kind.values(), strict=True)] == list(line.bytes) or not any(
            line.bytes
        )
        assert use.peak_occupancy_bytes + use.reserved_unwritten_bytes <= use.peak_reserved_bytes
        assert line.cycles[0] == 0
        assert line.cycles[-1] == trace.latency_cycles
        assert list(line.cycles) == sorted(set(line.cycles))


@given(seeds)
@runs
def test_every_dram_byte_has_the_cause_that_counting_elements_gives_it(seed: int) -> None:
    program, _, hardware, measured = run(seed)
    expected = dram_bytes(program)
    assert [held(Counter(layer.dram_bytes_by_cause)) for layer in measured.layers] == [held(c) for c in expected]
    boxes = [o.box for i in program.instructions for o in (*i.reads, *i.writes) if o.memory == 0]
    moved = sum(burst_bytes(box, hardware.dram.burst_bytes) for box in boxes)
    assert measured.totals.dram_bytes == sum(box.bytes for box in boxes)
    assert measured.totals.burst_padding_bytes == moved - measured.totals.dram_bytes


@given(seeds)
@runs
def test_every_cycle_has_the_cause_that_asking_at_that_cycle_gives_it(seed: int) -> None:
    program, trace, hardware, measured = run(seed)
    totals: Counter[str] = Counter()
    layers: list[Counter[str]] = [Counter() for _ in program.layers]
    for cycle in range(trace.latency_cycles):
        cause, position = cause_of(program, trace, hardware.issue_cycles, cycle)
        totals[cause] += 1
        if position >= 0:
            layers[program.instructions[position].layer][cause] += 1
    assert held(Counter(measured.totals.array_cycles_by_cause)) == held(totals)
    for layer, expected in zip(measured.layers, layers, strict=True):
        assert held(Counter({**layer.array_cycles_by_cause, "idle": 0})) == held(expected)


@given(seeds)
@runs
def test_segments_are_a_partition_of_the_run_and_the_idle_tail_is_explained(seed: int) -> None:
    program, trace, hardware, _ = run(seed)
    why = attribute(Columns.of(program), trace, hardware.issue_cycles)
    covered = np.zeros(trace.latency_cycles, np.int64)
    for segments in (why.segments, why.tail):
        for begin, end in zip(segments.begin, segments.end, strict=True):
            covered[begin:end] += 1
    assert (covered == 1).all()
    last = int(np.argmax(trace.end))
    for begin, end, cause, position in zip(
        why.tail.begin, why.tail.end, why.tail.cause, why.tail.instruction, strict=True
    ):
        for cycle in range(begin, end):
            step = chain if trace.start[last] > cycle else doing
            assert step(program, trace, hardware.issue_cycles, cycle, last) == (CAUSES[cause].value, position)


@given(seeds, st.integers(1, 40))
@runs
def test_activity_over_time_is_the_causes_counted_in_each_stretch(seed: int, steps: int) -> None:
    program, trace, hardware, _ = run(seed)
    activity = measure(program, trace, hardware, most_steps=steps).activity
    causes = [cause_of(program, trace, hardware.issue_cycles, cycle)[0] for cycle in range(trace.latency_cycles)]
    edges = activity.cycles
    assert (edges[0], edges[-1]) == (0, trace.latency_cycles)
    assert len(edges) <= steps + 1
    for place, (begin, end) in enumerate(pairwise(edges)):
        drawn = {name: counts[place] for name, counts in activity.cycles_by_cause.items()}
        assert held(Counter(drawn)) == dict(Counter(causes[begin:end]))


@given(seeds)
@runs
def test_what_must_add_up_adds_up(seed: int) -> None:
    program, trace, _, measured = run(seed)
    totals, layers = measured.totals, measured.layers
    assert sum(totals.array_cycles_by_cause.values()) == totals.latency_cycles == trace.latency_cycles
    assert sum(totals.dram_bytes_by_cause.values()) == totals.dram_bytes
    assert sum(layer.latency_cycles for layer in layers) == totals.latency_cycles
    assert sum(layer.dram_bytes for layer in layers) == totals.dram_bytes
    assert sum(layer.burst_padding_bytes for layer in layers) == totals.burst_padding_bytes
    assert sum(layer.array_cycles for layer in layers) == totals.array_cycles
    assert sum(layer.energy_pj for layer in layers) == pytest.approx(totals.energy_pj, rel=1e-12)
    assert sum(totals.energy_pj_by_component.values()) == pytest.approx(totals.energy_pj, rel=1e-12)
    for name, cycles in totals.array_cycles_by_cause.items():
        assert sum(layer.array_cycles_by_cause[name] for layer in layers) == cycles
    assert measured.spills.bytes_written == totals.dram_bytes_by_cause["spill"]
    assert all(layer.pe_utilisation <= 1 for layer in layers)
    assert max(totals.compute_bound_cycles, totals.dram_bound_cycles) <= totals.latency_cycles
    assert len(program.layers) == len(layers)
    peaks = [layer.peak_occupancy_bytes for layer in layers]
    assert max(peaks) <= measured.memories[0].peak_occupancy_bytes


@given(seeds, st.integers(2, 12))
@runs
def test_a_thinned_timeline_keeps_the_peak_and_never_understates_a_level(seed: int, steps: int) -> None:
    program, trace, hardware, measured = run(seed)
    thinned = measure(program, trace, hardware, most_steps=steps)
    for full, thin in zip(measured.occupancy, thinned.occupancy, strict=True):
        assert len(thin.cycles) <= steps or thin.exact
        assert max(thin.bytes) == max(full.bytes)
        assert thin.bytes[-1] == 0
        assert thin.cycles[-1] == trace.latency_cycles
        for cycle, level in zip(full.cycles, full.bytes, strict=True):
            assert thin.bytes[np.searchsorted(thin.cycles, cycle, side="right") - 1] >= level
        assert [sum(row) for row in zip(*thin.bytes_by_kind.values(), strict=True)] == list(thin.bytes) or not any(
            thin.bytes
        )
