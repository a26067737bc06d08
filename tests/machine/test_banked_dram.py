"""The banked DRAM: each timing rule at t-1 and at t, peak and random bandwidth, the address mapping."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import programs

from accelsim.hardware import Hardware, from_description, load
from accelsim.hardware.types import DramDevice
from accelsim.machine import BankedDram, BankTiming, Request, Service, run
from accelsim.machine.dram.addresses import AddressMap, Visit
from accelsim.machine.dram.channel import Channel
from accelsim.program import Box, Operand, Program, hazards

NS = 1000
ROW, BANKS = 256, 4
NEXT_BANK, NEXT_ROW = ROW, ROW * BANKS
#: A cycle is 1 ns and so is a burst of 32 B; no rule binds unless a test gives it a time.
FREE = BankTiming(10**9, 32 * 10**9, burst_bytes=32, row_bytes=ROW, banks=BANKS)


def piece(address: int, bytes_: int = 32) -> Operand:
    return Operand(0, (0,), (bytes_,), 0, 0, address, (1,), 1)


class Bench:
    """Asks for one piece after the other."""

    def __init__(self, **times_ns: int) -> None:
        times = {f"t_{name}_ps": ns * NS for name, ns in times_ns.items()}
        self.dram = BankedDram(replace(FREE, **times))
        self.asked = 0

    def read(self, cycle: int, address: int, bytes_: int = 32, write: bool = False) -> Service:
        self.asked += 1
        return self.dram.serve(Request(self.asked - 1, cycle, piece(address, bytes_), write))

    def write(self, cycle: int, address: int, bytes_: int = 32) -> Service:
        return self.read(cycle, address, bytes_, write=True)


def test_the_first_burst_waits_for_activation_and_column_latency() -> None:
    bench = Bench(rcd=18, cl=17)
    assert bench.read(100, 0) == Service(135, 136, -1)


def test_an_open_row_costs_the_column_latency_only_and_latencies_overlap() -> None:
    bench = Bench(rcd=18, cl=17)
    bench.read(0, 0)
    assert bench.read(100, 32) == Service(117, 118, -1)
    assert bench.read(100, 64) == Service(118, 119, 1)


def test_another_row_of_the_bank_costs_precharge_activation_and_column() -> None:
    bench = Bench(rp=11, rcd=18, cl=17)
    bench.read(0, 0)
    assert bench.read(100, NEXT_ROW) == Service(100 + 11 + 18 + 17, 147, -1)


def test_another_bank_needs_no_precharge() -> None:
    bench = Bench(rp=11, rcd=18, cl=17)
    bench.read(0, 0)
    assert bench.read(100, NEXT_BANK) == Service(135, 136, -1)


def test_the_latency_of_interconnect_and_controller_comes_first() -> None:
    dram = BankedDram(replace(FREE, latency_ps=50 * NS, t_cl_ps=17 * NS))
    assert dram.serve(Request(0, 10, piece(0), False)) == Service(77, 78, -1)


@pytest.mark.parametrize(
    ("times", "first", "second", "bound"),
    [
        ({"ras": 20}, ("read", 0), ("read", NEXT_ROW), 20),
        ({"rrd": 7}, ("read", 0), ("read", NEXT_BANK), 7),
        ({"rtp": 9}, ("read", 0), ("read", NEXT_ROW), 9),
        ({"wr": 9}, ("write", 0), ("read", NEXT_ROW), 1 + 9),
        ({"wtr": 9}, ("write", 0), ("read", 32), 1 + 9),
    ],
    ids=["tRAS", "tRRD", "tRTP", "tWR", "tWTR"],
)
def test_a_request_waits_until_a_rule_allows_it_and_not_a_cycle_longer(
    times: dict[str, int], first: tuple[str, int], second: tuple[str, int], bound: int
) -> None:
    ends = []
    for cycle in (bound - 1, bound, bound + 1):
        bench = Bench(**times)
        getattr(bench, first[0])(0, first[1])
        ends.append(getattr(bench, second[0])(cycle, second[1]).end)
    assert ends == [bound + 1, bound + 1, bound + 2]


def test_tRTP_counts_from_the_last_read_command() -> None:
    bench = Bench(rtp=9)
    bench.read(0, 0, bytes_=96)
    assert bench.read(0, NEXT_ROW).begin == 2 + 9


@pytest.mark.parametrize(("cycle", "end"), [(59, 61), (60, 61), (61, 62)])
def test_tFAW_lets_the_fifth_activation_wait_for_the_first(cycle: int, end: int) -> None:
    dram = BankedDram(replace(FREE, banks=8, t_faw_ps=60 * NS))
    dram.serve(Request(0, 0, piece(0, 4 * ROW), False))
    assert dram.serve(Request(1, cycle, piece(4 * ROW), False)).end == end


@pytest.mark.parametrize(("cycle", "end"), [(98, 99), (99, 100), (100, 121), (119, 121), (120, 121), (121, 122)])
def test_data_end_before_a_refresh_is_due_or_wait_for_its_end(cycle: int, end: int) -> None:
    bench = Bench(refi=100, rfc=20)
    bench.read(0, 0)
    assert bench.read(cycle, 32).end == end


def test_a_refresh_cuts_a_transfer_in_two_and_closes_its_row() -> None:
    bench = Bench(refi=100, rfc=20, rcd=5)
    bench.read(0, 0)
    assert bench.read(97, 32, bytes_=160) == Service(97, 100 + 20 + 5 + 2, -1)


def test_a_refresh_waits_until_open_rows_may_be_closed() -> None:
    bench = Bench(refi=100, rfc=20, ras=50, rp=3)
    bench.read(90, 0)
    assert bench.read(100, 32).begin == 90 + 50 + 3 + 20


def test_refreshes_that_passed_while_nothing_happened_cost_nothing_but_the_open_rows() -> None:
    bench = Bench(refi=100, rfc=20, rcd=5)
    bench.read(0, 0)
    assert bench.read(1050, 32).begin == 1055
    assert bench.read(1060, 64).begin == 1060
    assert bench.read(5010, 96).begin == 5025


def test_reads_and_writes_share_the_bus() -> None:
    bench = Bench()
    assert bench.read(0, 0, bytes_=256) == Service(0, 8, -1)
    assert bench.write(3, NEXT_BANK) == Service(8, 9, 0)


def test_channels_work_side_by_side_and_each_has_its_share_of_the_bandwidth() -> None:
    timing = replace(FREE, channels=2, interleave_bytes=64)
    one, both = BankedDram(timing), BankedDram(timing)
    assert one.serve(Request(0, 0, piece(0, 64), False)).end == 4
    assert both.serve(Request(0, 0, piece(0, 128), False)).end == 4
    assert both.serve(Request(1, 0, piece(128, 64), False)) == Service(4, 8, 0)


def test_times_are_exact_at_a_clock_of_700_megahertz() -> None:
    dram = BankedDram(replace(FREE, frequency_hz=700_000_000, bandwidth_bytes_per_s=19_200_000_000))
    ends = [dram.serve(Request(i, 0, piece(32 * i), False)).end for i in range(7)]
    assert ends == [-(-(i + 1) * 32 * 7 // 192) for i in range(7)]


def test_addresses_go_round_channels_then_fill_a_row_then_go_to_the_next_bank() -> None:
    timing = replace(FREE, channels=2, interleave_bytes=64)
    stride = ROW * 2
    found = AddressMap(timing).visits(Box(0, stride * BANKS + 64))
    assert dict(found) == {
        0: [Visit(0, 0, 8), Visit(1, 0, 8), Visit(2, 0, 8), Visit(3, 0, 8), Visit(0, 1, 2)],
        1: [Visit(0, 0, 8), Visit(1, 0, 8), Visit(2, 0, 8), Visit(3, 0, 8)],
    }


def test_short_runs_in_one_row_are_one_visit_of_whole_bursts_each() -> None:
    assert AddressMap(FREE).visits(Box(16, 32, (4,), (48,))) == [(0, [Visit(0, 0, 6)])]


boxes = st.builds(
    lambda base, run, outer, inner, gap: Box(base, run, (outer, inner), (inner * (run + gap) + 5, run + gap)),
    st.integers(0, 20_000),
    st.integers(1, 700),
    st.integers(2, 6),
    st.integers(2, 6),
    st.integers(1, 300),
)
layouts = st.sampled_from([(1, 256), (2, 64), (3, 32), (4, 128)])


@settings(deadline=None)
@given(boxes, layouts)
def test_every_byte_lies_where_the_mapping_says(box: Box, layout: tuple[int, int]) -> None:
    channels, interleave = layout
    timing = replace(FREE, channels=channels, interleave_bytes=interleave)
    bursts: dict[tuple[int, int, int], int] = {}
    starts = [
        box.base + i * box.strides[0] + j * box.strides[1] for i in range(box.counts[0]) for j in range(box.counts[1])
    ]
    for start in starts:
        for burst in range(start // 32, -(-(start + box.run_bytes) // 32)):
            block, offset = divmod(burst * 32, interleave)
            inside = block // channels * interleave + offset
            key = (block % channels, inside // ROW % BANKS, inside // ROW // BANKS)
            bursts[key] = bursts.get(key, 0) + 1
    found: dict[tuple[int, int, int], int] = {}
    for channel, visits in AddressMap(timing).visits(box):
        for bank, row, count in visits:
            found[channel, bank, row] = found.get((channel, bank, row), 0) + count
    assert found == bursts
    assert sum(found.values()) * 32 == box.burst_aligned_bytes(32)


banks = st.builds(
    lambda **times: replace(FREE, t_refi_ps=400 * NS, **{f"t_{n}_ps": ns * NS for n, ns in times.items()}),
    **{n: st.integers(0, 60) for n in ("rcd", "rp", "cl", "ras", "rrd", "faw", "rtp", "wr", "wtr", "rfc")},
)
requests = st.lists(
    st.tuples(
        st.integers(0, 200),
        st.booleans(),
        st.lists(st.builds(Visit, st.integers(0, BANKS - 1), st.integers(0, 2), st.integers(1, 9)), min_size=1),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(banks, requests)
def test_a_visit_of_many_bursts_takes_what_as_many_visits_of_one_take(
    timing: BankTiming, asked: list[tuple[int, bool, list[Visit]]]
) -> None:
    fast, slow = Channel(timing), Channel(timing)
    ready = 0
    for gap, write, visits in asked:
        ready += timing.ticks(gap * NS)
        singles = [Visit(v.bank, v.row, 1) for v in visits for _ in range(v.bursts)]
        assert fast.serve(visits, ready, write) == slow.serve(singles, ready, write)


@settings(deadline=None)
@given(banks, requests)
def test_data_never_move_faster_than_the_bus(timing: BankTiming, asked: list[tuple[int, bool, list[Visit]]]) -> None:
    channel, ready, free = Channel(timing), 0, 0
    for gap, write, visits in asked:
        ready += timing.ticks(gap * NS)
        first, last, _ = channel.serve(visits, ready, write)
        bursts = sum(v.bursts for v in visits)
        assert first >= max(ready, free)
        assert last - first >= bursts * timing.burst_ticks
        free = last


def device(name: str, channels: int = 1) -> Hardware:
    return load("edge_npu", [f"dram.device={name}", f"dram.channels={channels}", "dram.bandwidth=null"])


def share_of_peak(hardware: Hardware, pieces: list[Operand]) -> float:
    dram = BankedDram(BankTiming.of(hardware))
    end = max(dram.serve(Request(i, 0, operand, False)).end for i, operand in enumerate(pieces))
    moved = sum(operand.bytes for operand in pieces)
    return float(moved / (end * hardware.dram.bytes_per_cycle))


@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize("name", list(DramDevice))
def test_streaming_comes_close_to_the_peak_and_random_short_runs_do_not(name: str, channels: int) -> None:
    hardware = device(name, channels)
    burst = hardware.dram.burst_bytes
    stream = share_of_peak(hardware, [piece(1 << 16, 8 << 20)])
    scattered = np.random.default_rng(7).integers(0, 1 << 24, 4000) * burst
    short = share_of_peak(hardware, [piece(int(address), burst) for address in scattered])
    assert 0.88 < stream < 1
    assert short < 0.6 * stream


@settings(max_examples=30, deadline=None)
@given(programs())
def test_programs_run_on_banks_and_every_transfer_takes_its_bytes_time(program: Program) -> None:
    hardware = load("edge_npu", ["dram.device=LPDDR4-3200", "dram.bandwidth=null"])
    trace = run(program, hardware)
    found = hazards(program)
    assert all(trace.end[h.before] <= trace.start[h.after] for h in found)
    assert run(program, hardware).end.tolist() == trace.end.tolist()


def test_a_description_chooses_the_model_and_overrides_the_device() -> None:
    description = {
        "name": "x",
        "frequency": "1 GHz",
        "pe_array": {"rows": 4, "columns": 4},
        "scratchpad": {"capacity": "32 KiB"},
        "dram": {"model": "banks", "device": "LPDDR4-3200", "channels": 2, "tRCD": "20 ns"},
    }
    timing = BankTiming.of(from_description(description))
    assert (timing.channels, timing.bandwidth_bytes_per_s, timing.t_rcd_ps) == (2, 12_800_000_000, 20_000)
    assert (timing.t_rp_ps, timing.banks, timing.row_bytes, timing.interleave_bytes) == (18_000, 8, 2048, 256)


def test_an_impossible_timing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^row, interleave, burst: each must be a multiple of the next"):
        replace(FREE, interleave_bytes=96)
    with pytest.raises(ValueError, match=r"^t_refi_ps: must leave time for data \(1020 ps\), got 10 ps$"):
        replace(FREE, t_refi_ps=10, t_rfc_ps=20)
