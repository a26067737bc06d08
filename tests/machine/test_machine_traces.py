"""Small programs, worked by hand: whole traces."""

import subprocess
import sys
from fractions import Fraction

import pytest
from sketch import DRAM, PAD, Sketch

from accelsim.machine import BandwidthLatencyDram, DeadlockError, Request, Service, Timing, run
from accelsim.program import Hazard, HazardKind, Operand, Program, TensorKind
from accelsim.trace import Trace, Wait


def rows(trace: Trace) -> list[tuple[int, int, int, str]]:
    return [
        (int(s), int(e), int(r), Wait(w).name)
        for s, e, r, w in zip(trace.start, trace.end, trace.released_by, trace.wait, strict=True)
    ]


def bus(trace: Trace) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in zip(trace.bus_start, trace.bus_after, strict=True)]


class Story(Sketch):
    """Loads, stores and compute on named scratchpad slots of 64 bytes."""

    def slot(self, number: int, size: int = 64) -> Operand:
        tensor = self.tensor(f"slot{number}", (size,))
        return self.at(self.range(PAD, tensor, 64 * number))

    def weights(self, size: int) -> Operand:
        return self.at(self.image(self.tensor(f"w{len(self.tensors)}", (size,), TensorKind.WEIGHT)))

    def result(self, size: int) -> Operand:
        return self.at(self.range(DRAM, self.tensor(f"out{len(self.tensors)}", (size,), TensorKind.OUTPUT)))


def test_a_load_takes_issue_then_latency_then_bytes_over_bandwidth() -> None:
    s = Story()
    s.load("dma0", s.weights(64), s.slot(0))
    trace = run(s.program(), Timing(Fraction(8), latency_cycles=20, issue_cycles=3))
    assert rows(trace) == [(0, 31, -1, "NONE")]
    assert bus(trace) == [(23, -1)]
    assert trace.latency_cycles == 31


def test_compute_waits_for_its_operand_and_a_store_for_the_result() -> None:
    s = Story()
    x, y = s.slot(0), s.slot(1)
    s.load("dma0", s.weights(64), x)
    s.array([x], [y], cycles=100)
    s.store("dma1", y, s.result(64))
    trace = run(s.program(), Timing(Fraction(64), latency_cycles=5, issue_cycles=2))
    assert rows(trace) == [(0, 8, -1, "NONE"), (8, 110, 0, "RAW"), (110, 118, 1, "RAW")]


def test_latencies_overlap_and_bytes_do_not() -> None:
    s = Story("dma0:2 dma1:2 array")
    for number, unit in enumerate(["dma0", "dma1", "dma0", "dma1"]):
        s.load(unit, s.weights(64), s.slot(number))
    trace = run(s.program(), Timing(Fraction(8), latency_cycles=100))
    assert rows(trace) == [
        (0, 108, -1, "NONE"),
        (0, 124, -1, "NONE"),
        (0, 116, -1, "NONE"),
        (0, 132, -1, "NONE"),
    ]
    assert bus(trace) == [(100, -1), (116, 2), (108, 0), (124, 1)]


def test_a_full_channel_waits_for_its_oldest_transfer() -> None:
    s = Story("dma0:1 array")
    s.load("dma0", s.weights(64), s.slot(0))
    s.load("dma0", s.weights(64), s.slot(1))
    trace = run(s.program(), Timing(Fraction(8), latency_cycles=10))
    assert rows(trace) == [(0, 18, -1, "NONE"), (18, 36, 0, "UNIT")]
    assert bus(trace) == [(10, -1), (28, -1)]


def test_a_channel_issues_one_transfer_at_a_time() -> None:
    s = Story("dma0:4 array")
    for number in range(3):
        s.load("dma0", s.weights(8), s.slot(number))
    trace = run(s.program(), Timing(Fraction(8), latency_cycles=10, issue_cycles=4))
    assert rows(trace) == [(0, 15, -1, "NONE"), (4, 19, 0, "ISSUE"), (8, 23, 1, "ISSUE")]


def test_an_instruction_behind_a_waiting_one_waits_too() -> None:
    s = Story("dma0:4 array")
    x, y, z = s.slot(0), s.slot(1), s.slot(2)
    s.load("dma0", s.weights(64), x)
    s.array([x], [y], cycles=50)
    s.store("dma0", y, s.result(64))
    s.load("dma0", s.weights(64), z)
    trace = run(s.program(), Timing(Fraction(64)))
    assert rows(trace) == [(0, 1, -1, "NONE"), (1, 51, 0, "RAW"), (51, 52, 1, "RAW"), (51, 53, 2, "ISSUE")]


def test_a_double_buffer_hides_the_second_load_and_holds_back_the_third() -> None:
    s = Story("dma0:1 array")
    left, right, out = s.slot(0), s.slot(1), s.slot(2)
    for buffer in (left, right, left):
        s.load("dma0", s.weights(64), buffer)
        s.array([buffer], [out], cycles=30)
    trace = run(s.program(), Timing(Fraction(8), latency_cycles=2))
    assert rows(trace) == [
        (0, 10, -1, "NONE"),
        (10, 40, 0, "RAW"),
        (10, 20, 0, "UNIT"),
        (40, 70, 1, "UNIT"),
        (40, 50, 1, "WAR"),
        (70, 100, 3, "UNIT"),
    ]


@pytest.mark.parametrize(("load_cycles", "expected"), [(9, "UNIT"), (10, "RAW"), (11, "RAW")])
def test_of_two_releases_the_later_counts_and_of_equal_ones_the_hazard(load_cycles: int, expected: str) -> None:
    s = Story()
    x, y = s.slot(0), s.slot(1)
    s.array([], [s.slot(2)], cycles=10)
    s.load("dma0", s.weights(load_cycles), x)
    s.array([x], [y], cycles=10)
    trace = run(s.program(), Timing(Fraction(1)))
    assert rows(trace)[2] == (max(10, load_cycles), max(10, load_cycles) + 10, 1 if expected == "RAW" else 0, expected)


@pytest.mark.parametrize(("compute", "behind"), [(9, 0), (10, -1), (11, -1)])
def test_a_transfer_queues_only_if_the_bus_is_busy_when_its_latency_is_over(compute: int, behind: int) -> None:
    s = Story()
    y = s.slot(1)
    s.load("dma0", s.weights(10), s.slot(0))
    s.vector([], [y], cycles=compute)
    s.store("dma1", y, s.result(5))
    trace = run(s.program(), Timing(Fraction(1), latency_cycles=7))
    assert bus(trace)[2] == (max(compute, 10) + 7, behind)


def test_the_bus_keeps_thirds_of_a_cycle_and_only_ends_are_rounded_up() -> None:
    s = Story("dma0:8 array")
    for number in range(4):
        s.load("dma0", s.weights(1), s.slot(number, 1))
    trace = run(s.program(), Timing(Fraction(3, 4)))
    assert rows(trace) == [(0, 2, -1, "NONE"), (0, 3, -1, "NONE"), (0, 4, -1, "NONE"), (0, 6, -1, "NONE")]
    assert bus(trace) == [(0, -1), (1, 0), (2, 1), (4, 2)]


def test_runs_are_rounded_out_to_whole_bursts_by_address() -> None:
    s = Story()
    tensor = s.tensor("image", (4, 100), TensorKind.INPUT)
    image = s.image(tensor)
    part = s.within(image, (0, 10), (4, 10))
    packed = s.at(s.range(PAD, tensor, 0, 40), (0, 10), (4, 10))
    s.load("dma0", part, packed)
    bursts = len({(run, (100 * run + byte) // 16) for run in range(4) for byte in range(10, 20)})
    trace = run(s.program(), Timing(Fraction(16), burst_bytes=16))
    assert trace.latency_cycles == bursts == 6


def test_requests_of_one_cycle_are_served_in_the_order_of_channels_whoever_asked_first() -> None:
    s = Story("dma0 dma1 array vector")
    x, y = s.slot(0), s.slot(1)
    s.vector([], [y], cycles=5)
    s.array([], [x], cycles=5)
    s.store("dma1", y, s.result(10))
    s.store("dma0", x, s.result(10))
    trace = run(s.program(), Timing(Fraction(1)))
    assert bus(trace)[2:] == [(15, 3), (5, -1)]


def test_another_dram_may_take_the_place_of_the_bus() -> None:
    class Fixed:
        def serve(self, request: Request) -> Service:
            return Service(request.issued + 1, request.issued + 42, -1)

    s = Story()
    s.load("dma0", s.weights(64), s.slot(0))
    assert run(s.program(), Timing(Fraction(1)), dram=Fixed()).latency_cycles == 42


class Listed:
    """A DRAM that ends its transfers at given cycles."""

    def __init__(self, *ends: int) -> None:
        self.ends = iter(ends)

    def serve(self, request: Request) -> Service:
        return Service(request.issued, next(self.ends), -1)


def test_a_channel_completes_in_order_even_if_the_dram_does_not() -> None:
    s = Story("dma0:2 dma1 array")
    for unit, number in (("dma0", 0), ("dma0", 1), ("dma1", 2)):
        s.load(unit, s.weights(64), s.slot(number))
    trace = run(s.program(), Timing(Fraction(1)), dram=Listed(50, 20, 30))
    assert trace.end.tolist() == [50, 50, 30]


def test_a_transfer_may_end_in_the_cycle_after_its_request_and_not_before() -> None:
    s = Story()
    s.load("dma0", s.weights(64), s.slot(0))
    assert run(s.program(), Timing(Fraction(1)), dram=Listed(1)).latency_cycles == 1
    with pytest.raises(ValueError, match=r"^a transfer must take time: instruction 0 asked at 0, ended at 0$"):
        run(s.program(), Timing(Fraction(1)), dram=Listed(0))


def test_simpy_is_imported_only_to_run() -> None:
    code = "import sys, accelsim.machine; assert 'simpy' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_given_hazards_take_the_place_of_those_from_the_addresses() -> None:
    s = Story()
    x = s.slot(0)
    s.load("dma0", s.weights(64), x)
    s.array([x], [s.slot(1)], cycles=10)
    assert run(s.program(), Timing(Fraction(1)), []).start.tolist() == [0, 0]


def test_an_empty_program_takes_no_time() -> None:
    trace = run(Sketch().program(), Timing(Fraction(1)))
    assert (len(trace), trace.latency_cycles) == (0, 0)


def test_hazards_that_contradict_the_order_are_an_internal_error_that_names_the_instruction() -> None:
    s = Story()
    s.array([], [s.slot(0)], cycles=1)
    s.array([], [s.slot(1)], cycles=1)
    with pytest.raises(
        DeadlockError,
        match=r"^instruction 0 \(ARRAY on array\): never ran, 2 of 2 instructions wait for each other$",
    ):
        run(s.program(), Timing(Fraction(1)), [Hazard(1, 0, HazardKind.RAW)])


def two_channel_race() -> Program:
    """A long transfer that more bandwidth lets in before a short, urgent one."""
    s = Story("dma0:1 dma1:1 array vector", pad_bytes=4096)
    gate, urgent, big = s.slot(0), s.slot(1), s.slot(10, 1000)
    s.load("dma0", s.weights(64), gate)
    s.load("dma0", s.weights(1000), big)
    s.vector([], [urgent], cycles=50)
    s.store("dma1", urgent, s.result(64))
    return s.program()


def test_with_several_channels_more_bandwidth_can_reorder_requests_and_delay_an_urgent_one() -> None:
    ends = [int(run(two_channel_race(), Timing(Fraction(b))).end[3]) for b in (1, 2)]
    assert ends == [128, 564]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"bytes_per_cycle": Fraction(0)}, "^bytes_per_cycle: must be > 0, got 0$"),
        ({"burst_bytes": 0}, "^burst_bytes: must be ≥ 1 B, got 0 B$"),
        ({"latency_cycles": -1}, "^latency and issue: must be ≥ 0 cycles, got -1, 0$"),
    ],
)
def test_timing_refuses_what_cannot_be(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Timing(**{"bytes_per_cycle": Fraction(1), **wrong})  # type: ignore[arg-type]


def test_the_bus_answers_in_exact_time() -> None:
    dram = BandwidthLatencyDram(Timing(Fraction(3), latency_cycles=1))
    s = Story()
    four = s.weights(4)
    assert [dram.serve(Request(i, 0, four, False)) for i in range(3)] == [(1, 3, -1), (2, 4, 0), (3, 5, 1)]
