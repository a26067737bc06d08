"""A saved model is the model: checker-clean, weights bit for bit, and it appears whole or not at all."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import helper, numpy_helper
from onnx_nodes import model_of, random_array, run

from restructure import graph, zoo
from restructure.errors import ModelFileError, WeightFileError
from restructure.graph import writing

MODELS = Path(__file__).parent.parent / "data" / "models"
W = random_array((40, 50))
MODEL = onnx.shape_inference.infer_shapes(
    model_of([helper.make_node("MatMul", ["x", "w"], ["y"])], {"x": random_array((3, 40))}, ["y"], {"w": W})
)


def saved(path: Path, model: onnx.ModelProto = MODEL, **options: object) -> Path:
    onnx.save(model, path, **options)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("name", ["tiny", "resnet18"])
def test_an_exported_network_is_checker_clean_and_holds_the_zoos_weights(name: str, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    zoo.export(name, path)
    onnx.checker.check_model(path, full_check=True)
    net = zoo.build(name)
    for tensor in onnx.load(path).graph.initializer:
        np.testing.assert_array_equal(numpy_helper.to_array(tensor), net.weight(tensor.name))
    assert [node.name for node in graph.load(path).nodes] == [node.name for node in net.nodes]
    assert os.listdir(tmp_path) == ["net.onnx"]


def test_a_network_exported_twice_is_the_same_file(tmp_path: Path) -> None:
    zoo.export("tiny", tmp_path / "a.onnx", batchnorm=True)
    zoo.export("tiny", tmp_path / "b.onnx", batchnorm=True)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def plain(messages: Iterable[object]) -> list[str]:
    """Return messages as text, but for empty doc strings, which are not written again."""
    return [str(message).replace('doc_string: ""\n', "") for message in messages]


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.onnx")), ids=lambda p: p.stem)
def test_loading_and_saving_a_real_export_changes_nothing(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.onnx"
    dims = {"N": 1} if "dynbatch" in path.name else {}
    graph.save(graph.load(path, dims), out)
    ours, theirs = onnx.load(out), onnx.load(path)
    assert plain(ours.graph.node) == plain(theirs.graph.node)
    assert plain(ours.graph.input) == plain(theirs.graph.input)
    assert plain(ours.graph.output) == plain(theirs.graph.output)
    assert sorted(t.SerializeToString() for t in ours.graph.initializer) == sorted(
        t.SerializeToString() for t in theirs.graph.initializer
    )
    assert {(o.domain, o.version) for o in ours.opset_import} == {(o.domain, o.version) for o in theirs.opset_import}


def test_a_model_can_be_saved_over_itself_and_the_loaded_one_keeps_its_weights(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.onnx")
    net = graph.load(path)
    path.with_name("other").write_bytes(b"something else")
    path.with_name("other").replace(path)
    graph.save(net, path)
    np.testing.assert_array_equal(graph.load(path).weight("w"), W)


def test_weights_of_every_element_type_survive(tmp_path: Path) -> None:
    arrays = {
        name: random_array((32, 40), np.float32).astype(ir.DataType[name].numpy())
        for name in ("FLOAT", "FLOAT16", "BFLOAT16", "DOUBLE", "INT8", "UINT8", "INT32", "INT64", "BOOL", "INT4")
    }
    values = [
        ir.Value(name=n, type=ir.TensorType(ir.DataType[n]), shape=ir.Shape(a.shape),
                 const_value=ir.Tensor(a, dtype=ir.DataType[n], name=n))
        for n, a in arrays.items()
    ]  # fmt: skip

    def output(v: ir.Value) -> ir.Value:
        return ir.Value(name=f"y{v.name}", type=ir.TensorType(ir.DataType.FLOAT), shape=v.shape)

    nodes = [ir.Node("", "Cast", [v], [ir.AttrInt64("to", 1)], outputs=[output(v)]) for v in values]
    outputs = [node.outputs[0] for node in nodes]
    model = ir.Model(
        ir.Graph([], outputs, nodes=nodes, initializers=values, opset_imports={"": 21}, name="casts"), ir_version=10
    )
    graph.save(model, tmp_path / "m.onnx")
    onnx.checker.check_model(tmp_path / "m.onnx")
    net = graph.load(tmp_path / "m.onnx")
    for name, array in arrays.items():
        np.testing.assert_array_equal(net.model.graph.initializers[name].const_value.numpy(), array)  # type: ignore[union-attr]


def test_large_tensors_in_constant_nodes_and_float_data_are_mapped_too(tmp_path: Path) -> None:
    packed = onnx.TensorProto(dims=[40, 50], data_type=1, name="w", float_data=W.reshape(-1).tolist())
    nodes = [
        helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(W.T.copy(), "c")),
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("MatMul", ["h", "c"], ["y"]),
    ]
    model = model_of(nodes, {"x": random_array((3, 40))}, ["y"])
    model.graph.initializer.append(packed)
    net = graph.load(saved(tmp_path / "m.onnx", model))
    np.testing.assert_array_equal(net.weight("w"), W)
    np.testing.assert_array_equal(net.weight("c"), W.T)
    graph.save(net, tmp_path / "out.onnx")
    x = random_array((3, 40), seed=1)
    np.testing.assert_array_equal(run(onnx.load(tmp_path / "out.onnx"), {"x": x}), run(model, {"x": x}))


def external(folder: Path) -> Path:
    folder.mkdir()
    return saved(folder / "m.onnx", onnx.ModelProto.FromString(MODEL.SerializeToString()), save_as_external_data=True,
                 location="weights.bin", size_threshold=0)  # fmt: skip


def test_external_weights_are_read_when_asked_and_stay_where_they_are(tmp_path: Path) -> None:
    path = external(tmp_path / "a")
    net = graph.load(path)
    np.testing.assert_array_equal(net.weight("w"), W)
    graph.save(net, path.with_name("copy.onnx"))
    assert sorted(os.listdir(path.parent)) == ["copy.onnx", "m.onnx", "weights.bin"]
    np.testing.assert_array_equal(graph.load(path.with_name("copy.onnx")).weight("w"), W)


def test_saving_elsewhere_takes_external_weights_along(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    graph.save(graph.load(external(tmp_path / "a")), tmp_path / "b" / "m.onnx")
    assert sorted(os.listdir(tmp_path / "b")) == ["m.onnx", "m.onnx.data"]
    np.testing.assert_array_equal(graph.load(tmp_path / "b" / "m.onnx").weight("w"), W)
    onnx.checker.check_model(tmp_path / "b" / "m.onnx")


def test_missing_external_weights_hinder_neither_analysis_nor_saving_only_their_use(tmp_path: Path) -> None:
    path = external(tmp_path / "a")
    path.with_name("weights.bin").unlink()
    net = graph.load(path)
    assert net.macs == 3 * 40 * 50
    assert net.constant("w") is None
    graph.save(net, tmp_path / "out.onnx")
    for model in (net, graph.load(tmp_path / "out.onnx")):
        with pytest.raises(
            WeightFileError, match=r"\.onnx: weight 'w': its external data cannot be read: .*weights\.bin"
        ):
            model.weight("w")


def test_an_external_file_that_is_too_short_is_an_error_naming_the_weight(tmp_path: Path) -> None:
    path = external(tmp_path / "a")
    path.with_name("weights.bin").write_bytes(b"short")
    with pytest.raises(WeightFileError, match=r"m\.onnx: weight 'w': its external data"):
        graph.load(path).weight("w")


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    path = external(tmp_path / "a")
    path.with_name("weights.bin").rename(tmp_path / "secret")
    path.with_name("weights.bin").symlink_to(tmp_path / "secret")
    with pytest.raises(WeightFileError, match="is refused"):
        graph.load(path).weight("w")


def test_weights_beyond_two_gibibytes_go_beside_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "LARGEST_FILE_BYTES", 5000)
    graph.save(graph.load(saved(tmp_path / "m.onnx")), tmp_path / "out.onnx")
    assert (tmp_path / "out.onnx").stat().st_size < 1000
    np.testing.assert_array_equal(graph.load(tmp_path / "out.onnx").weight("w"), W)
    onnx.checker.check_model(tmp_path / "out.onnx")


def test_nothing_is_left_behind_when_a_weight_cannot_be_made(tmp_path: Path) -> None:
    def fail() -> ir.TensorProtocol:
        raise OSError(28, "No space left on device")

    model = zoo.model("tiny")
    weight = ir.LazyTensor(fail, ir.DataType.FLOAT, ir.Shape([8, 3, 24, 24]), name="conv.weight")
    model.graph.initializers["conv.weight"].const_value = weight
    with pytest.raises(ModelFileError, match=r"out\.onnx: cannot be written: No space left on device"):
        graph.save(model, tmp_path / "out.onnx")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "message"),
    [("nowhere/out.onnx", "there is no folder"), (".", "is no regular file"), ("pipe", "is no regular file")],
)
def test_a_place_that_cannot_be_written_is_refused(path: str, message: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match=message):
        zoo.export("tiny", tmp_path / path)


def test_saving_leaves_the_model_in_memory_as_it_was(tmp_path: Path) -> None:
    net = zoo.build("tiny")
    before = {name: value.const_value for name, value in net.model.graph.initializers.items()}
    graph.save(net, tmp_path / "out.onnx")
    assert {name: value.const_value for name, value in net.model.graph.initializers.items()} == before
