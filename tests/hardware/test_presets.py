"""The presets load, fit their story, and can be found from anywhere."""

import pickle
from pathlib import Path

import pytest

from accelsim.errors import ConfigurationError
from accelsim.hardware import Dataflow, Hardware, describe, from_description, load, load_with_notices, presets
from accelsim.hardware.fields import fields_of

NAMES = (
    "edge_npu",
    "ethos_u55_256",
    "eyeriss",
    "gemmini_16x16",
    "gemmini_8x8",
    "mcu_512kib",
    "nvdla_small",
    "systolic_32x32",
    "tpu_like",
    "tpu_v1",
)
MOBILENETV2_LARGEST_MAPS_BYTES = 1_505_280


def test_the_presets_are_listed_with_a_description_of_one_line() -> None:
    found = presets()
    assert set(NAMES) <= set(found)
    assert all(text and "\n" not in text and len(text) < 120 for text in found.values())


@pytest.mark.parametrize("name", presets())
def test_every_preset_names_its_sources_and_carries_its_file_name(name: str) -> None:
    hardware = load(name)
    assert hardware.name == name
    assert hardware.sources


def sourced_paths(hardware: Hardware) -> set[str]:
    """The fields and sections that the sources name before their colon; `dram.a, b` names dram.a and dram.b."""
    paths, known = set(), {facts.path for facts in fields_of(Hardware)}
    for source in hardware.sources:
        section = ""
        for word in source.partition(":")[0].split(", "):
            path = word if word in known or "." in word else f"{section}.{word}"
            section = path.rpartition(".")[0] or section
            assert path in known, f"{path} is not a field"
            paths.add(path)
    return paths


@pytest.mark.parametrize("name", presets())
def test_every_number_of_a_preset_has_a_source_or_is_marked_as_an_assumption(name: str) -> None:
    hardware = load(name)
    covered = sourced_paths(hardware)
    given = {fact.path for fact in describe(hardware) if fact.origin == "given"}
    assert {path for path in given if not any(path == c or path.startswith(f"{c}.") for c in covered)} == set()


@pytest.mark.parametrize("name", presets())
def test_writing_a_preset_out_and_reading_it_back_changes_nothing(name: str) -> None:
    hardware = load(name)
    assert from_description(hardware.to_description()) == hardware


@pytest.mark.parametrize("name", presets())
def test_a_preset_survives_pickling_with_its_clock(name: str) -> None:
    hardware = load(name)
    copy = pickle.loads(pickle.dumps(hardware))
    assert copy == hardware
    assert copy.dram.bytes_per_cycle == hardware.dram.bytes_per_cycle


def test_mobilenetv2_does_not_fit_edge_npu() -> None:
    assert load("edge_npu").scratchpad.capacity_bytes < MOBILENETV2_LARGEST_MAPS_BYTES


def test_edge_npu_moves_four_bytes_per_cycle_and_waits_eighty() -> None:
    dram = load("edge_npu").dram
    assert (dram.bytes_per_cycle, dram.latency_cycles) == (4, 80)


def test_tpu_v1_peaks_at_the_92_tera_operations_of_its_paper() -> None:
    assert round(2 * load("tpu_v1").peak_macs_per_s / 1e12) == 92


@pytest.mark.parametrize(
    ("word", "dataflow"),
    [("ws", "weight_stationary"), ("OS", "output_stationary"), ("input_stationary", "input_stationary")],
)
def test_a_dataflow_may_be_set_by_its_short_name(word: str, dataflow: str) -> None:
    assert load("systolic_32x32", [f"pe_array.dataflow={word}"]).pe_array.dataflow is Dataflow(dataflow)


def test_a_description_shows_itself_in_a_line() -> None:
    expected = "edge_npu: 16x16 weight_stationary array, 256 KiB scratchpad, 3.2 GB/s DRAM, 800 MHz"
    assert load("edge_npu").summary == expected
    assert repr(load("edge_npu")) == f"<Hardware {expected}>"


def test_a_missing_file_named_like_a_preset_means_the_preset_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = load_with_notices("hw_configs/edge_npu.yaml")
    assert loaded.hardware == load("edge_npu")
    assert loaded.notices == (
        "hw_configs/edge_npu.yaml: there is no such file here; the preset edge_npu that comes with accelsim is used",
    )


def test_a_file_on_disk_is_read_without_a_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "edge_npu.yaml").write_text(
        "{name: mine, frequency: 1 GHz, pe_array: {rows: 1, columns: 1}, "
        "scratchpad: {capacity: 1 KiB}, dram: {bandwidth: 1 GB/s, latency: 0 ns}}"
    )
    monkeypatch.chdir(tmp_path)
    loaded = load_with_notices("edge_npu.yaml")
    assert (loaded.hardware.name, loaded.notices) == ("mine", ())


def test_an_unknown_preset_gets_a_guess() -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"^edge_nup: must be a readable file or the name of a preset, got neither; did you mean edge_npu\?$",
    ):
        load("edge_nup")


@pytest.mark.parametrize(
    ("name", "macs"),
    [("gemmini_16x16", 256), ("gemmini_8x8", 64), ("ethos_u55_256", 256), ("nvdla_small", 64), ("eyeriss", 168)],
)
def test_presets_peak_at_the_macs_per_cycle_of_their_machines(name: str, macs: int) -> None:
    assert load(name).peak_macs_per_cycle == macs


def test_eyeriss_moves_eight_bytes_at_60_megahertz() -> None:
    assert load("eyeriss").dram.bandwidth_bytes_per_s == 8 * 60_000_000


def test_the_microcontroller_cannot_spill() -> None:
    assert not load("mcu_512kib").dram.writable
