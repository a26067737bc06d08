"""Quantities are exact, carry the right unit, and read back as what was written."""

import contextlib
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.hardware import units
from accelsim.hardware.units import Dimension, Refused, format_quantity, parse

DIMENSIONS = [value for value in vars(units).values() if isinstance(value, Dimension)]


def decimals() -> st.SearchStrategy[Fraction]:
    """Non-negative numbers with a finite decimal text."""
    return st.builds(lambda digits, power: Fraction(digits, 10**power), st.integers(0, 10**15), st.integers(0, 6))


@given(dimension=st.sampled_from(DIMENSIONS), number=decimals(), data=st.data())
def test_what_is_written_reads_back_as_the_same_value(
    dimension: Dimension, number: Fraction, data: st.DataObject
) -> None:
    value = number * dimension.units[data.draw(st.sampled_from(sorted(dimension.units)))]
    assert parse(format_quantity(value, dimension), dimension) == value


@given(dimension=st.sampled_from(DIMENSIONS), number=st.floats(1e-6, 1e9))
def test_a_float_reads_back_as_the_same_float(dimension: Dimension, number: float) -> None:
    assert float(parse(format_quantity(number, dimension), dimension)) == number


@given(dimension=st.sampled_from(DIMENSIONS), number=st.integers(0, 10**9), data=st.data())
def test_a_number_means_so_many_of_its_unit_with_or_without_a_space(
    dimension: Dimension, number: int, data: st.DataObject
) -> None:
    unit = data.draw(st.sampled_from(sorted(dimension.units)))
    assert parse(f"{number} {unit}", dimension) == parse(f" {number}{unit} ", dimension)
    assert parse(f"{number} {unit}", dimension) == number * dimension.units[unit]


@given(dimension=st.sampled_from(DIMENSIONS), text=st.text(max_size=80))
def test_any_other_text_is_refused_and_nothing_else_happens(dimension: Dimension, text: str) -> None:
    with contextlib.suppress(Refused):
        assert isinstance(parse(text, dimension), Fraction)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("256 KiB", 262_144),
        ("256 KB", 256_000),
        ("256 kB", 256_000),
        ("1 MiB", 1_048_576),
        ("1.5 KiB", 1536),
        ("64 B", 64),
        ("1e3 B", 1000),
    ],
)
def test_binary_and_decimal_sizes_are_told_apart(text: str, expected: int) -> None:
    assert parse(text, units.SIZE) == expected


@pytest.mark.parametrize(
    ("text", "dimension", "expected"),
    [
        ("12.8 GB/s", units.BANDWIDTH, 12_800_000_000),
        ("800 MHz", units.FREQUENCY, 800_000_000),
        ("100 ns", units.TIME, 100_000),
        ("2 µs", units.TIME, 2_000_000),
        ("0.2 pJ", units.ENERGY, Fraction(1, 5)),
        ("4 pJ/bit", units.ENERGY_PER_BYTE, 32),
        ("1 W", units.POWER, 1000),
    ],
)
def test_values_are_kept_in_the_base_unit(text: str, dimension: Dimension, expected: Fraction) -> None:
    assert parse(text, dimension) == expected


@pytest.mark.parametrize(
    ("value", "dimension", "text"),
    [
        (262_144, units.SIZE, "256 KiB"),
        (100_000, units.SIZE, "100 KB"),
        (1536, units.SIZE, "1.5 KiB"),
        (1505, units.SIZE, "1505 B"),
        (0, units.SIZE, "0 B"),
        (12_800_000_000, units.BANDWIDTH, "12.8 GB/s"),
        (1250, units.TIME, "1.25 ns"),
        (0.3, units.ENERGY, "0.3 pJ"),
    ],
)
def test_the_unit_with_the_shortest_number_is_written(value: float, dimension: Dimension, text: str) -> None:
    assert format_quantity(value, dimension) == text


@pytest.mark.parametrize("value", [256, 1.5, True, None, [], "256", "KiB", "", "1 2 KiB", "1,024 KiB", "9" * 99 + " B"])
def test_a_value_without_number_or_unit_is_refused(value: object) -> None:
    with pytest.raises(Refused) as caught:
        parse(value, units.SIZE)
    assert caught.value.rule.startswith("must be a size ")


def test_a_unit_in_the_wrong_case_gets_a_guess() -> None:
    with pytest.raises(Refused) as caught:
        parse("800 mhz", units.FREQUENCY)
    assert caught.value.rule == "must be a frequency in one of Hz, kHz, MHz, GHz"
    assert caught.value.remedy == "did you mean MHz?"


def test_a_huge_exponent_is_refused_without_computing_it() -> None:
    with pytest.raises(Refused):
        parse("1e999999999 B", units.SIZE)
