"""Whatever is known before the model runs is folded, to the values onnxruntime computes, and never made too early."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_nodes import model_of, node_model, random_array, run

from restructure import graph
from restructure.errors import ModelError, OperatorError, UnsupportedOperatorError

MODELS = Path(__file__).parent.parent / "data" / "models"


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


F = random_array((2, 3, 4))
I = ints(7, -7, 3, 0)  # noqa: E741
FOLDED: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("Add", [I, ints(1)], {}),
    ("Sub", [I, ints(1)], {}),
    ("Mul", [I, ints(3)], {}),
    ("Div", [I, ints(2)], {}),
    ("Div", [I, ints(-2)], {}),
    ("Div", [F, F], {}),
    ("Neg", [I], {}),
    ("Sqrt", [abs(F)], {}),
    ("Floor", [F], {}),
    ("Ceil", [F], {}),
    ("Equal", [I, ints(3)], {}),
    ("Greater", [I, ints(0)], {}),
    ("Less", [I, ints(0)], {}),
    ("Not", [I > 0], {}),
    ("And", [I > 0, I > 4], {}),
    ("Or", [I > 0, I < 0], {}),
    ("Where", [I > 0, I, ints(9)], {}),
    ("Concat", [I, I], {"axis": 0}),
    ("Gather", [F, ints(1, -1)], {"axis": 2}),
    ("Reshape", [F, ints(4, -1)], {}),
    ("Flatten", [F], {}),
    ("Squeeze", [F[:1], ints(0)], {}),
    ("Unsqueeze", [F, ints(0, -1)], {}),
    ("Cast", [F], {"to": 7}),
    ("Expand", [I, ints(2, 4)], {}),
    ("Slice", [F, ints(-1), ints(-9), ints(1), ints(-1)], {}),
    ("Transpose", [F], {"perm": [2, 0, 1]}),
    ("Range", [np.array(2), np.array(11), np.array(4)], {}),
    ("Identity", [F], {}),
    ("DequantizeLinear", [random_array((2, 3), np.uint8), np.float32(0.1), np.uint8(3)], {}),
    ("DequantizeLinear", [random_array((2, 3), np.int8), F[0, 0, :3], ints(1, 2, 3).astype(np.int8)], {"axis": -1}),
    ("DequantizeLinear", [random_array((2, 3), np.int32), F[0, 0, :2]], {"axis": 0}),
    # these have no evaluator of their own
    ("ReduceMean", [F], {"axes": [1]}),
    ("Relu", [F], {}),
    ("Tile", [F, ints(1, 2, 1)], {}),
    ("Pad", [F, ints(0, 1, 0, 0, 0, 2)], {}),
    ("ReduceProd", [I], {"keepdims": 0}),
    ("MatMul", [F, random_array((4, 2))], {}),
    ("EyeLike", [F[0]], {"k": 1}),
    ("EyeLike", [F[0]], {"k": -1, "dtype": 7}),
    ("CumSum", [F, np.array(1)], {"exclusive": 1}),
    # these have no row in the table
    ("Compress", [F, I > 0], {"axis": 2}),
    ("Det", [F[:, :, :3]], {}),
    ("NonZero", [I > 0], {}),
    ("ReverseSequence", [F, ints(2, 1, 2)], {"time_axis": 0, "batch_axis": 1}),
    ("Unique", [I], {}),
]


@pytest.mark.parametrize(("op_type", "inputs", "attributes"), FOLDED, ids=lambda v: v if isinstance(v, str) else "")
def test_a_node_on_constants_is_folded_to_onnxruntimes_value(
    op_type: str, inputs: list[Any], attributes: dict[str, Any]
) -> None:
    inputs = [np.asarray(array) for array in inputs]
    (expected,) = run(node_model(op_type, inputs, attributes), {f"x{i}": a for i, a in enumerate(inputs)})
    folded = node_model(op_type, inputs, attributes, constant=range(len(inputs)))
    x = random_array((1,))
    folded.graph.input.append(helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1]))
    folded.graph.node.append(helper.make_node("Relu", ["x"], ["y"]))
    folded.graph.output.append(onnx.ValueInfoProto(name="y"))
    net = graph.load(folded)
    assert [node.op_type for node in net.nodes] == ["Relu"]
    value = net.weight("y0")
    assert value.dtype == expected.dtype
    assert value.shape == expected.shape == net.tensors["y0"].shape
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    assert net.tensors["y0"].role == "weight"
    del x


def test_an_eye_of_a_live_matrix_is_known_by_its_shape() -> None:
    nodes = [helper.make_node("EyeLike", ["x"], ["e"]), helper.make_node("Add", ["x", "e"], ["y"])]
    net = graph.load(model_of(nodes, {"x": random_array((3, 4))}, ["y"]))
    assert [node.op_type for node in net.nodes] == ["Add"]
    np.testing.assert_array_equal(net.weight("e"), np.eye(3, 4, dtype=np.float32))


def test_an_eye_is_of_a_matrix_and_of_numbers() -> None:
    for shape, attributes, message in (
        ((2, 3, 4), {}, "must be given a matrix, got shape [2, 3, 4]"),
        ((3, 4), {"dtype": 8}, "is made of no such element type: string"),
        ((3, 4), {"dtype": 99}, "is made of no such element type: 99"),
    ):
        nodes = [helper.make_node("EyeLike", ["x"], ["y"], name="eye", **attributes)]
        with pytest.raises(OperatorError, match=re.escape(f"node 'eye' (EyeLike): {message}")):
            graph.load(model_of(nodes, {"x": random_array(shape)}, ["y"]))


def test_what_a_constant_mask_picks_is_known_but_not_what_a_computed_one_does() -> None:
    nodes = [
        helper.make_node("NonZero", ["mask"], ["places"]),
        helper.make_node("Transpose", ["places"], ["rows"]),
        helper.make_node("GatherND", ["x", "rows"], ["y"]),
    ]
    mask = np.array([[True, False, True], [False, True, False]])
    net = graph.load(model_of(nodes, {"x": random_array((2, 3, 4))}, ["y"], {"mask": mask}))
    assert net.tensors["y"].shape == (3, 4)
    message = r"1 node\(s\) with unsupported operators: 1 × NonZero"
    with pytest.raises(UnsupportedOperatorError, match=message):
        graph.load(model_of(nodes, {"x": random_array((2, 3, 4)), "mask": mask}, ["y"]))


def test_what_must_be_computed_at_once_may_not_be_too_large() -> None:
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["ones"]),
        helper.make_node("NonZero", ["ones"], ["places"], name="all"),
        helper.make_node("Gather", ["x", "places"], ["y"]),
    ]
    constants = {"shape": ints(4097, 4096)}
    message = re.escape("node 'all' (NonZero): is given 16,781,312 elements, at most 16,777,216")
    with pytest.raises(OperatorError, match=message):
        graph.load(model_of(nodes, {"x": random_array((1,))}, ["y"], constants))


def test_shape_arithmetic_around_a_reshape_disappears() -> None:
    x = random_array((2, 3, 4, 4))
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"]),
        helper.make_node("Unsqueeze", ["n", "axis"], ["n1"]),
        helper.make_node("Concat", ["n1", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"]),
    ]
    constants = {"zero": np.array(0), "axis": ints(0), "rest": ints(-1)}
    net = graph.load(model_of(nodes, {"x": x}, ["y"], constants))
    assert [(node.op_type, net.tensors[node.outputs[0]].shape) for node in net.nodes] == [("Reshape", (2, 48))]
    np.testing.assert_array_equal(net.constant("target"), [2, -1])


def test_identity_and_inference_dropout_vanish_and_their_readers_read_the_source() -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Identity", ["a"], ["b"]),
        helper.make_node("Dropout", ["b"], ["c"]),
        helper.make_node("Cast", ["c"], ["d"], to=1),
        helper.make_node("Sigmoid", ["d"], ["y"]),
    ]
    net = graph.load(model_of(nodes, {"x": random_array((3,))}, ["y"]))
    assert [(node.op_type, node.inputs) for node in net.nodes] == [("Relu", ("x",)), ("Sigmoid", ("a",))]


def test_an_identity_that_carries_an_outputs_name_stays_as_a_view() -> None:
    nodes = [helper.make_node("Relu", ["x"], ["a"]), helper.make_node("Identity", ["a"], ["y"])]
    net = graph.load(model_of(nodes, {"x": random_array((3,))}, ["y", "a"]))
    assert [node.op_type for node in net.nodes] == ["Relu", "Identity"]
    assert net.spec(net.nodes[1]).is_view


def test_nodes_no_output_needs_are_dropped() -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Exp", ["x"], ["unused"])]
    net = graph.load(model_of(nodes, {"x": random_array((3,))}, ["y"]))
    assert [node.op_type for node in net.nodes] == ["Relu"]
    assert "unused" not in net.tensors


def test_weights_made_by_constant_of_shape_are_filled_only_when_asked() -> None:
    net = graph.load(MODELS / "resnet18_ts17.onnx")
    name = net.nodes[0].inputs[1]
    assert net.tensors[name].shape == (64, 3, 7, 7)
    assert net.constant(name) is None, "9408 elements are more than a small constant has"
    weight = net.weight(name)
    assert weight.shape == (64, 3, 7, 7)
    assert (weight == weight.flat[0]).all()


def test_clip_bounds_given_as_constant_nodes_are_at_hand() -> None:
    net = graph.load(MODELS / "mobilenet_v2_ts17.onnx")
    clip = next(node for node in net.nodes if node.op_type == "Clip")
    assert [float(net.constant(name)) for name in clip.inputs[1:]] == [0.0, 6.0]  # type: ignore[arg-type]


def test_a_transposed_weight_stays_a_weight_and_is_computed_on_demand() -> None:
    w = random_array((70, 80))
    nodes = [helper.make_node("Transpose", ["w"], ["t"]), helper.make_node("MatMul", ["x", "t"], ["y"])]
    net = graph.load(model_of(nodes, {"x": random_array((2, 80))}, ["y"], {"w": w}))
    assert [node.op_type for node in net.nodes] == ["MatMul"]
    assert net.tensors["t"].role == "weight"
    np.testing.assert_array_equal(net.weight("t"), w.T)
    assert net.parameter_count == 5600


def test_a_dequantised_weight_remembers_the_type_it_is_stored_in() -> None:
    q = random_array((70, 80), np.int8)
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        helper.make_node("Transpose", ["d"], ["w"]),
        helper.make_node("MatMul", ["x", "w"], ["y"]),
    ]
    constants = {"q": q, "s": np.float32(0.5), "z": np.int8(1)}
    net = graph.load(model_of(nodes, {"x": random_array((2, 80))}, ["y"], constants))
    assert [node.op_type for node in net.nodes] == ["MatMul"]
    assert (net.tensors["w"].dtype, net.stored_dtype("w"), net.stored_dtype("x")) == ("float32", "int8", "float32")
    np.testing.assert_array_equal(net.weight("w"), (q.T.astype(np.float32) - 1) * 0.5)


def test_asking_for_the_weight_of_an_activation_is_an_error() -> None:
    net = graph.load(MODELS / "resnet18_ts17.onnx")
    with pytest.raises(ModelError, match="'input' is no weight"):
        net.weight("input")


def test_a_shape_that_depends_on_the_input_is_refused_with_the_node_and_the_operand() -> None:
    nodes = [helper.make_node("Reshape", ["x", "s"], ["y"], name="r")]
    model = model_of(nodes, {"x": random_array((4,)), "s": ints(2, 2)}, ["y"])
    with pytest.raises(ModelError, match=r"node 'r' \(Reshape\): operand 1 \(shape\) must be a constant"):
        graph.load(model)


def standardised(live: bool) -> onnx.ModelProto:
    """A Conv whose filters are standardised by a BatchNormalization in training mode, or (live) its operand is."""
    filters, ones, zeros = random_array((4, 3, 3, 3)), np.ones(4, np.float32), np.zeros(4, np.float32)
    constants = {"w": filters, "flat": ints(1, 4, -1), "four": ints(4, 3, 3, 3), "scale": 2 * ones, "zeros": zeros}
    constants |= {"ones": ones}
    normal = {"training_mode": 1, "epsilon": 1e-6}
    nodes = [
        helper.make_node("Reshape", ["w", "flat"], ["rows"]),
        helper.make_node(
            "BatchNormalization", ["rows", "scale", "zeros", "zeros", "ones"], ["normal", "mean", "var"], **normal
        ),
        helper.make_node("Reshape", ["normal", "four"], ["filters"]),
        helper.make_node("Conv", ["x", "filters"], ["made"]),
    ]
    if live:
        names = ["made", "scale", "zeros", "zeros", "ones"]
        nodes.append(helper.make_node("BatchNormalization", names, ["y", "m", "v"], name="late", **normal))
    else:
        nodes.append(helper.make_node("Relu", ["made"], ["y"]))
    return model_of(nodes, {"x": random_array((1, 3, 8, 8))}, ["y"], constants)


def test_weights_are_standardised_by_a_batch_norm_in_training_mode() -> None:
    model = standardised(live=False)
    net = graph.load(model)
    assert [node.op_type for node in net.nodes] == ["Conv", "Relu"]
    rows = random_array((4, 3, 3, 3)).reshape(4, -1).astype(np.float64)
    expected = 2 * (rows - rows.mean(1, keepdims=True)) / np.sqrt(rows.var(1, keepdims=True) + 1e-6)
    np.testing.assert_allclose(net.weight("filters").reshape(4, -1), expected, atol=1e-5)


def test_a_batch_norm_in_training_mode_at_run_time_is_no_inference() -> None:
    with pytest.raises(
        OperatorError, match=r"node 'late' \(BatchNormalization\): training_mode=1 is not inference; .+"
    ):
        graph.load(standardised(live=True))
