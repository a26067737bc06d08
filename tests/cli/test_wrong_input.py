"""Whatever a user gets wrong ends in one message with path, rule, value and remedy, an exit code, and no traceback."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import wrong_models

from accelsim.cli import main
from restructure import zoo
from restructure.graph import save

PRESET = Path(__file__).parents[2] / "hw_configs" / "edge_npu.yaml"

Complaint = tuple[int, str]
Say = Callable[..., Complaint]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run a command in an empty folder; it must fail with complaints only, and write nothing."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Complaint:
        before = sorted(tmp_path.rglob("*"))
        code = main(words)
        out, err = capsys.readouterr()
        assert out == ""
        assert sorted(tmp_path.rglob("*")) == before
        lines = err.splitlines()
        assert lines
        assert all(line.startswith("accelsim: error: ") for line in lines), err
        return code, "\n".join(line.removeprefix("accelsim: error: ") for line in lines)

    return run


MODELS: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 3, r"net\.onnx: the file is empty"),
    "no ONNX": (b"hello, world\n" * 20, 3, r"net\.onnx: is not an ONNX file, or is cut short: .+"),
    "cut short": (wrong_models.sound()[:-20], 3, r"net\.onnx: is not an ONNX file, or is cut short: .+"),
    "unknown operator": (wrong_models.unknown_operator(), 3, r"net\.onnx: .*2 × Frobnicate.*"),
    "unknown domain": (wrong_models.unknown_domain(), 3, r"net\.onnx: .*1 × com\.example\.Fancy.*"),
    "open dimension": (wrong_models.sound(("N", 2, 4, 4)), 3, r"net\.onnx: input 'x' .* pin it with --dim N=1"),
    "control flow": (wrong_models.control_flow(), 3, r"net\.onnx: control flow is not supported \(1 × If\).+"),
}


@pytest.mark.parametrize("command", ["run --hw edge_npu", "verify --hw edge_npu", "profile"])
@pytest.mark.parametrize("kind", MODELS)
def test_a_model_that_cannot_be_used_is_told_why(say: Say, tmp_path: Path, command: str, kind: str) -> None:
    content, code, message = MODELS[kind]
    wrong_models.write(tmp_path, content)
    found, text = say(*command.split(), "--model", "net.onnx")
    assert found == code
    assert re.fullmatch(message, text), text


def test_a_large_model_cut_short_is_told_so(say: Say, tmp_path: Path) -> None:
    save(zoo.model("resnet18"), tmp_path / "whole.onnx")
    wrong_models.write(tmp_path, (tmp_path / "whole.onnx").read_bytes()[:30_000_000])
    code, text = say("run", "--hw", "edge_npu", "--model", "net.onnx")
    assert code == 3
    assert text.startswith("net.onnx: is not an ONNX file, or is cut short: ")


def test_a_model_that_is_not_there_is_told_with_the_network_that_was_meant(say: Say) -> None:
    assert say("run", "--hw", "edge_npu", "--model", "mobilnetv2.onnx") == (
        2,
        "'mobilnetv2.onnx': must be a readable ONNX file or the name of a network of the zoo, got neither; "
        "did you mean mobilenetv2?",
    )


def test_a_folder_is_no_model(say: Say) -> None:
    code, text = say("run", "--hw", "edge_npu", "--model", ".")
    assert code == 2
    assert text.startswith(".: cannot be read")


def test_a_path_into_a_folder_never_means_the_zoo(say: Say) -> None:
    assert say("run", "--hw", "edge_npu", "--model", "models/mobilenetv2.onnx")[0] == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("precision:", "issue_cycles: 2\nprecision:", r"issue_cycles: must be given once, got lines \d+ and \d+; .+"),
        ("issue_cycles: 1", "isue_cycles: 1", r"isue_cycles: must be a known field, .*did you mean issue_cycles\?"),
        ("3.2 GB/s", "3.2 GHz", r"dram\.bandwidth: must be a bandwidth in one of .+, got 3\.2 GHz; write e\.g\. .+"),
        ("3.2 GB/s", "3.2", r"dram\.bandwidth: must be .+, got 3\.2; .+"),
        ("3.2 GB/s", "0 GB/s", r"dram\.bandwidth: must be > 0 B/s, got 0 GB/s; write e\.g\. .+"),
        ("rows: 16", "rows: -16", r"pe_array\.rows: must be ≥ 1, got -16; write e\.g\. .+"),
    ],
)  # fmt: skip
def test_a_wrong_description_is_told_with_file_line_field_rule_value_and_remedy(
    say: Say, tmp_path: Path, old: str, new: str, message: str
) -> None:
    (tmp_path / "hw.yaml").write_text(PRESET.read_text().replace(old, new, 1))
    code, text = say("run", "--hw", "hw.yaml", "--model", "tiny")
    assert code == 2
    assert re.fullmatch(rf"hw\.yaml:\d+: {message}", text), text


def test_all_problems_of_a_description_are_told_at_once(say: Say, tmp_path: Path) -> None:
    (tmp_path / "hw.yaml").write_text(PRESET.read_text().replace("rows: 16", "rows: 0").replace("800 MHz", "fast"))
    code, text = say("run", "--hw", "hw.yaml", "--model", "tiny")
    assert code == 2
    assert len(text.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--hw edge_npx", r".*edge_npx.*: must be .+ the name of a preset, got neither; did you mean edge_npu\?"),
        ("--hw edge_npu --set scratchpad.capcity=1KiB", r"--set .+ did you mean scratchpad\.capacity\?"),
        ("--hw edge_npu --set scratchpad.capacity=0B", r"--set scratchpad\.capacity=0B: .+ must be > 0 B, got 0B; .+"),
        ("--hw edge_npu --dim N=0", r"--dim: must be NAME=SIZE with a size of at least 1, got 'N=0'; .+"),
        ("--hw edge_npu --dim batch=2", r"--dim batch: must be N, .+; write e\.g\. --dim N=1"),
        ("--hw edge_npu --layers -1", r"--layers: must be a whole number or all, got '-1'; .+"),
        ("--hw edge_npu --restructre x", r"--restructre: must be an option of `accelsim run`; see .+"),
        ("--hw edge_npu --modle x", r"--modle: must be an option of `accelsim run`; did you mean --model\?; .+"),
        ("--hw edge_npu -x 3", r"-x: must be an option of `accelsim run`; see .+"),
        ("--hw edge_npu --json", r"--json: expected one argument; .+"),
        ("--hw edge_npu more", r"'more': must be an argument of `accelsim run`, got 1 too many; .+"),
        ("--hw edge_npu --json no/such/x.json", r"no/such/x\.json: must be a writable file, got no such file .+; .+"),
        ("--hw edge_npu --json .", r"\.: must be a writable file, got is a directory; name a file in it"),
        ("--hw edge_npu --mapping no.yaml", r"no\.yaml: must be a readable file, got no such file .+"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_told(say: Say, words: str, message: str) -> None:
    code, text = say("run", "--model", "tiny", *words.split())
    assert code == 2
    assert re.fullmatch(message, text), text


def test_an_unknown_command_is_told_with_the_one_that_was_meant(say: Say) -> None:
    code, text = say("profle", "--model", "tiny")
    assert code == 2
    assert "got 'profle'; did you mean profile?" in text


def test_a_missing_option_is_named(say: Say) -> None:
    assert say("run", "--model", "tiny") == (
        2,
        "the following arguments are required: --hw; see `accelsim run --help`",
    )


def test_a_file_where_a_folder_should_be_is_told_before_the_work(say: Say, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    code, text = say("run", "--hw", "edge_npu", "--model", "tiny", "--out", "taken")
    assert code == 2
    assert text.startswith("taken: must be a folder that can be made, got not a directory; ")


def test_a_full_disk_is_told(say: Say) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    code, text = say("run", "--hw", "edge_npu", "--model", "tiny", "--quiet", "--json", "/dev/full")
    assert code == 2
    assert "no space left on device" in text


def test_what_does_not_fit_is_told_with_need_have_gap_who_and_what_would_help(say: Say) -> None:
    code, text = say("run", "--hw", "edge_npu", "--model", "tiny", "--set", "scratchpad.capacity=8B")
    assert code == 4
    assert re.fullmatch(
        r".+: must fit the scratchpad, needs [\d,]+ B, has 8 B, [\d,]+ B too few; what would help: .+", text
    )


def test_a_layer_that_is_not_there_is_told_with_the_one_that_was_meant(say: Say) -> None:
    code, text = say("explain", "--hw", "edge_npu", "--model", "tiny", "--layer", "pintwise")
    assert (code, text) == (2, "--layer: must be a layer of the network, got 'pintwise'; did you mean pointwise?")


def test_names_in_messages_cannot_steer_the_terminal(say: Say) -> None:
    _, text = say("run", "--hw", "edge_npu", "--model", "a\x1b[2Jb.onnx")
    assert "\x1b" not in text
    assert "\\x1b[2J" in text
