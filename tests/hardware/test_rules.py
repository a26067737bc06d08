"""Every rule of a description is told with path, rule, value and remedy; the whole message is checked."""

import re

import pytest
from descriptions import with_value

from accelsim.errors import ConfigurationError
from accelsim.hardware import DataType, from_description

CASES = [
    ("frequency", "0 Hz", "must be > 0 Hz, got 0 Hz; write e.g. 800 MHz"),
    ("frequency", "-1 GHz", "must be > 0 Hz, got -1 GHz; write e.g. 800 MHz"),
    ("frequency", 800, "must be a frequency with a unit, got 800; write it with a unit, e.g. 800 MHz"),
    ("frequency", "800", "must be a frequency with a unit, got 800; write it with a unit, e.g. 800 MHz"),
    ("frequency", "1 THz", "must be a frequency in one of Hz, kHz, MHz, GHz, got 1 THz; write e.g. 800 MHz"),
    ("frequency", "101 GHz", "must be ≤ 100 GHz, got 101 GHz; write e.g. 800 MHz"),
    ("frequency", None, "must be a frequency with a unit, got nothing; write it with a unit, e.g. 800 MHz"),
    ("scratchpad.capacity", "0.3 KiB", "must be a whole number of B, got 0.3 KiB; 307 B is the nearest"),
    ("scratchpad.read_width", "64 B", "must be a port width in one of B/cycle, got 64 B; write e.g. 64 B/cycle"),
    ("dram.latency", "-1 ns", "must be ≥ 0 ps, got -1 ns; write e.g. 100 ns"),
    ("dram.burst", "0 B", "must be > 0 B, got 0 B; write e.g. 64 B"),
    ("dram.writable", "maybe", "must be true or false, got maybe; write true or false"),
    ("pe_array.rows", 0, "must be ≥ 1, got 0; write e.g. 1"),
    ("pe_array.rows", -3, "must be ≥ 1, got -3; write e.g. 1"),
    ("pe_array.rows", 65_537, "must be ≤ 65536, got 65537; write at most 65536"),
    ("pe_array.rows", 1.5, "must be a whole number, got 1.5; write e.g. 1"),
    ("pe_array.rows", True, "must be a whole number, got true; write e.g. 1"),
    ("pe_array.rows", "four", "must be a whole number, got four; write e.g. 1"),
    ("issue_cycles", -1, "must be ≥ 0, got -1; write e.g. 1"),
    ("name", "a b", "must be a word of letters, digits and _ . + -, starting with a letter or digit, got a b; "
     "write plain words"),
    ("description", "\x1b[31m", "must be text without control characters, got \\x1b[31m; write plain words"),
    ("description", "x" * 2001, f"must be at most 2000 characters, got {'x' * 80}…; shorten it"),
    ("sources", "a paper", "must be a list of texts, got a paper; write each on a line of its own, after a dash"),
    ("precision.weights", "int4", "must be one of int8, int16, int32, fp16, bf16, fp32, got int4; did you mean int8?"),
    ("pe_array.drain", 3, "must be one of hidden, exposed, got 3; write e.g. hidden"),
    ("energy.mac", "3 pJ/B", "must be an energy in one of fJ, pJ, nJ, uJ, got 3 pJ/B; write e.g. 0.2 pJ"),
    ("energy.mac", "-1 pJ", "must be ≥ 0 pJ, got -1 pJ; write e.g. 0.2 pJ"),
    ("dma", 4, "must be a section, got 4; write its fields on lines below: channels, outstanding, load_width, packets"),
    ("dma.chanels", 4, "must be a known field, got `chanels`; did you mean channels?"),
    ("dma.capacity", "1 KiB", "must be a known field, got `capacity`; did you mean scratchpad.capacity?"),
    ("dma.colour", "red", "must be a known field, got `colour`; known here: channels, outstanding, load_width, "
     "packets"),
    ("accumulator", {}, None),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "message"), CASES)
def test_a_broken_rule_is_told_with_path_rule_value_and_remedy(path: str, value: object, message: str | None) -> None:
    with pytest.raises(ConfigurationError) as caught:
        from_description(with_value(path, value), "npu.yaml")
    missing = "npu.yaml: accumulator.capacity: must be given, got nothing; add `capacity: 256 KiB`"
    assert caught.value.problems == (f"npu.yaml: {path}: {message}" if message else missing,)


def test_accumulators_must_be_as_wide_as_what_they_sum() -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"^npu\.yaml: precision\.accumulators: must be at least as wide as its operands, got int16; "
        r"write int32 or fp32, or narrow int32$",
    ):
        from_description(with_value("precision", {"weights": "int32", "accumulators": "int16"}), "npu.yaml")


def test_floating_point_products_need_a_floating_point_accumulator() -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"^x\.yaml: precision\.accumulators: must be floating point as its operands are, got int32; write fp32$",
    ):
        from_description(with_value("precision.activations", "fp16"), "x.yaml")


@pytest.mark.parametrize(
    ("dma", "problems"),
    [
        ({"packets": {"beat": "16 B", "largest": "64 B"}},
         ["dma.load_width: must be given for packets, got nothing; write e.g. 16 B/cycle, or leave out dma.packets"]),
        ({"load_width": "8 B/cycle", "packets": {"beat": "24 B", "largest": "96 B"}},
         ["dma.packets.beat: must be a power of two, got 24 B; write e.g. 16 B",
          "dma.packets.largest: must be a power of two, got 96 B; write e.g. 64 B"]),
        ({"load_width": "8 B/cycle", "packets": {"beat": "16 B", "largest": "8 B"}},
         ["dma.packets.largest: must be ≥ dma.packets.beat (16 B), got 8 B; write e.g. 64 B"]),
        ({"load_width": "8 B/cycle", "packets": {"beat": "16 B"}},
         ["dma.packets.largest: must be given, got nothing; add `largest: 64 B`"]),
        ({"load_width": "8 B/cycle", "packets": {"beat": "16 B", "largest": "16 B"}}, []),
    ],
)  # fmt: skip
def test_packets_are_powers_of_two_on_a_path_of_loads(dma: dict[str, object], problems: list[str]) -> None:
    tree = with_value("dma", dma)
    if not problems:
        assert from_description(tree).dma.packets is not None
        return
    with pytest.raises(ConfigurationError) as caught:
        from_description(tree)
    assert list(caught.value.problems) == [f"description: {problem}" for problem in problems]


def test_a_dotted_field_in_the_file_is_explained() -> None:
    with pytest.raises(ConfigurationError, match=re.escape("write it inside its section, or with --set")):
        from_description({**with_value("name", "x"), "dram.burst": "32 B"})


def test_a_key_that_is_not_text_is_refused() -> None:
    tree: dict[object, object] = {**with_value("name", "x"), 3: 4}
    with pytest.raises(ConfigurationError, match=r"^description: 3\S*: must be a field's name and value"):
        from_description(tree)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", DataType)
def test_a_number_format_is_as_wide_as_its_name_says(kind: DataType) -> None:
    assert 8 * kind.bytes == int("".join(char for char in kind if char.isdigit()))
    assert kind.is_integer == kind.startswith("int")


def dram(**fields: str) -> dict[str, object]:
    tree = with_value("name", "x")
    return {**tree, "dram": fields}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"latency": "1 ns"}, "description: dram.bandwidth: must be given, got nothing; add `bandwidth: 3.2 GB/s`"),
        ({"bandwidth": "1 GB/s"}, "description: dram.latency: must be given, got nothing; add `latency: 100 ns`"),
        ({"device": "LPDDR4-3200", "row": "1000 B"},
         "description: dram.row: must be a multiple of dram.burst (32 B), got 1000 B; write e.g. 32 B"),
        ({"device": "hbm2", "tREFI": "300 ns", "tRFC": "280 ns"},
         "description: dram.tREFI: must be longer than tRFC + tRCD + tCL + a burst (310000 ps), or 0, got 300000 ps; "
         "lengthen it"),
        ({"device": "DDR9"}, "description: dram.device: must be one of LPDDR4-3200, DDR4-2400, LPDDR5-6400, HBM2, "
         "got DDR9; write e.g. LPDDR4-3200"),
    ],
)  # fmt: skip
def test_what_a_dram_must_say_and_what_must_fit_together(fields: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        from_description(dram(**fields))
    assert problem in caught.value.problems


def test_banks_without_a_device_need_every_number() -> None:
    with pytest.raises(
        ConfigurationError, match=r"dram.device: must be given for banks, got nothing; add `device: LPD"
    ):
        from_description(dram(bandwidth="1 GB/s", latency="1 ns", model="banks"))


def test_a_device_is_the_default_of_what_is_left_out() -> None:
    found = from_description(dram(device="LPDDR4-3200")).dram
    assert (found.model, found.bandwidth_bytes_per_s, found.burst_bytes) == ("banks", 6_400_000_000, 32)
    assert found.latency_ps == 50_000
    flat = from_description(dram(device="LPDDR4-3200", model="bandwidth", latency="10 ns")).dram
    assert (flat.model, flat.bandwidth_bytes_per_s, flat.latency_ps) == ("bandwidth", 6_400_000_000, 10_000)
