"""Names, paths and sizes made to do harm: shown as they are, kept inside, refused with the arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from accelsim.cli import main

HOSTILE = ("[red]bold[/red]", "[/]", "\x1b[2J\x1b]0;owned\x07", "../../../tmp/x", "a\nb\tc", "\u202eevil", "{0}%s")
COMMANDS = ("run --hw edge_npu --layers all", "profile --steps all", "program --hw edge_npu", "verify --hw edge_npu")


def model(
    path: Path, name: str = "relu", shape: Sequence[int] = (1, 2, 6, 6), weight: Sequence[int] = (4, 2, 3, 3)
) -> str:
    """Write a convolution and a ReLU; `name` is that of the graph, a node and a tensor."""
    values = [
        helper.make_tensor_value_info(each, TensorProto.FLOAT, dims) for each, dims in (("x", shape), ("y", None))
    ]
    nodes = [helper.make_node("Conv", ["x", "w"], [name], f"{name}c"), helper.make_node("Relu", [name], ["y"], name)]
    filters = numpy_helper.from_array(np.ones(weight, np.float32), "w")
    graph = helper.make_graph(nodes, name, values[:1], values[1:], [filters])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return str(path)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_and_steer_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, command: str
) -> None:
    code = main([*command.split(), "--model", model(tmp_path / "net.onnx", name)])
    out, err = capsys.readouterr()
    assert code == 0, err
    assert not {"\x1b", "\x07", "\u202e"} & {*out, *err}
    if name.startswith("["):
        assert name in out or command.startswith(("program", "verify"))


def test_hostile_names_do_not_become_paths(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    model(folder / "net.onnx", "../../escaped")
    assert main(["run", "--hw", "edge_npu", "--model", "net.onnx", "--out", "out", "--csv", "tables", "--quiet"]) == 0
    assert {path.name for path in folder.iterdir()} == {"net.onnx", "out", "tables"}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert not list(tmp_path.rglob("*escaped*"))


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "inner/../../secret.bin", "link.bin"])
def test_weights_outside_the_models_folder_are_never_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, location: str
) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(4 * 72))
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    path = model(folder / "net.onnx")
    proto = onnx.load(path)
    tensor = proto.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    Path(path).write_bytes(proto.SerializeToString())
    assert main(["verify", "--hw", "edge_npu", "--model", path]) in (2, 3)
    assert capsys.readouterr().err.startswith("accelsim: error: ")


def test_a_gigantic_shape_is_refused_with_the_arithmetic(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = model(tmp_path / "net.onnx", shape=(1, 2, 2**31, 2**31))
    assert main(["run", "--hw", "edge_npu", "--model", path]) == 3
    assert "tensor 'x' would have 1·2·2147483648·2147483648 elements, more than 17179869184" in capsys.readouterr().err


def test_a_tensor_without_elements_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["run", "--hw", "edge_npu", "--model", model(tmp_path / "net.onnx", weight=(0, 2, 3, 3))]) == 3
    err = capsys.readouterr().err
    assert err.startswith("accelsim: error: ")
    assert "0" in err
