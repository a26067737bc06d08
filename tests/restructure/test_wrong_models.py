"""Every way a model can be wrong ends in one message: path, rule, value, remedy; never in a traceback of ours."""

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx_nodes import model_of, random_array

from restructure import graph, zoo
from restructure.errors import (
    ControlFlowError,
    DimensionArgumentError,
    ModelError,
    ModelFileError,
    OpenDimensionError,
    OperatorError,
    RestructureError,
    UnsupportedOperatorError,
)

X = {"x": random_array((1, 2, 4, 4))}
MODELS = Path(__file__).parent.parent / "data" / "models"


def refused(tmp_path: Path, model: onnx.ModelProto | bytes, error: type[RestructureError], message: str) -> None:
    """Check that the model, as a file, is refused with a message that begins with its path."""
    path = tmp_path / "m.onnx"
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    with pytest.raises(error) as caught:
        graph.load(path)
    assert type(caught.value) is error
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 3


def node(op_type: str, inputs: list[str], outputs: list[str], **attributes: object) -> onnx.NodeProto:
    return helper.make_node(op_type, inputs, outputs, **attributes)  # type: ignore[arg-type]


def test_a_missing_file() -> None:
    with pytest.raises(ModelFileError, match=r"^no/where\.onnx: no such file$") as caught:
        graph.load("no/where.onnx")
    assert caught.value.exit_code == 2


def test_a_folder_and_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ModelFileError, match=r"(is not a regular file|Is a directory)$"):
            graph.load(path)


def test_an_empty_file(tmp_path: Path) -> None:
    refused(tmp_path, b"", ModelError, "the file is empty")


@pytest.mark.parametrize("text", [b"name: edge_npu\n", b"\x89PNG\r\n\x1a\n", b"\0" * 100, b"{}", b"PK\x03\x04"])
def test_a_file_of_another_kind(tmp_path: Path, text: bytes) -> None:
    refused(tmp_path, text, ModelError, "is not an ONNX")


def test_a_file_cut_short_anywhere_is_refused_or_says_what_is_missing(tmp_path: Path) -> None:
    zoo.export("tiny", tmp_path / "whole.onnx")
    data = (tmp_path / "whole.onnx").read_bytes()
    for length in range(1, len(data), 13):
        (tmp_path / "cut.onnx").write_bytes(data[:length])
        with pytest.raises(ModelError, match=r"cut\.onnx: "):
            graph.load(tmp_path / "cut.onnx")


def test_unknown_operators_are_counted_and_named(tmp_path: Path) -> None:
    nodes = [node("Foo", ["x"], ["a"]), node("Foo", ["a"], ["b"]), node("Bar", ["b"], ["y"], domain="my.domain")]
    model = model_of(nodes, X, ["y"], domains={"my.domain": 1})
    message = "3 node(s) with unsupported operators: 1 × my.domain.Bar, 2 × Foo"
    refused(
        tmp_path,
        model,
        UnsupportedOperatorError,
        message,
    )


def test_hostile_names_cannot_break_out_of_a_message(tmp_path: Path) -> None:
    nodes = [node("Fo\x1b[31mo\nbar", ["x"], ["y"], name="a\x1b[0m\nb")]
    refused(tmp_path, model_of(nodes, X, ["y"]), UnsupportedOperatorError, r"1 × Fo\x1b[31mo\nbar")
    nodes = [node("Add", ["x", "gh\nost"], ["y"], name="a\x1b[0m\nb")]
    refused(tmp_path, model_of(nodes, X, ["y"]), ModelError, r"node 'a\x1b[0m\nb' (Add): reads 'gh\nost'")


def test_a_bound_that_is_no_single_number(tmp_path: Path) -> None:
    nodes = [node("Clip", ["x", "", "high"], ["y"])]
    for bound, problem in (
        (np.ones(6, np.float32), "must be one number, got the shape [6]"),
        (np.ones((0,), np.float32), "must be one number, got the shape [0]"),
        (np.array(np.nan, np.float32), "must be a number, got NaN"),
    ):
        model = model_of(nodes, X, ["y"], {"high": bound})
        refused(tmp_path, model, OperatorError, f"(Clip): bound 'max' {problem}")


def test_control_flow(tmp_path: Path) -> None:
    branch = helper.make_graph([node("Identity", ["x"], ["z"])], "b", [], [onnx.ValueInfoProto(name="z")])
    nodes = [node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)]
    model = model_of(nodes, {**X, "c": np.array(True)}, ["y"])
    refused(tmp_path, model, ControlFlowError, "control flow is not supported (1 × If)")


def test_an_open_dimension_names_input_dimension_and_remedy(tmp_path: Path) -> None:
    model = model_of([node("Relu", ["x"], ["y"])], X, ["y"])
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "N"
    refused(
        tmp_path,
        model,
        OpenDimensionError,
        "input 'x' has the open dimension N at axis 0 of [N,2,4,4]; pin it with --dim N=1",
    )


def test_a_dimension_without_a_name_is_pinned_by_input_and_axis(tmp_path: Path) -> None:
    model = model_of([node("Relu", ["x"], ["y"])], X, ["y"])
    model.graph.input[0].type.tensor_type.shape.dim[2].Clear()
    refused(tmp_path, model, OpenDimensionError, "pin it with --dim x[2]=1")
    assert graph.load(model, {"x[2]": 7}).tensors["y"].shape == (1, 2, 7, 4)


def test_pinning_a_dimension_that_is_not_there_or_to_nothing() -> None:
    with pytest.raises(
        DimensionArgumentError, match="--dim M: no input has an open dimension of that name; open are: N"
    ):
        graph.load(MODELS / "mobilenet_v2_ts17dynbatch.onnx", {"N": 1, "M": 1})
    with pytest.raises(DimensionArgumentError, match="--dim N=0: must be at least 1"):
        graph.load(MODELS / "mobilenet_v2_ts17dynbatch.onnx", {"N": 0})


def test_a_cycle_is_named(tmp_path: Path) -> None:
    nodes = [node("Add", ["x", "b"], ["a"], name="first"), node("Relu", ["a"], ["b"], name="second")]
    refused(
        tmp_path, model_of(nodes, X, ["b"]), ModelError, "the graph has a cycle through or before 'first', 'second'"
    )


def test_nodes_out_of_order_are_put_in_order() -> None:
    nodes = [node("Relu", ["a"], ["y"]), node("Exp", ["x"], ["a"])]
    assert [n.op_type for n in graph.load(model_of(nodes, X, ["y"])).nodes] == ["Exp", "Relu"]


def test_a_name_defined_twice(tmp_path: Path) -> None:
    nodes = [node("Relu", ["x"], ["y"]), node("Exp", ["x"], ["y"])]
    refused(tmp_path, model_of(nodes, X, ["y"]), ModelError, "1 tensor name(s) are defined more than once: 'y'")


def test_nodes_of_the_same_name_get_different_ones() -> None:
    nodes = [node("Relu", ["x"], ["a"], name="n"), node("Relu", ["a"], ["b"], name="n"), node("Relu", ["b"], ["y"])]
    assert [n.name for n in graph.load(model_of(nodes, X, ["y"])).nodes] == ["n", "n_1", "Relu_2"]


def test_a_tensor_nothing_defines(tmp_path: Path) -> None:
    model = model_of([node("Add", ["x", "ghost"], ["y"], name="n")], X, ["y"])
    refused(tmp_path, model, ModelError, "node 'n' (Add): reads 'ghost', which nothing defines")


def test_an_output_nothing_produces(tmp_path: Path) -> None:
    model = model_of([node("Relu", ["x"], ["y"])], X, ["y", "ghost"])
    refused(tmp_path, model, ModelError, "output 'ghost' is produced by no node")


def test_an_input_without_a_shape(tmp_path: Path) -> None:
    model = model_of([node("Relu", ["x"], ["y"])], X, ["y"])
    model.graph.input[0].type.tensor_type.ClearField("shape")
    refused(tmp_path, model, ModelError, "input 'x' declares no tensor type with a shape")


def test_a_shape_too_large_to_be_meant_is_refused_with_the_arithmetic(tmp_path: Path) -> None:
    model = model_of([node("Relu", ["x"], ["y"])], X, ["y"])
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 10**12
    refused(tmp_path, model, ModelError, "tensor 'x' would have 1·2·1000000000000·4 elements, more than 17179869184")


def test_a_gigantic_constant_is_refused_before_it_is_made(tmp_path: Path) -> None:
    nodes = [node("ConstantOfShape", ["s"], ["c"]), node("Add", ["x", "c"], ["y"])]
    model = model_of(nodes, X, ["y"], {"s": np.array([10**6, 10**6, 4, 4])})
    refused(tmp_path, model, ModelError, "tensor 'c' would have 1000000·1000000·4·4 elements, more than")


def test_a_tensor_without_elements(tmp_path: Path) -> None:
    nodes = [node("Slice", ["x", "i", "i"], ["y"], name="n")]
    model = model_of(nodes, X, ["y"], {"i": np.array([1])})
    refused(tmp_path, model, ModelError, "a dimension of 0 leaves nothing to do")


@pytest.mark.parametrize("domain", ["", "ai.onnx"])
def test_an_operator_set_imported_in_two_versions(tmp_path: Path, domain: str) -> None:
    model = model_of([node("Relu", ["x"], ["y"])], X, ["y"])
    model.opset_import.append(helper.make_opsetid(domain, 1 << 40))
    refused(tmp_path, model, ModelError, "must import one version of an operator set, imports 2 of ai.onnx")


def test_an_opset_that_is_too_old(tmp_path: Path) -> None:
    model = model_of([node("Relu", ["x"], ["y"])], X, ["y"], opset=6)
    refused(tmp_path, model, ModelError, "opset 6 is older than 7; convert it with onnx.version_converter")


def test_shapes_that_contradict_each_other_name_the_node(tmp_path: Path) -> None:
    w = {"w": random_array((8, 3, 3, 3))}
    model = model_of([node("Conv", ["x", "w"], ["y"], name="n")], X, ["y"], w)
    refused(tmp_path, model, OperatorError, "node 'n' (Conv): 2 input channels do not match filters [8, 3, 3, 3]")


def test_an_attribute_of_the_wrong_type(tmp_path: Path) -> None:
    model = model_of([node("Concat", ["x"], ["y"], name="n", axis="one")], X, ["y"])
    refused(tmp_path, model, OperatorError, "attribute 'axis' must be of type INT, got STRING")


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "a/../../b", "C:\\secret", "..\\secret", ""])
def test_external_data_outside_the_models_folder(tmp_path: Path, location: str) -> None:
    model = model_of([node("MatMul", ["x", "w"], ["y"])], X, ["y"])
    tensor = TensorProto(name="w", dims=[4, 4], data_type=1, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    model.graph.initializer.append(tensor)
    refused(tmp_path, model, ModelError, "only files below the model's own folder are read")


def test_weights_whose_bytes_do_not_fit_their_shape(tmp_path: Path) -> None:
    model = model_of([node("MatMul", ["x", "w"], ["y"])], X, ["y"], {"w": random_array((4, 2000))})
    model.graph.initializer[0].dims[1] = 2001
    refused(tmp_path, model, ModelError, "tensor 'w' of shape [4,2001] and type FLOAT needs 32016 bytes, has 32000")


def test_local_functions_are_inlined() -> None:
    function = helper.make_function(
        "local", "Twice", ["a"], ["b"], [node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 17)]
    )
    model = model_of([node("Twice", ["x"], ["y"], domain="local")], X, ["y"], domains={"local": 1})
    model.functions.append(function)
    assert [n.op_type for n in graph.load(model).nodes] == ["Add"]


MUTABLE = (MODELS / "resnet18_dyn18.onnx").read_bytes()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(MUTABLE) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_file_with_damaged_bytes_loads_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(MUTABLE)
    for position, value in changes:
        data[position] = value
    path = tmp_path_factory.getbasetemp() / "damaged.onnx"
    path.write_bytes(data)
    try:
        net = graph.load(path)
        assert net.macs >= 0
    except RestructureError as error:
        assert "\n" not in str(error)  # noqa: PT017 - any error of ours is fine, others fail the test
