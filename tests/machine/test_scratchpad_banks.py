"""Banks of the scratchpad: contention worked out by hand, and the bookings against a cycle-by-cycle oracle."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sketch import DRAM, PAD, Sketch

from accelsim import simulate
from accelsim.errors import ConfigurationError
from accelsim.hardware import load
from accelsim.machine import Banking, Timing, run
from accelsim.machine.banks.booking import SCALE, Bookings
from accelsim.program import ArrayWork, Operand, Program, TensorKind
from accelsim.report import run_screen
from accelsim.report.console import to_text
from accelsim.results import BankContention
from accelsim.trace import Trace
from accelsim.verification import verify

#: 4 banks of 1,024 B; each reads and writes 16 B per cycle.
CONTIGUOUS = Banking(4, 1024, 64, 64)
SINGLE_PORTED = replace(CONTIGUOUS, shared=True)
INTERLEAVED = Banking(1, 4096, 64, 64)
FAST = Timing(Fraction(64))


class Story(Sketch):
    """Operands of 64 B at addresses of the scratchpad."""

    def at_address(self, address: int, size: int = 64) -> Operand:
        tensor = self.tensor(f"at{address}.{len(self.tensors)}", (size,))
        return self.at(self.range(PAD, tensor, address))

    def fetched(self, size: int = 64) -> Operand:
        return self.at(self.image(self.tensor(f"w{len(self.tensors)}", (size,), TensorKind.WEIGHT)))

    def stored(self, size: int = 64) -> Operand:
        return self.at(self.range(DRAM, self.tensor(f"out{len(self.tensors)}", (size,), TensorKind.OUTPUT)))

    def streams(self, operand: Operand, reads: int, cycles: int) -> None:
        """An array instruction that reads an operand's elements so often, and writes nothing on chip."""
        self.array([operand], [], cycles=cycles)
        work = ArrayWork(0, cycles, 0, 1, reads, 0, 0, 0)
        self.instructions[-1] = replace(self.instructions[-1], work=work)


def ends(program: Program, banking: Banking | None, timing: Timing = FAST) -> list[int]:
    return traced(program, banking, timing).end.tolist()


def traced(program: Program, banking: Banking | None, timing: Timing = FAST) -> Trace:
    return run(program, timing, banking=banking)


@pytest.mark.parametrize(("cycles", "end"), [(5, 5), (4, 4), (3, 4), (1, 4)])
def test_64_bytes_of_one_bank_take_four_cycles_at_16_bytes_per_cycle(cycles: int, end: int) -> None:
    s = Story()
    s.vector([s.at_address(0)], [], cycles=cycles)
    assert ends(s.program(), CONTIGUOUS) == [end]


@pytest.mark.parametrize(("address", "end"), [(1024 - 64, 4), (1024 - 48, 3), (1024 - 32, 2), (1024, 4)])
def test_an_operand_that_crosses_into_the_next_bank_uses_both(address: int, end: int) -> None:
    s = Story()
    s.vector([s.at_address(address)], [], cycles=1)
    assert ends(s.program(), CONTIGUOUS) == [end]


def test_rows_of_a_strided_operand_are_counted_bank_by_bank() -> None:
    s = Story()
    tensor = s.tensor("grid", (4, 16))
    place = s.range(PAD, tensor, 0, 4096)
    s.vector([s.at(place, strides=(512, 1))], [], cycles=1)  # rows at 0, 512 in bank 0; 1,024 and 1,536 in bank 1
    assert ends(s.program(), CONTIGUOUS) == [2]


def test_interleaved_banks_serve_every_operand_together() -> None:
    s = Story()
    s.vector([s.at_address(0), s.at_address(64)], [], cycles=1)
    assert ends(s.program(), INTERLEAVED) == [2]
    assert ends(s.program(), CONTIGUOUS) == [8]


@pytest.mark.parametrize(("banking", "end"), [(CONTIGUOUS, 4), (SINGLE_PORTED, 8)])
def test_a_single_port_reads_or_writes_in_a_cycle(banking: Banking, end: int) -> None:
    s = Story()
    s.vector([s.at_address(0)], [s.at_address(128)], cycles=1)
    assert ends(s.program(), banking) == [end]


def test_unequal_widths_of_a_shared_port_count_each_byte_at_its_own_width() -> None:
    s = Story()
    s.vector([s.at_address(0)], [s.at_address(128)], cycles=1)
    slow_writes = replace(SINGLE_PORTED, write_width=32)  # 64 B: 4 cycles to read, 8 to write
    assert ends(s.program(), slow_writes) == [12]


@pytest.mark.parametrize(
    ("banking", "address", "load_end", "held_up"),
    [(CONTIGUOUS, 512, 4, [3, 0]), (SINGLE_PORTED, 512, 4, [3, 4]), (SINGLE_PORTED, 1024, 4, [3, 0])],
)
def test_a_load_meets_the_array_only_at_the_same_port(
    banking: Banking, address: int, load_end: int, held_up: list[int]
) -> None:
    """In the same cycle the DMA comes first; the array, which wants all 16 B of every cycle, waits four cycles."""
    s = Story()
    s.load("dma0", s.fetched(), s.at_address(address))
    s.streams(s.at_address(0), reads=1600, cycles=100)
    trace = traced(s.program(), banking)
    assert trace.end.tolist() == [load_end, 100 + held_up[1]]
    assert trace.banks is not None
    assert trace.banks.held_up.tolist() == held_up


@pytest.mark.parametrize(("reads", "load_end"), [(1600, 104), (800, 32), (0, 28)])
def test_who_starts_first_keeps_its_pace_and_who_comes_later_takes_what_is_left(reads: int, load_end: int) -> None:
    """The second LOAD is asked for at 14 and moves its first byte at 24; at half the port 64 B take 8 cycles."""
    s = Story("dma0:1 array")
    s.load("dma0", s.fetched(), s.at_address(1024))  # another bank: 10 cycles of latency, 4 of its port
    s.load("dma0", s.fetched(), s.at_address(512))
    s.streams(s.at_address(0), reads, cycles=100)
    trace = traced(s.program(), SINGLE_PORTED, Timing(Fraction(64), latency_cycles=10))
    assert trace.bus_start.tolist()[1] == 24
    assert trace.end.tolist() == [14, load_end, 100]


def test_a_store_reads_its_bank() -> None:
    s = Story()
    value = s.at_address(0)
    s.vector([], [value], cycles=4)
    s.store("dma1", value, s.stored())
    assert ends(s.program(), CONTIGUOUS) == [4, 8]
    assert ends(s.program(), None) == [4, 5]


def test_the_busiest_port_of_each_bank_is_told() -> None:
    s = Story()
    s.vector([s.at_address(0), s.at_address(64)], [s.at_address(1024)], cycles=20)
    trace = traced(s.program(), CONTIGUOUS)
    assert trace.banks is not None
    assert trace.banks.busy_cycles == (8, 4, 0, 0)


class SlowPort:
    """One port, looked at cycle by cycle."""

    def __init__(self, cycle: int, horizon: int) -> None:
        self.free = [cycle] * horizon

    def earliest_end(self, start: int, parts: int) -> int:
        end = start
        while parts > 0:
            parts -= self.free[end]
            end += 1
        return end

    def book(self, start: int, end: int, parts: int) -> None:
        pace = next(q for q in range(10**9) if sum(min(f, q) for f in self.free[start:end]) >= parts) if parts else 0
        for at in range(start, end):
            self.free[at] -= min(self.free[at], pace)


asked = st.lists(
    st.tuples(
        st.integers(0, 6),  # cycles since the request before
        st.integers(0, 9),  # cycles until its first access
        st.integers(0, 12),  # its own duration
        st.dictionaries(st.integers(0, 1), st.integers(0, 30), max_size=2),
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(asked)
def test_bookings_equal_those_made_cycle_by_cycle(
    requests: list[tuple[int, int, int, dict[int, int]]],
) -> None:
    banking = Banking(1, 64, 3, 1)  # a port's cycle has three units of time
    bookings, now = Bookings(banking), 0
    slow = [SlowPort(3 * SCALE, 700) for _ in range(2)]
    for later, delay, length, demand in requests:
        now += later
        start = now + delay
        end = start + length
        for port, units in demand.items():
            end = max(end, slow[port].earliest_end(start, units * SCALE))
        for port, units in demand.items():
            _book_scaled(slow[port], start, end, units * SCALE)
        assert bookings.book(demand, start, end=start + length, now=now) == end


def _book_scaled(port: SlowPort, start: int, end: int, parts: int) -> None:
    """The lowest whole pace by bisection (the linear search would take 65,536 times as long)."""
    low, high = 0, max(port.free)
    while parts and low < high:
        middle = (low + high) // 2
        enough = sum(min(free, middle) for free in port.free[start:end]) >= parts
        low, high = (low, middle) if enough else (middle + 1, high)
    for at in range(start, end):
        port.free[at] -= min(port.free[at], low if parts else 0)


def test_contention_is_off_unless_a_layout_is_described() -> None:
    assert Banking.of(load("edge_npu")) is None
    described = Banking.of(load("edge_npu", overrides=["scratchpad.bank_layout=contiguous", "scratchpad.bank_ports=1"]))
    assert described == Banking(4, 64 * 1024, 64, 64, shared=True)


@pytest.mark.parametrize("layout", ["interleaved", "contiguous"])
def test_a_network_on_contended_banks_is_slower_adds_up_and_still_computes_the_same(layout: str) -> None:
    widths = ["scratchpad.read_width=4 B/cycle", "scratchpad.write_width=4 B/cycle"]
    settings = [f"scratchpad.bank_layout={layout}", "scratchpad.bank_ports=1", *widths]
    free = simulate("tiny", "edge_npu", overrides=widths)
    contended = simulate("tiny", "edge_npu", overrides=settings)
    assert contended.totals.latency_cycles > free.totals.latency_cycles
    assert sum(contended.totals.array_cycles_by_cause.values()) == contended.totals.latency_cycles
    banks = contended.scratchpad.banks
    assert banks is not None
    assert contended.totals.array_cycles_by_cause["ports"] >= banks.array_cycles > 0
    assert verify("tiny", load("edge_npu", overrides=settings)).passed


def test_a_layout_without_widths_is_refused_with_what_to_write() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load("systolic_32x32", overrides=["scratchpad.bank_layout=contiguous", "scratchpad.banks=8"])
    assert [problem.partition(": ")[2] for problem in caught.value.problems] == [
        f"scratchpad.{width}: must be given for bank_layout, got nothing; write e.g. 128 B/cycle, "
        "or leave out scratchpad.bank_layout"
        for width in ("read_width", "write_width")
    ]


def test_the_screen_says_how_busy_the_banks_were_and_who_was_held_up() -> None:
    result = simulate("tiny", "edge_npu", overrides=["scratchpad.bank_layout=contiguous", "scratchpad.bank_ports=1"])
    banks = replace(result.scratchpad, banks=BankContention((5, 0, 7, 1, 0), 4, 0, 12))
    screen = to_text(lambda width: run_screen(replace(result, memories=(banks,)), width))
    assert "bank 2 0.2%, bank 0 0.1%, bank 3 0.0%, bank 1 0.0% …" in screen
    assert "array 4 cycles, transfers 12 cycles" in screen
