"""Numbers, bars and sparklines: what they show is what is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.printable import printable
from accelsim.report.parts import tail
from accelsim.report.quantities import count, cycles, energy, frequency, milliseconds, octets, percent
from accelsim.report.sparkline import bar, highest, sparkline

steps = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 100)), min_size=1, max_size=30)


@given(steps, st.integers(1, 60))
def test_every_column_shows_the_highest_moment_of_its_time(parts: list[tuple[int, int]], columns: int) -> None:
    starts, values, now = [], [], 0
    for length, value in parts:
        starts.append(now)
        values.append(value)
        now += length
    starts.append(now)
    values.append(0)
    moments = [value for length, value in parts for _ in range(length)]
    slow = [
        max(moments[c * now // columns : max(c * now // columns + 1, -(-(c + 1) * now // columns))])
        for c in range(columns)
    ]
    assert highest(starts, values, columns) == slow


@given(st.lists(st.integers(0, 1000), min_size=1), st.integers(1, 1000))
def test_a_sparkline_is_blank_only_where_there_is_nothing(values: list[int], full: int) -> None:
    drawn = sparkline(values, full)
    assert len(drawn) == len(values)
    assert [glyph == " " for glyph in drawn] == [value == 0 for value in values]
    assert all(glyph == "█" for glyph, value in zip(drawn, values, strict=True) if value >= full)


@pytest.mark.parametrize(("part", "drawn"), [(0, ""), (1, "▌"), (50, "█████"), (55, "█████▌"), (100, "██████████")])
def test_a_bar_is_as_long_as_its_share(part: int, drawn: str) -> None:
    assert bar(part, 100, 10) == drawn


def test_numbers_carry_their_units() -> None:
    assert cycles(1) == "1 cycle"
    assert cycles(1234567) == "1,234,567 cycles"
    assert octets(1505280) == "1,505,280 B"
    assert count(1, "tensor") == "1 tensor"
    assert count(0, "tensor") == "0 tensors"
    assert percent(0.1234) == "12.3%"
    assert percent(1, 0) == "–"
    assert milliseconds(0.0039) == "3.900 ms"
    assert milliseconds(12.3456) == "12,346 ms"
    assert milliseconds(0) == "0 ms"
    assert milliseconds(0.00000457) == "0.004570 ms"
    assert frequency(800_000_000) == "800 MHz"
    assert frequency(32_768) == "32.768 kHz"
    assert energy(0) == "0 pJ"
    assert energy(256.8) == "256.8 pJ"
    assert energy(2.716e9) == "2.716 mJ"


def test_a_long_name_keeps_its_end() -> None:
    assert tail("/features/features.1/conv/Conv", 12) == "…1/conv/Conv"
    assert tail("conv", 12) == "conv"


@given(st.text())
def test_printable_text_never_steers_a_terminal(text: str) -> None:
    assert printable(text).isprintable()


def test_printable_leaves_ordinary_names_alone() -> None:
    assert printable("/layer1/größe·7") == "/layer1/größe·7"
    assert printable("a\nb\x1b[31m\u202e") == "a\\nb\\x1b[31m\\u202e"
