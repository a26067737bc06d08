"""What each command prints and writes when all is well."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

import accelsim
from accelsim.cli import main
from accelsim.results import read_result
from restructure import graph, zoo

MODELS = Path(__file__).parents[1] / "data" / "models"
Say = Callable[..., tuple[str, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run a command in an empty folder; it must succeed."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[str, str]:
        assert main(words) == 0
        out, err = capsys.readouterr()
        return out, err

    return run


def test_run_prints_the_screen_and_nothing_else(say: Say) -> None:
    out, err = say("run", "--hw", "edge_npu", "--model", "tiny")
    assert out.startswith("tiny on edge_npu  cold")
    assert err == ""


def test_a_file_that_is_not_there_but_named_like_a_network_means_the_zoo_with_a_notice(say: Say) -> None:
    out, err = say("run", "--hw", "hw_configs/edge_npu.yaml", "--model", "Tiny.onnx", "--json", "-")
    document = json.loads(out)
    assert document["model"]["source"] == "zoo"
    assert document["model"]["name"] == "tiny"
    assert err.splitlines() == [
        "accelsim: note: hw_configs/edge_npu.yaml: there is no such file here; "
        "the preset edge_npu that comes with accelsim is used",
        "accelsim: note: Tiny.onnx: there is no such file here; the network tiny of the zoo is used",
    ]


def test_a_file_that_is_there_comes_before_the_zoo(say: Say) -> None:
    say("models", "export", "tiny", "--out", "mobilenetv2.onnx")
    out, err = say("run", "--hw", "edge_npu", "--model", "mobilenetv2.onnx", "--json", "-")
    model = json.loads(out)["model"]
    assert (model["source"], model["path"], model["macs"]) == ("file", "mobilenetv2.onnx", 90_192)
    assert len(model["sha256"]) == 64
    assert err == ""


def test_quiet_prints_nothing_and_still_writes(say: Say, tmp_path: Path) -> None:
    assert say("run", "--hw", "edge_npu", "--model", "tiny.onnx", "--quiet", "--json", "a.json") == ("", "")
    assert read_result(tmp_path / "a.json").model.name == "tiny"


def test_out_holds_the_record_the_tables_and_the_report(say: Say, tmp_path: Path) -> None:
    say("run", "--hw", "edge_npu", "--model", "tiny", "--out", "results/deep")
    names = {path.name for path in (tmp_path / "results" / "deep").iterdir()}
    assert {"result.json", "report.txt", "layers.csv", "spills.csv", "dram.csv", "totals.csv"} <= names
    assert "all 6 layers in order" in (tmp_path / "results" / "deep" / "report.txt").read_text()


def test_csv_holds_the_tables_alone(say: Say, tmp_path: Path) -> None:
    say("run", "--hw", "edge_npu", "--model", "tiny", "--csv", "tables")
    assert {path.suffix for path in (tmp_path / "tables").iterdir()} == {".csv"}


def test_set_and_dim_reach_the_run(say: Say) -> None:
    words = ("--set", "scratchpad.capacity=3KiB", "--dim", "N=2", "--json", "-")
    document = json.loads(say("run", "--hw", "edge_npu", "--model", "tiny", *words)[0])
    assert document["scratchpad"]["capacity_bytes"] == 3072
    assert document["totals"]["macs"] == 2 * 90_192
    assert document["spills"]["tensors"] > 0
    assert document["batch"] == 2


def test_an_open_batch_is_pinned_by_dim(say: Say) -> None:
    model = str(MODELS / "mobilenet_v2_ts17dynbatch.onnx")
    shape = onnx.load(model, load_external_data=False).graph.input[0].type.tensor_type.shape
    symbol = next(dimension.dim_param for dimension in shape.dim if dimension.dim_param)
    document = json.loads(say("profile", "--model", model, "--dim", f"{symbol}=1", "--dtype", "int8", "--json", "-")[0])
    assert document["peak_bytes"] == 1_505_280


def test_the_library_gives_what_the_command_prints(say: Say) -> None:
    out, _ = say("run", "--hw", "edge_npu", "--model", "tiny", "--json", "-")
    assert accelsim.simulate("tiny", "edge_npu").to_json() + "\n" == out


@pytest.mark.parametrize(
    ("options", "peak"),
    [
        ((), 1_505_280),
        (("--no-fusion",), 2_408_448),
        (("--no-fusion", "--add-in-place"), 2_408_448),
        (("--input-not-counted",), 1_505_280),
    ],
)
def test_profile_states_its_definition_with_the_number(say: Say, options: tuple[str, ...], peak: int) -> None:
    words = ("profile", "--model", "mobilenetv2", "--dtype", "int8", *options)
    document = json.loads(say(*words, "--json", "-")[0])
    assert document["peak_bytes"] == peak
    assert document["definition"]["activation_in_place"] == ("--no-fusion" not in options)
    assert document["definition"]["add_in_place"] == ("--add-in-place" in options)
    assert document["definition"]["input_counted"] == ("--input-not-counted" not in options)
    assert "definition" in say(*words)[0]


def test_fp16_takes_two_bytes_an_element(say: Say) -> None:
    document = json.loads(say("profile", "--model", "tiny", "--dtype", "fp16", "--json", "-")[0])
    assert document["peak_bytes"] == 2 * document["peak_elements"]


def test_models_lists_every_network_with_its_size(say: Say) -> None:
    out, _ = say("models", "list")
    for name in zoo.names():
        assert f"\n{name} " in out
    listed = json.loads(say("models", "list", "--json", "-")[0])
    assert [entry["macs"] for entry in listed] == [zoo.describe(name).macs for name in zoo.names()]


def test_models_show_counts_from_the_graph(say: Say) -> None:
    out, _ = say("models", "show", "MobileNet")
    assert "300,774,272" in out
    assert "52 Conv" in out


def test_an_exported_network_is_the_network(say: Say, tmp_path: Path) -> None:
    say("models", "export", "tiny", "--batch", "3", "--batchnorm")
    loaded = graph.load(tmp_path / "tiny.onnx")
    assert loaded.tensors[loaded.inputs[0]].shape == (3, 3, 16, 16)
    assert any(node.op_type == "BatchNormalization" for node in loaded.nodes)


def test_program_lists_the_first_instructions_or_those_of_a_layer(say: Say) -> None:
    out, _ = say("program", "--hw", "edge_npu", "--model", "tiny", "--limit", "2")
    assert "\n     0  dma0    LOAD   conv\n" in out
    assert "2 of " in out
    document = json.loads(say("program", "--hw", "edge_npu", "--model", "tiny", "--layer", "fc", "--json", "-")[0])
    assert {entry["layer"] for entry in document["instructions"]} == {"fc"}


def test_explain_finds_a_layer_by_a_node_fused_into_it(say: Say) -> None:
    by_layer, _ = say("explain", "--hw", "edge_npu", "--model", "tiny", "--layer", "pointwise")
    by_fused, _ = say("explain", "--hw", "edge_npu", "--model", "tiny", "--layer", "add.relu")
    assert by_layer == by_fused
    assert "parfor" in by_layer


def test_a_mapping_file_pins_a_layer(say: Say, tmp_path: Path) -> None:
    (tmp_path / "pins.yaml").write_text("layers: {pointwise: {tile: {OY: 4}}}\n")
    words = ("explain", "--hw", "edge_npu", "--model", "tiny", "--layer", "pointwise")
    assert "for OY in 0..3 (tiles of 4)" in say(*words, "--mapping", "pins.yaml")[0]


def test_verify_says_equal_for_every_order(say: Say) -> None:
    out, _ = say("verify", "--hw", "edge_npu", "--model", "tiny", "--orders", "1")
    assert out.startswith("tiny on edge_npu against onnxruntime  equal\n")
    document = json.loads(say("verify", "--hw", "edge_npu", "--model", "tiny", "--seed", "7", "--json", "-")[0])
    assert document["passed"] is True
    assert [check["order"] for check in document["orders"]] == ["trace", "random 7", "random 8"]
    assert document["outputs"][0]["max_rel_error"] <= document["outputs"][0]["tolerance"]
