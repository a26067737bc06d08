"""Hand-made Programs compute what numpy computes, in Trace order and in every legal random order."""

from fractions import Fraction

import numpy as np
import pytest
from small_networks import ALL, Case

from accelsim.functional import Step, execute, random_order, trace_order
from accelsim.machine import Timing, run
from accelsim.program import hazards

TIMINGS = {
    "fast DRAM": Timing(Fraction(64)),
    "slow DRAM": Timing(Fraction(1, 3), latency_cycles=40, burst_bytes=16, issue_cycles=2),
}


@pytest.fixture(params=ALL)
def case(request: pytest.FixtureRequest) -> Case:
    return ALL[request.param]()


def require_expected(case: Case, found: dict[str, np.ndarray]) -> None:
    assert found.keys() == case.expected.keys()
    for name, expected in case.expected.items():
        np.testing.assert_array_equal(found[name], expected)


@pytest.mark.parametrize("timing", TIMINGS)
def test_the_order_of_the_trace_gives_the_expected_outputs(case: Case, timing: str) -> None:
    require_expected(case, execute(case.program, case.values, run(case.program, TIMINGS[timing])))


@pytest.mark.parametrize("seed", range(10))
def test_random_legal_orders_give_the_expected_outputs(case: Case, seed: int) -> None:
    require_expected(case, execute(case.program, case.values, seed))


def test_program_order_gives_the_expected_outputs(case: Case) -> None:
    order = [Step(i, end) for i in range(len(case.program.instructions)) for end in (False, True)]
    require_expected(case, execute(case.program, case.values, order))


def test_random_orders_differ_by_seed_and_repeat_with_it(case: Case) -> None:
    found = hazards(case.program)
    orders = [tuple(random_order(case.program, found, seed)) for seed in (1, 2, 3, 1)]
    assert orders[0] == orders[3]
    assert len(set(orders)) > 1


def test_random_orders_keep_hazards_units_and_room(case: Case) -> None:
    found = hazards(case.program)
    order = random_order(case.program, found, 7)
    at = {(s.instruction, s.end): i for i, s in enumerate(order)}
    assert len(at) == len(order) == 2 * len(case.program.instructions)
    assert all(at[h.before, True] < at[h.after, False] for h in found)
    for index, unit in enumerate(case.program.units):
        queue = [i for i, instruction in enumerate(case.program.instructions) if instruction.unit == index]
        for step in (False, True):
            assert [at[i, step] for i in queue] == sorted(at[i, step] for i in queue)
        for before, after in zip(queue, queue[unit.outstanding :], strict=False):
            assert at[before, True] < at[after, False]


def test_of_one_cycle_the_ends_come_before_the_starts(case: Case) -> None:
    trace = run(case.program, TIMINGS["slow DRAM"])
    times = [(trace.end if s.end else trace.start)[s.instruction] for s in trace_order(case.program, trace)]
    assert times == sorted(times)
    for before, after in zip(trace_order(case.program, trace), trace_order(case.program, trace)[1:], strict=False):
        same = (trace.end if before.end else trace.start)[before.instruction] == (
            trace.end if after.end else trace.start
        )[after.instruction]
        assert not (same and after.end and not before.end)
