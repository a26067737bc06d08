"""What follows from a description: cycles exactly, energy by the cited points."""

from fractions import Fraction

import pytest
from descriptions import with_value
from hypothesis import given
from hypothesis import strategies as st

from accelsim.hardware import DataType, Dram, from_description, load, override
from accelsim.hardware.energy import ADDITION_PJ, MULTIPLICATION_PJ, sram_pj_per_byte


@pytest.mark.parametrize(
    ("latency", "cycles"), [("0 ns", 0), ("1 ps", 1), ("10 ns", 5), ("10.001 ns", 6), ("9.999 ns", 5)]
)
def test_the_dram_latency_in_cycles_is_rounded_up(latency: str, cycles: int) -> None:
    assert from_description(with_value("dram.latency", latency)).dram.latency_cycles == cycles


def test_the_bandwidth_per_cycle_is_an_exact_fraction() -> None:
    hardware = from_description(with_value("frequency", "700 MHz"))
    assert hardware.dram.bytes_per_cycle == Fraction(10, 7)


def test_seconds_are_cycles_over_frequency() -> None:
    assert from_description(with_value("frequency", "800 MHz")).seconds(800_000) == 0.001
    assert from_description(with_value("name", "x")).dram.latency_s == Fraction(1, 10**8)


def test_a_memory_without_a_clock_cannot_be_asked_for_cycles() -> None:
    dram = Dram.model_validate({"bandwidth": "1 GB/s", "latency": "10 ns"})
    with pytest.raises(TypeError, match=r"^cycles need a clock: "):
        _ = dram.bytes_per_cycle
    assert dram.at(500_000_000).latency_cycles == 5
    assert dram.bandwidth_bytes_per_s == 10**9


def test_two_clocks_may_look_at_the_same_memory() -> None:
    slow = load("edge_npu")
    fast = override(slow, ["frequency=1.6 GHz"])
    assert (slow.dram.bytes_per_cycle, fast.dram.bytes_per_cycle) == (4, 2)


def test_a_mac_is_a_multiplication_and_an_addition() -> None:
    assert from_description(with_value("name", "x")).energy.mac_pj == 0.3
    floats = {"weights": "fp32", "activations": "fp32", "accumulators": "fp32"}
    assert from_description(with_value("precision", floats)).energy.mac_pj == 4.6
    mixed = {"weights": "int8", "activations": "fp16", "accumulators": "fp32"}
    assert from_description(with_value("precision", mixed)).energy.mac_pj == 2.0


@pytest.mark.parametrize(("kibibytes", "picojoules"), [(8, 1.25), (32, 2.5), (1024, 12.5), (2, 0.625)])
def test_the_sram_energy_passes_through_the_cited_points(kibibytes: int, picojoules: float) -> None:
    assert sram_pj_per_byte(kibibytes * 1024) == picojoules


@given(st.integers(1, 2**40), st.integers(1, 2**40))
def test_a_larger_sram_never_costs_less_per_byte(first: int, second: int) -> None:
    small, large = sorted((first, second))
    assert 0 < sram_pj_per_byte(small) <= sram_pj_per_byte(large)


def test_sixteen_bit_integers_lie_at_the_geometric_mean() -> None:
    for table in (ADDITION_PJ, MULTIPLICATION_PJ):
        mean = (table[DataType.INT8] * table[DataType.INT32]) ** 0.5
        assert table[DataType.INT16] == pytest.approx(mean, rel=1e-3)


def test_given_energies_hold_and_the_rest_is_derived() -> None:
    energy = from_description(with_value("energy", {"scratchpad_read": "3 pJ/B", "leakage": "2 mW"})).energy
    assert (energy.scratchpad_read_pj_per_byte, energy.scratchpad_write_pj_per_byte) == (3.0, 3.0)
    assert energy.accumulator_pj_per_byte == 3.0
    assert energy.dram_pj_per_byte == 162.5
    assert energy.leakage_pj(0.5) == 1e9
    assert "scratchpad_read_pj_per_byte" not in energy.derived
    assert "mac_pj" in energy.derived


def test_a_separate_accumulator_has_the_energy_of_its_own_size() -> None:
    hardware = from_description(with_value("accumulator.capacity", "8 KiB"))
    assert hardware.energy.accumulator_pj_per_byte == 1.25
