"""The machine on random Programs: against a second, cycle-stepped machine, and against what must always hold."""

import itertools
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import programs
from slow_machine import Row, SlowMachine, moved_bytes

from accelsim.machine import Timing, run
from accelsim.machine.dram import BandwidthLatencyDram, LoadPath, PathDram
from accelsim.program import ArrayWork, Opcode, Program, UnitKind, hazards
from accelsim.trace import Trace, Wait

timings = st.builds(
    Timing,
    bytes_per_cycle=st.sampled_from([Fraction(1), Fraction(4), Fraction(16), Fraction(3, 7), Fraction(64, 5)]),
    latency_cycles=st.sampled_from([0, 1, 7, 30]),
    burst_bytes=st.sampled_from([1, 4, 16]),
    issue_cycles=st.sampled_from([0, 1, 3]),
)
cases = settings(max_examples=60, deadline=None)


def rows(trace: Trace) -> list[Row]:
    columns = (trace.start, trace.end, trace.released_by, trace.wait, trace.bus_start, trace.bus_after)
    return [(s, e, r, Wait(w), b, a) for s, e, r, w, b, a in zip(*(c.tolist() for c in columns), strict=True)]


def transfers(program: Program) -> list[int]:
    return [i for i, n in enumerate(program.instructions) if n.opcode in (Opcode.LOAD, Opcode.STORE)]


@cases
@given(programs(), timings)
def test_both_machines_give_the_same_trace(program: Program, timing: Timing) -> None:
    assert rows(run(program, timing)) == SlowMachine(program, timing, hazards(program)).run()


@cases
@given(programs(), timings, st.data())
def test_both_machines_give_the_same_trace_where_arrays_take_loads_in_blocks(
    program: Program, timing: Timing, data: st.DataObject
) -> None:
    program = in_blocks(program, data)
    assert rows(run(program, timing)) == SlowMachine(program, timing, hazards(program)).run()


@cases
@given(programs(), timings, st.integers(1, 8), st.data())
def test_both_machines_give_the_same_trace_where_loads_pass_one_path(
    program: Program, timing: Timing, width: int, data: st.DataObject
) -> None:
    program = in_blocks(program, data)
    dram = PathDram(BandwidthLatencyDram(timing), LoadPath(width))
    slow = SlowMachine(program, timing, hazards(program), path_width=width)
    assert rows(run(program, timing, dram=dram)) == slow.run()


def in_blocks(program: Program, data: st.DataObject) -> Program:
    """The same with array instructions that take what they read in so many blocks."""
    taken = [
        replace(i, work=replace(i.work, blocks=data.draw(st.integers(1, 5)))) if isinstance(i.work, ArrayWork) else i
        for i in program.instructions
    ]
    return replace(program, instructions=tuple(taken))


@cases
@given(programs(), timings)
def test_the_same_run_twice_is_identical(program: Program, timing: Timing) -> None:
    assert rows(run(program, timing)) == rows(run(program, timing))


@cases
@given(programs(), timings)
def test_no_instruction_starts_before_what_it_waits_for_has_ended(program: Program, timing: Timing) -> None:
    trace = run(program, timing)
    assert all(trace.end[h.before] <= trace.start[h.after] for h in hazards(program))


@cases
@given(programs(), timings)
def test_units_start_and_end_in_order_and_keep_their_room(program: Program, timing: Timing) -> None:
    trace = run(program, timing)
    for index, unit in enumerate(program.units):
        queue = [i for i, n in enumerate(program.instructions) if n.unit == index]
        assert sorted(trace.start[queue]) == trace.start[queue].tolist()
        assert sorted(trace.end[queue]) == trace.end[queue].tolist()
        for before, after in zip(queue, queue[unit.outstanding :], strict=False):
            assert trace.end[before] <= trace.start[after]


@cases
@given(programs(), timings)
def test_every_release_is_an_end_or_an_issue_at_the_start(program: Program, timing: Timing) -> None:
    trace = run(program, timing)
    for i, (by, wait) in enumerate(zip(trace.released_by, trace.wait, strict=True)):
        if wait == Wait.NONE:
            assert (by, trace.start[i]) == (-1, 0)
        else:
            moment = trace.start[by] + timing.issue_cycles if wait == Wait.ISSUE else trace.end[by]
            assert moment == trace.start[i]


@cases
@given(programs(), timings)
def test_the_bus_moves_all_bytes_one_after_another(program: Program, timing: Timing) -> None:
    trace = run(program, timing)
    sizes = {}
    for i in transfers(program):
        instruction = program.instructions[i]
        operand = (instruction.writes if instruction.opcode is Opcode.STORE else instruction.reads)[0]
        sizes[i] = moved_bytes(operand, timing.burst_bytes)
    assert sum(sizes.values()) / timing.bytes_per_cycle <= trace.latency_cycles
    for i in sizes:
        assert (trace.end[i] - trace.bus_start[i]) * timing.bytes_per_cycle >= sizes[i]
        assert trace.bus_start[i] >= trace.start[i] + timing.issue_cycles + timing.latency_cycles
        if trace.bus_after[i] >= 0:
            assert trace.bus_start[i] in (trace.end[trace.bus_after[i]] - 1, trace.end[trace.bus_after[i]])
    order = sorted(sizes, key=lambda i: (trace.start[i], program.instructions[i].unit, i))
    for before, after in itertools.pairwise(order):
        assert trace.end[before] - 1 <= trace.bus_start[after]


@cases
@given(programs("dma0:3 array"), timings)
def test_with_one_channel_more_bandwidth_never_hurts(program: Program, timing: Timing) -> None:
    faster = replace(timing, bytes_per_cycle=2 * timing.bytes_per_cycle)
    assert (run(program, faster).end <= run(program, timing).end).all()


@cases
@given(programs("dma0:3 array vector"), timings)
def test_with_one_channel_less_latency_never_hurts(program: Program, timing: Timing) -> None:
    nearer = replace(timing, latency_cycles=timing.latency_cycles // 2)
    assert (run(program, nearer).end <= run(program, timing).end).all()


@pytest.mark.parametrize("kind", [UnitKind.ARRAY, UnitKind.VECTOR])
@given(program=programs("dma0:2 array vector"), timing=timings)
def test_compute_takes_issue_and_work_whenever_it_starts(kind: UnitKind, program: Program, timing: Timing) -> None:
    trace = run(program, timing)
    for i, instruction in enumerate(program.instructions):
        if program.units[instruction.unit].kind is kind and instruction.work is not None:
            assert trace.end[i] - trace.start[i] == timing.issue_cycles + instruction.work.cycles
