"""A file's problems are told all at once, each with file and line; nothing a file holds ends in another error."""

from pathlib import Path

import pytest
from descriptions import SOUND
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.errors import ConfigurationError
from accelsim.hardware import check, load
from accelsim.hardware.document import parse_yaml
from accelsim.hardware.validation import validate


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        validate(parse_yaml(text, "npu.yaml"))
    return caught.value.problems


def test_the_sound_description_is_sound() -> None:
    hardware = validate(parse_yaml(SOUND, "npu.yaml"))
    assert (hardware.frequency_hz, hardware.scratchpad.capacity_bytes) == (500_000_000, 32_768)


def test_all_problems_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = SOUND.replace("500 MHz", "500").replace("rows: 4", "rows: 0\n  colums: 3").replace("1 GB/s", "0 B/s")
    assert problems(text) == (
        "npu.yaml:2: frequency: must be a frequency with a unit, got 500; write it with a unit, e.g. 800 MHz",
        "npu.yaml:4: pe_array.rows: must be ≥ 1, got 0; write e.g. 1",
        "npu.yaml:5: pe_array.colums: must be a known field, got `colums`; did you mean columns?",
        "npu.yaml:10: dram.bandwidth: must be > 0 B/s, got 0 B/s; write e.g. 3.2 GB/s",
    )


def test_a_missing_field_is_told_at_its_section() -> None:
    text = SOUND.replace("  rows: 4\n", "").replace("name: small\n", "")
    assert problems(text) == (
        "npu.yaml:1: name: must be given, got nothing; add `name: my_npu`",
        "npu.yaml:3: pe_array.rows: must be given, got nothing; add `rows: 16`",
    )


def test_a_missing_section_is_told() -> None:
    text = SOUND[: SOUND.index("dram:")]
    assert problems(text) == ("npu.yaml:1: dram: must be given, got nothing; add `dram:` with its fields below",)


def test_a_duplicate_key_is_told_with_both_lines_beside_other_problems() -> None:
    assert problems(SOUND + "frequency: 1 GHz\ncolour: red\n") == (
        "npu.yaml:11: frequency: must be given once, got lines 2 and 11; delete one of them",
        "npu.yaml:12: colour: must be a known field, got `colour`; known here: name, description, sources, frequency, "
        "issue_cycles, precision, pe_array, vector_unit, scratchpad, accumulator, weight_buffer, dram, dma, "
        "energy",
    )


def test_a_duplicate_key_inside_a_section_is_told() -> None:
    assert problems(SOUND.replace("rows: 4", "rows: 4\n  rows: 5")) == (
        "npu.yaml:5: pe_array.rows: must be given once, got lines 4 and 5; delete one of them",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "npu.yaml: must describe hardware, got an empty file; start from a preset"),
        ("# nothing\n", "npu.yaml: must describe hardware, got an empty file; start from a preset"),
        ("- a\n- b\n", "npu.yaml:1: must be a mapping of fields, got a list; write `field: value` lines"),
        ("hello\n", "npu.yaml:1: must be a mapping of fields, got hello; write `field: value` lines"),
        (SOUND + "---\n" + SOUND, "npu.yaml:11: must be one document, got a second one; put it in a file of its own"),
        ("a: &x 1\nb: *x\n", "npu.yaml:1: must be plain YAML, got an anchor or alias; write the value out"),
        ("name: !!python/name:os.system\n",
         "npu.yaml:1: must be plain YAML, got the tag tag:yaml.org,2002:python/name:os.system; leave the tag out"),
        ("a: " + "[" * 5000, "npu.yaml:1: must be at most 8 levels deep, got more; flatten it"),
        ("name: [1, 2\nb: 3\n",
         "npu.yaml:2: must be valid YAML, got while parsing a flow sequence, expected ',' or ']', but got ':'; "
         "mend the line"),
        ("name: a: b\n",
         "npu.yaml:1: must be valid YAML, got mapping values are not allowed here; mend the line"),
        ("a: 1\nb: \x00\n", "npu.yaml:2: must be YAML text, got the character U+0000; delete it"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_with_its_line(text: str, message: str) -> None:
    assert problems(text) == (message,)


@pytest.mark.parametrize(
    "value",
    [
        "9" * 5000,
        "0x" + "f" * 5000,
        "1:30",
        "2001-01-01",
        "1e999",
        ".inf",
        "010",
        "0x10",
        "1_000",
        "yes",
        "~",
        "{}",
        "[]",
    ],
)
def test_odd_scalars_are_refused_by_the_rule_of_the_field(value: str) -> None:
    (problem,) = problems(SOUND.replace("rows: 4", f"rows: {value}"))
    assert problem.startswith("npu.yaml:4: pe_array.rows: must be ")
    assert len(problem) < 250


def test_terminal_escapes_in_a_file_are_not_passed_on() -> None:
    (problem,) = problems(SOUND + '"\\e[31mred": 1\n')
    assert "\x1b" not in problem


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00", "must be UTF-8 text, got byte 0 that is not; save it as UTF-8"),
        (b"#" * (1024 * 1024 + 1), "must be at most 1 MiB, got more; is it a hardware description?"),
    ],
)
def test_a_file_that_is_not_a_description_is_told(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    assert caught.value.problems == (f"{path}: {message}",)


def test_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path)
    assert caught.value.problems == (f"{tmp_path}: must be a readable file, got a folder; name a file in it",)


@pytest.mark.parametrize("name", ["", "\0", "a" * 5000, "no/such/file.yaml"])
def test_a_name_that_means_nothing_is_told(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"must be a readable file or the name of a preset, got neither; "):
        load(name)


def test_check_gives_the_problems_and_nothing_for_a_sound_file(tmp_path: Path) -> None:
    path = tmp_path / "npu.yaml"
    path.write_text(SOUND)
    assert check(path) == ()
    path.write_text(SOUND.replace("500 MHz", "0 MHz"))
    assert check(path) == (f"{path}:2: frequency: must be > 0 Hz, got 0 MHz; write e.g. 800 MHz",)


@given(st.text(max_size=60), st.integers(0, len(SOUND)), st.integers(0, 40))
@settings(max_examples=200, deadline=None)
def test_whatever_is_done_to_a_file_it_is_read_or_refused(insert: str, at: int, cut: int) -> None:
    try:
        found = validate(parse_yaml(SOUND[:at] + insert + SOUND[at + cut :], "npu.yaml")) and ()
    except ConfigurationError as error:
        found = error.problems
    assert all(problem.startswith("npu.yaml") and problem.isprintable() for problem in found)
