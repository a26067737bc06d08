"""The path of loads: packets against a model clocked cycle by cycle, transfers by hand, and who may begin meanwhile."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sketch import DRAM, PAD, Sketch

from accelsim.machine import Timing, run
from accelsim.machine.dram import BandwidthLatencyDram, LoadPath, PathDram
from accelsim.program import Box, Operand, TensorKind

#: 8 bytes a cycle from a bus of 16, packets of up to 64.
GEMMINI = LoadPath(8, 16, 64)
FAST = Timing(Fraction(1 << 20), latency_cycles=10)


#: Its size, the bytes in front of those that are wanted, the wanted ones, and those that its first row has already.
Packet = tuple[int, int, int, int]


class Registers:
    """A merger of beats as hardware has it: a buffer, counters, and a step for every cycle."""

    def __init__(self, path: LoadPath) -> None:
        self.path = path
        self.busy = False
        self.size = self.skipped = self.wanted = self.filled = self.read = self.sent = 0

    def cycles(self, packets: list[Packet]) -> int:
        """Cycles until a further packet's first beat could come."""
        waiting, cycle = list(packets), 0
        while True:
            free = self.step(waiting[0] if waiting else None)
            if free and not waiting:
                return cycle
            if free:
                waiting.pop(0)
            cycle += 1

    def step(self, following: Packet | None) -> bool:
        """One cycle: whether the next packet's first beat comes, or could."""
        size, read, sent, busy = self.size, self.read, self.sent, self.busy  # as the registers hold them
        useful = min(max(read - self.skipped, 0), self.wanted)
        writes = busy and useful > sent and (useful - sent >= self.path.width or useful == self.wanted)
        if writes:
            self.sent = min(sent + self.path.width - (0 if sent else self.filled), self.wanted)
        done = writes and self.sent == self.wanted and read == size
        if done or (busy and read == size and sent == self.wanted):
            self.busy = False
        if busy and read < size:
            self.read += self.path.beat_bytes
            if self.read == size and sent == self.wanted:
                self.busy = False
        free = done or not busy
        if free and following:
            self.size, self.skipped, self.wanted, self.filled = following
            self.busy, self.read, self.sent = True, self.path.beat_bytes, 0
        return free


def packets(path: LoadPath, address: int, size: int) -> list[Packet]:
    """Every packet of a run, byte by byte."""
    found, end = [], address + size
    sizes = [s for s in (1 << n for n in range(21)) if path.beat_bytes <= s <= path.largest_bytes]
    while address < end:
        start, request = address, min(address + path.largest_bytes, end)
        while address < request:
            brings = {s: len([b for b in range(address, request) if b // s == address // s]) for s in sizes}
            best = min(sizes, key=lambda s: (-brings[s], s))
            found.append((best, address % best, brings[best], (address - start) % path.width))
            address += brings[best]
    return found


@given(
    st.sampled_from([1, 2, 4, 8, 16, 32, 12]), st.sampled_from([1, 4, 16]), st.integers(0, 3),
    st.integers(0, 200), st.integers(1, 200),
)  # fmt: skip
def test_a_run_takes_as_long_as_registers_clocked_cycle_by_cycle(width, beat, doublings, address, size) -> None:
    path = LoadPath(width, beat, beat << doublings)
    clocked = Registers(path).cycles(packets(path, address, size))
    assert path.run_cycles(address % path.period, size) == clocked


def test_a_row_of_64_bytes_takes_nine_cycles_where_the_first_beat_is_empty() -> None:
    assert [GEMMINI.run_cycles(offset, 64) for offset in range(0, 64, 8)] == [8, 8, 9, 9, 8, 8, 8, 8]


def test_a_row_that_two_packets_bring_is_written_twice() -> None:
    # From 8 on, a packet of 32 brings 24 bytes, a row and a half, and the next one the other half of the second row.
    path = LoadPath(16, 16, 32)
    assert (path.run_cycles(0, 32), path.run_cycles(8, 32)) == (2, 4)


def test_a_packet_whose_last_row_is_written_with_its_last_beat_lasts_a_cycle_longer() -> None:
    # 16 bytes from 24 on need a packet of 64: of its four beats the second and third bring 8 each, in rows of 8.
    assert GEMMINI.run_cycles(24, 16) == 5


def test_without_packets_a_run_takes_its_bytes_over_the_width() -> None:
    assert [LoadPath(8).run_cycles(address, 20) for address in (0, 5)] == [3, 3]


@given(st.integers(0, 70), st.integers(1, 40), st.integers(2, 12), st.integers(0, 50))
def test_a_box_takes_the_cycles_of_its_runs(base, size, count, gap) -> None:
    stride = size + 1 + gap
    box = Box(base, size, (count,), (stride,))
    each = [GEMMINI.run_cycles((base + i * stride) % GEMMINI.period, size) for i in range(count)]
    assert box.over_runs(GEMMINI.run_cycles, GEMMINI.period) == sum(each)


class Story(Sketch):
    """Loads and stores of so many bytes, each from a place of its own."""

    def fetched(self, size: int) -> Operand:
        return self.at(self.image(self.tensor(f"w{len(self.tensors)}", (size,), TensorKind.WEIGHT)))

    def stored(self, size: int) -> Operand:
        return self.at(self.range(DRAM, self.tensor(f"out{len(self.tensors)}", (size,), TensorKind.OUTPUT)))

    def held(self, address: int, size: int) -> Operand:
        return self.at(self.range(PAD, self.tensor(f"at{address}", (size,)), address))


def test_loads_pass_one_after_another_and_stores_beside_them() -> None:
    s = Story("dma0:4 dma1:4 array vector")
    first, second, third = s.held(0, 64), s.held(64, 32), s.held(128, 8)
    s.load("dma0", s.fetched(64), first)
    s.load("dma1", s.fetched(32), second)
    s.store("dma1", third, s.stored(8))
    trace = run(s.program(), FAST, dram=PathDram(BandwidthLatencyDram(FAST), LoadPath(8)))
    assert trace.bus_start.tolist() == [10, 18, 10]
    assert trace.end.tolist() == [18, 22, 22]  # the store is done at 11, but a channel completes in order
    assert trace.bus_after.tolist()[:2] == [-1, 0]


def test_a_load_that_waits_for_the_path_alone_waits_behind_the_one_on_it() -> None:
    s = Story("dma0:4 array vector")
    s.array([], [s.held(2048, 4)], 5)
    s.load("dma0", s.fetched(64), s.held(0, 64))
    s.load("dma0", s.fetched(32), s.held(2048, 32))  # not before the array has written there: the bus is free by then
    trace = run(s.program(), FAST, dram=PathDram(BandwidthLatencyDram(FAST), LoadPath(8)))
    assert trace.start.tolist() == [0, 0, 5]
    assert trace.bus_start.tolist()[1:] == [10, 18]
    assert trace.bus_after.tolist()[1:] == [-1, 1]


def array_start(load_bytes: int, cycles: int, blocks: int) -> int:
    s = Story("dma0:4 array vector")
    held = s.held(0, load_bytes)
    s.load("dma0", s.fetched(load_bytes), held)
    s.array([held], [s.held(2048, 4)], cycles, blocks=blocks)
    return int(run(s.program(), FAST, dram=PathDram(BandwidthLatencyDram(FAST), LoadPath(8))).start[1])


@pytest.mark.parametrize(
    ("blocks", "start"),
    [
        (1, 90),  # all of 640 bytes: 10 + 80
        (10, 18),  # the first tenth is there at 18, and 90 cycles later all is
        (8, 20),
    ],
)
def test_an_instruction_that_takes_blocks_begins_with_the_first(blocks: int, start: int) -> None:
    assert array_start(640, 100, blocks) == start


def test_an_instruction_faster_than_its_load_begins_so_late_that_it_need_not_wait_for_the_last_block() -> None:
    # 40 cycles in 10 blocks: the last one's turn comes 36 cycles after the start, when the load ends, at 90.
    assert array_start(640, 40, 10) == 90 - 36
