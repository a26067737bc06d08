"""Links: what the controls show comes back from the link they write, and no link can break the page."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.hardware import load, override
from accelsim.play.catalogue import Catalogue, catalogue
from accelsim.play.ranges import RANGES, Range
from accelsim.play.settings import RESTRUCTURE, Settings, changed, from_hardware, from_query

OFFERED = catalogue()
ROOT = Path(__file__).parents[2]


def of_preset(name: str = "edge_npu") -> Settings:
    return from_hardware("mobilenetv2", name, OFFERED.hardware[name])


def read_back(settings: Settings) -> Settings:
    read = from_query(dict(parse_qsl(settings.query(OFFERED.hardware[settings.hardware]))), OFFERED)
    assert read.notices == ()
    return read.settings


def value_of(span: Range) -> st.SearchStrategy[float]:
    if span.whole:
        return st.integers(int(span.low), int(span.high)).map(float)
    return st.integers(1, 1024).map(lambda tenths: tenths / 10)


POSITIONS = st.builds(
    Settings,
    model=st.sampled_from(sorted(OFFERED.models)),
    hardware=st.sampled_from(sorted(OFFERED.hardware)),
    dataflow=st.sampled_from(sorted(OFFERED.dataflows)),
    restructure=st.sampled_from(sorted(RESTRUCTURE)),
    **{key: value_of(span) for key, span in RANGES.items()},
)


@given(POSITIONS)
def test_a_link_restores_every_position(settings: Settings) -> None:
    assert read_back(settings) == settings


@pytest.mark.parametrize("name", sorted(OFFERED.hardware))
def test_a_preset_needs_no_overrides_and_its_link_names_nothing_else(name: str) -> None:
    settings = of_preset(name)
    assert settings.overrides(OFFERED.hardware[name]) == ()
    assert settings.query(OFFERED.hardware[name]) == f"model=mobilenetv2&hw={name}"
    assert read_back(settings) == settings


def test_what_is_set_is_what_the_hardware_gets() -> None:
    moved = replace(of_preset(), scratchpad=100.0, rows=8.0, columns=24.0, dram=1.5, dataflow="output_stationary")
    found = override(load("edge_npu"), moved.overrides(load("edge_npu")))
    assert found.scratchpad.capacity_bytes == 100 * 1024
    assert (found.pe_array.rows, found.pe_array.columns) == (8, 24)
    assert found.pe_array.dataflow == "output_stationary"
    assert found.dram.bandwidth_bytes_per_s == 1_500_000_000


@given(st.dictionaries(st.sampled_from([*RANGES, "model", "hw", "dataflow", "restructure", "x"]), st.text(max_size=30)))
def test_any_nonsense_leaves_the_page_sound_and_is_told(query: dict[str, str]) -> None:
    read = from_query(query, OFFERED)
    settings = read.settings
    own = of_preset(settings.hardware)
    for key, span in RANGES.items():
        value = getattr(settings, key)
        assert span.low <= value <= span.high or value == getattr(own, key)
    assert settings.model in OFFERED.models
    assert settings.hardware in OFFERED.hardware
    override(OFFERED.hardware[settings.hardware], settings.overrides(OFFERED.hardware[settings.hardware]))
    assert len(read.notices) >= ("x" in query)


@pytest.mark.parametrize(
    ("key", "text", "used"),
    [
        ("scratchpad", "999999999999", 32768),
        ("scratchpad", "-5", 4),
        ("scratchpad", "nan", 256),
        ("rows", "1e400", 16),
        ("rows", "3.7", 4),
        ("dram", "abc", 3.2),
        ("dram", "0", 0.1),
        ("parts", "65", 64),
    ],
)
def test_numbers_out_of_range_become_the_nearest_and_are_told(key: str, text: str, used: float) -> None:
    read = from_query({key: text}, OFFERED)
    assert getattr(read.settings, key) == used
    assert len(read.notices) == 1
    assert read.notices[0].startswith(f"{key}: must be ")
    assert read.notices[0].endswith(" is used")


@pytest.mark.parametrize("key", ["model", "hw"])
def test_a_link_cannot_name_files(key: str) -> None:
    read = from_query({key: "../../etc/passwd"}, OFFERED)
    assert read.settings == of_preset()
    assert read.notices[0].startswith(f"{key}: must be one of ")


def test_what_changed_is_told_in_words() -> None:
    before = of_preset()
    assert changed(before, replace(before, scratchpad=128.0, dram=6.4)) == (
        "scratchpad 256 → 128 KiB, DRAM 3.2 → 6.4 GB/s"
    )
    assert changed(before, of_preset("tpu_v1")) == "hardware edge_npu → tpu_v1"
    assert changed(before, before) == ""


def test_every_setting_is_told_when_it_changes() -> None:
    before = of_preset()
    other: dict[str, Any] = {"model": "tiny", "dataflow": "row_stationary", "restructure": "rows"}
    for item in fields(Settings):
        if item.name != "hardware":
            after = replace(before, **{item.name: other.get(item.name, 3.0)})
            assert changed(before, after), item.name


@pytest.mark.parametrize("span", RANGES.values(), ids=list(RANGES))
def test_notches_rise_from_end_to_end_and_are_found_again(span: Range) -> None:
    assert list(span.notches) == sorted(set(span.notches))
    assert (span.notches[0], span.notches[-1]) == (span.low, span.high)
    assert [span.notch(value) for value in span.notches] == list(range(len(span.notches)))
    for value in (span.low, (span.low + span.high) / 2, span.high):
        nearest = min(span.notches, key=lambda notch: abs(notch - value))
        assert abs(span.notches[span.notch(value)] - value) == abs(nearest - value)


def test_own_files_are_offered_first() -> None:
    found: Catalogue = catalogue("tiny", str(ROOT / "hw_configs" / "edge_npu.yaml"))
    assert (found.first_model, found.first_hardware) == ("tiny", "edge_npu (file)")
    assert found.hardware["edge_npu (file)"] == load("edge_npu")


def test_a_setting_that_the_page_does_not_have_is_told_with_those_it_has() -> None:
    read = from_query({"hardware": "edge_npu"}, OFFERED)
    known = ", ".join(("model", "hw", "dataflow", "restructure", *RANGES))
    assert read.notices == (f"hardware: must be one of {known}; it is left out",)
