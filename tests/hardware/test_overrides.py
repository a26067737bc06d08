"""--set changes one field, obeys the same rules as the file, and says which setting was wrong."""

import pytest
from descriptions import with_value
from hypothesis import given
from hypothesis import strategies as st

from accelsim.errors import ConfigurationError
from accelsim.hardware import Dataflow, Hardware, from_description, load, override


def small() -> Hardware:
    return from_description(with_value("name", "small"))


def test_a_setting_changes_its_field_and_nothing_else() -> None:
    changed = override(small(), ["scratchpad.capacity=128KiB"])
    assert changed.scratchpad.capacity_bytes == 131_072
    assert changed == from_description(with_value("scratchpad.capacity", "128 KiB"))


def test_several_settings_hold_together_and_the_last_one_wins() -> None:
    changed = override(small(), ["pe_array.rows=2", "pe_array.rows=3", "pe_array.dataflow=os", "dram.writable=false"])
    assert (changed.pe_array.rows, changed.pe_array.dataflow, changed.dram.writable) == (
        3,
        Dataflow.OUTPUT_STATIONARY,
        False,
    )


def test_a_setting_may_make_a_section_and_null_may_take_it_away() -> None:
    with_memory = override(small(), ["accumulator.capacity=16 KiB"])
    assert with_memory.accumulator is not None
    assert with_memory.accumulator.capacity_bytes == 16_384
    assert override(with_memory, ["accumulator=null"]).accumulator is None


def test_a_default_that_follows_from_a_field_follows_the_setting() -> None:
    assert small().energy.scratchpad_read_pj_per_byte == 2.5
    assert override(small(), ["scratchpad.capacity=1 MiB"]).energy.scratchpad_read_pj_per_byte == 12.5


def test_a_setting_mends_what_is_wrong_in_the_file(tmp_path: object) -> None:
    with pytest.raises(ConfigurationError):
        load("edge_npu", ["dram.burst=0 B"])
    assert load("edge_npu", ["dram.burst=0 B", "dram.burst=64 B"]).dram.burst_bytes == 64


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("scratchpad.capacity=0KiB",
         "--set scratchpad.capacity=0KiB: scratchpad.capacity: must be > 0 B, got 0KiB; write e.g. 256 KiB"),
        ("scratchpad.size=1KiB",
         "--set scratchpad.size=1KiB: scratchpad.size: must be a known field, got scratchpad.size; "
         "known there: scratchpad.capacity, scratchpad.read_width, scratchpad.write_width, scratchpad.banks, "
         "scratchpad.bank_layout, scratchpad.bank_ports"),
        ("colour=red", "--set colour=red: colour: must be a known field, got colour; "
         "see `accelsim hw schema` for the fields"),
        ("scratchpad.capcity=1KiB",
         "--set scratchpad.capcity=1KiB: scratchpad.capcity: must be a known field, got scratchpad.capcity; "
         "did you mean scratchpad.capacity?"),
        ("bandwidth=1GB/s",
         "--set bandwidth=1GB/s: bandwidth: must be a known field, got bandwidth; did you mean dram.bandwidth?"),
        ("dma=3",
         "--set dma=3: dma: must be a single field, got a section; set one of dma.channels, dma.outstanding, "
         "dma.load_width, dma.packets.beat, dma.packets.largest"),
        ("dma.channels",
         "--set dma.channels: must be path=value, got dma.channels; write e.g. --set scratchpad.capacity=128KiB"),
        ("=3", "--set =3: must be path=value, got nothing; write e.g. --set scratchpad.capacity=128KiB"),
        ("pe_array.dataflow=xs",
         "--set pe_array.dataflow=xs: pe_array.dataflow: must be one of weight_stationary, output_stationary, "
         "input_stationary, adder_tree, row_stationary, got xs; write e.g. weight_stationary"),
        ("dma=null", "--set dma=null: dma: must be a section, got null; write its fields on lines below: "
         "channels, outstanding, load_width, packets"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_told_as_it_was_written(setting: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        override(small(), [setting])
    assert caught.value.problems == (message,)


def test_all_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        override(small(), ["x=1", "dma.channels=0"])
    assert len(caught.value.problems) == 2


@given(st.text(max_size=40))
def test_whatever_is_set_it_is_read_or_refused(text: str) -> None:
    for setting in (text, f"dma.channels={text}", f"{text}=3"):
        try:
            problems = override(small(), [setting]) and ()
        except ConfigurationError as error:
            problems = error.problems
        assert all(problem.startswith("--set ") and problem.isprintable() for problem in problems)
