"""Verification passes what is right and catches every mutation of it, saying which check failed."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from integer_models import analysed
from onnx import TensorProto, helper, numpy_helper
from onnx_nodes import model_of, random_array
from strips import in_strips, node_called, set_constant, set_pads, whole

import restructure
from restructure import dtypes, graph, zoo
from restructure.errors import ModelError, ModelFileError
from restructure.plans import Region
from restructure.profile import Definition, profile
from restructure.verify import tolerance_of, verify

MODELS = sorted((Path(__file__).parent.parent / "data" / "models").glob("*.onnx"))
#: One of each kind: batch norms of its own, and a symbolic batch.
LIGHT_MODELS = [path for path in MODELS if "ts13bn" in path.name or "dynbatch" in path.name]


def test_a_network_cut_in_strips_by_hand_passes() -> None:
    found = verify(whole(), in_strips())
    assert found.problems == ()
    assert found.passed
    assert found.integer_exact
    assert found.max_rel_error <= found.tolerance / 4
    assert found.peak_elements == profile(graph.load(in_strips())).peak_elements


def pad_changed(model: onnx.ModelProto) -> None:
    set_pads(model, "conv2_0", [0, 1, 1, 1])


def slice_off_by_one(model: onnx.ModelProto) -> None:
    set_constant(model, "from_4", lambda bound: bound - 1)
    set_constant(model, "to_12", lambda bound: bound - 1)


def halo_row_dropped(model: onnx.ModelProto) -> None:
    # one row fewer is read and a pad stands in for it: every shape stays right
    set_constant(model, "from_4", lambda bound: bound + 1)
    set_pads(model, "conv1_1", [1, 1, 1, 1])


def halo_row_of_the_inner_tensor_dropped(model: onnx.ModelProto) -> None:
    # the zero row is right for conv1's result only if relu(bias) were 0
    set_constant(model, "to_8", lambda bound: bound - 1)
    set_pads(model, "conv2_0", [1, 1, 1, 1])


def concat_order_swapped(model: onnx.ModelProto) -> None:
    node_called(model, "concat").input[:] = ["y1", "y0"]


def strip_fed_with_the_other_strips_rows(model: onnx.ModelProto) -> None:
    node_called(model, "conv1_1").input[0] = "x0"
    set_pads(model, "conv1_1", [0, 1, 1, 1])


def activation_forgotten(model: onnx.ModelProto) -> None:
    node_called(model, "conv2_1").input[0] = "c1"


def bias_forgotten(model: onnx.ModelProto) -> None:
    del node_called(model, "conv2_1").input[2]


def stale_weight(model: onnx.ModelProto) -> None:
    node_called(model, "conv2_1").input[2] = "b2_old"
    old = random_array((6,), seed=4)
    old[3] += 1e-3
    model.graph.initializer.append(onnx.numpy_helper.from_array(old, "b2_old"))


@pytest.mark.parametrize(
    "mutate",
    [
        pad_changed,
        slice_off_by_one,
        halo_row_dropped,
        halo_row_of_the_inner_tensor_dropped,
        concat_order_swapped,
        strip_fed_with_the_other_strips_rows,
        activation_forgotten,
        bias_forgotten,
    ],
)
def test_a_wrong_value_is_seen_by_integers_and_by_random_numbers_alike(
    mutate: Callable[[onnx.ModelProto], None],
) -> None:
    model = in_strips()
    mutate(model)
    found = verify(whole(), model)
    assert not found.passed
    assert not found.integer_exact
    assert found.max_rel_error > 1000 * found.tolerance
    wrong = [problem for problem in found.problems if problem.startswith("output 'y'")]
    assert "elements differ on integers, first at [" in wrong[0]
    assert "on random numbers, tolerance" in wrong[1]


@pytest.mark.parametrize("seed", range(5))
def test_one_wrong_element_reaches_the_logits_whatever_the_seed(seed: int) -> None:
    original, model = whole(), in_strips()
    halo_row_dropped(model)
    for either in (original, model):
        del either.graph.output[0]
    assert not verify(original, model, seed=seed).integer_exact


def test_a_broken_node_order_is_seen_by_the_checker() -> None:
    model = in_strips()
    nodes = list(model.graph.node)
    nodes[1], nodes[3] = nodes[3], nodes[1]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    assert any("checker refuses it: Nodes in a graph must be topologically sorted" in p for p in problems(model))


def test_an_original_that_the_checker_refuses_as_well_cannot_be_verified() -> None:
    model = model_of([helper.make_node("Relu", ["x"], ["y"])], {"x": random_array((1, 2, 4, 4))}, ["y"], opset=2**40)
    net = graph.load(model)
    with pytest.raises(
        ModelError, match="must be a model that onnx's checker accepts, so that it can be verified, got O"
    ):
        verify(net, graph.load(model))


def test_a_node_that_runs_earlier_than_planned_is_seen_by_its_memory() -> None:
    net = graph.load(in_strips())
    plan = whole_plan(net)
    model = in_strips()
    nodes = list(model.graph.node)
    early = [*nodes[:3], nodes[4], nodes[5], nodes[3], *nodes[6:]]
    del model.graph.node[:]
    model.graph.node.extend(early)
    found = verify(whole(), model, plan=plan)
    assert found.integer_exact
    (problem, _) = found.problems
    assert problem == f"peak elements: the plan predicts {plan.peak_elements:,}, the model has {found.peak_elements:,}"


def problems(model: onnx.ModelProto) -> tuple[str, ...]:
    return verify(whole(), model).problems


def test_a_changed_bias_is_seen_by_its_values() -> None:
    model = in_strips()
    set_constant(model, "b2", lambda values: values + np.float32(1e-6))
    assert problems(model) == ("weight 'b2' does not hold the original's values",)


def test_a_weight_of_another_name_is_not_taken_for_one_of_the_originals() -> None:
    model = in_strips()
    stale_weight(model)
    found = problems(model)
    assert found[0] == "weight 'b2_old' is not one of the original's"
    assert found[1].startswith("floating-point weights must take at most the original's 2,888 B, got 2,912 B")


def test_a_weight_that_is_stored_twice_is_too_much() -> None:
    model = in_strips()
    node_called(model, "conv2_1").input[2] = "b2_again"
    model.graph.initializer.append(onnx.numpy_helper.from_array(random_array((6,), seed=4), "b2_again"))
    (problem, *_) = problems(model)
    assert problem == "floating-point weights must take at most the original's 2,888 B, got 2,912 B"


def test_small_constants_that_make_up_a_large_one_are_no_weights_on_top() -> None:
    # The places of a detector's boxes are counted from its maps' sizes; what each map gives is small, all is not.
    nodes = [
        *(helper.make_node("Range", ["zero", f"n{i}", "one"], [f"r{i}"]) for i in range(2)),
        *(helper.make_node("Cast", [f"r{i}"], [f"c{i}"], to=onnx.TensorProto.FLOAT) for i in range(2)),
        helper.make_node("Concat", ["c0", "c1"], ["places"], axis=0),
        helper.make_node("Conv", ["x", "w"], ["t"], name="conv"),
        helper.make_node("Reshape", ["t", "shape"], ["flat"]),
        helper.make_node("Add", ["flat", "places"], ["y"]),
    ]
    scalars = {"zero": 0, "one": 1, "n0": 4000, "n1": 2000}
    constants = {name: np.array(value, np.int64) for name, value in scalars.items()}
    constants |= {"shape": np.array([2, 6000], np.int64), "w": random_array((2, 3, 1, 1))}
    model = model_of(nodes, {"x": random_array((1, 3, 60, 100))}, ["y"], constants)
    net = graph.load(model)
    plan = restructure.plan(net)
    assert verify(net, restructure.rewrite(net, plan), plan=plan).problems == ()


def test_another_output_name_is_an_interface_change() -> None:
    model = in_strips()
    node_called(model, "fc").output[0] = "scores"
    model.graph.output[1].name = "scores"
    (problem,) = problems(model)
    assert problem == (
        "outputs must be ['y: FLOAT [1, 6, 12, 9]', 'logits: FLOAT [1, 10]'], "
        "got ['y: FLOAT [1, 6, 12, 9]', 'scores: FLOAT [1, 10]']"
    )


def test_another_operator_set_is_an_interface_change() -> None:
    model = in_strips()
    model.opset_import[0].version = 18
    assert problems(model) == ("operator sets must be {'': 17}, got {'': 18}",)


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("peak_elements", r"^peak elements: the plan predicts 6,145, the model has 6,144$"),
        ("peak_bytes", r"^peak bytes: the plan predicts 24,577, the model has 24,576$"),
        ("macs", r"^MACs: the plan predicts 90,193, the model has 90,192$"),
        ("nodes", r"^nodes: the plan predicts 12, the model has 11$"),
    ],
)
def test_a_prediction_that_is_off_by_one_is_a_problem(field: str, problem: str) -> None:
    net = zoo.build("tiny")
    plan = whole_plan(net)
    found = verify(net, net, plan=replace(plan, **{field: getattr(plan, field) + 1}))
    assert re.search(problem, *found.problems)


def whole_plan(net: graph.Graph) -> restructure.Plan:
    """Return a plan that leaves everything as it is."""
    found, definition = profile(net), Definition()
    sizes = (found.peak_elements, found.peak_bytes, net.macs, len(net.nodes))
    region = Region(tuple(node.name for node in net.nodes), "whole", 1)
    return restructure.Plan(net.name, definition, (region,), *sizes, *sizes)


@pytest.mark.parametrize("name", ["tiny", "mobilenetv2", "squeezenet1.1", "resnet18"])
def test_each_network_of_the_zoo_equals_itself(name: str) -> None:
    found = verify(zoo.build(name), zoo.build(name))
    assert found.passed
    assert found.max_abs_error == 0


@pytest.mark.parametrize("path", LIGHT_MODELS, ids=lambda path: path.stem)
def test_each_export_equals_itself(path: Path) -> None:
    net = graph.load(path, {"N": 1} if "dynbatch" in path.name else {})
    assert verify(net, path).passed


@pytest.mark.slow
@pytest.mark.parametrize("path", [path for path in MODELS if path not in LIGHT_MODELS], ids=lambda path: path.stem)
def test_each_further_export_equals_itself(path: Path) -> None:
    assert verify(path, path).passed


@pytest.mark.parametrize("seed", range(3))
def test_batch_norm_clip_average_and_gates_stay_exact_in_integers(seed: int) -> None:
    original, cut = gated(parts=1), gated(parts=2)
    found = verify(original, cut, seed=seed)
    assert found.problems == ()


def gated(parts: int) -> onnx.ModelProto:
    """Return BatchNorm, Clip, a padded average pool that does not count its pads, Sigmoid, HardSwish and a product."""
    channels = {f"bn{i}": np.abs(random_array((4,), seed=i)) + 0.5 for i in range(4)}
    constants = {**channels, "low": np.float32(0), "high": np.float32(6), "two": np.array([2]), "six": np.float32(6)}
    nodes, strips = [], []
    for part in range(parts):
        start, stop = (0, 10) if parts == 1 else ((0, 6), (4, 10))[part]
        pads = [1, 1, 1, 1] if parts == 1 else ([1, 1, 0, 1], [0, 1, 1, 1])[part]
        constants |= {f"a{part}": np.array([start]), f"z{part}": np.array([stop])}
        nodes += [
            helper.make_node("Slice", ["x", f"a{part}", f"z{part}", "two"], [f"x{part}"]),
            helper.make_node("BatchNormalization", [f"x{part}", *channels], [f"n{part}"], epsilon=1e-3),
            helper.make_node("Clip", [f"n{part}", "low", "high"], [f"c{part}"]),
            helper.make_node("AveragePool", [f"c{part}"], [f"p{part}"], kernel_shape=[3, 3], pads=pads),
            helper.make_node("Sigmoid", [f"p{part}"], [f"s{part}"]),
            helper.make_node("HardSwish", [f"p{part}"], [f"h{part}"]),
            helper.make_node("Mul", [f"s{part}", f"h{part}"], [f"m{part}"]),
            helper.make_node("Div", [f"m{part}", "six"], [f"y{part}"]),
        ]
        strips.append(f"y{part}")
    nodes.append(helper.make_node("Concat", strips, ["y"], axis=2))
    model = model_of(nodes, {"x": random_array((1, 4, 10, 7))}, ["y"], constants)
    return onnx.shape_inference.infer_shapes(model, strict_mode=True)


def test_the_tolerance_is_four_standard_deviations_of_the_roundings() -> None:
    net = graph.load(whole())
    # conv1 27 terms, relu 1, conv2 72, average of 108, flatten 1, product of 6
    assert tolerance_of(net) == 4 * 2.0**-24 * (27 + 1 + 72 + 108 + 1 + 6) ** 0.5


def test_half_precision_is_verified_in_single_precision() -> None:
    halves = [whole(), in_strips()]
    for model in halves:
        for tensor in model.graph.initializer:
            values = onnx.numpy_helper.to_array(tensor)
            if values.dtype == np.float32:
                tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), tensor.name))
        for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    assert verify(*halves).problems == ()


def test_a_file_that_is_not_there_is_an_error_naming_it() -> None:
    with pytest.raises(ModelFileError, match=r"^nowhere\.onnx: no such file$"):
        verify(whole(), "nowhere.onnx")


def test_the_result_as_json_has_the_names_that_stay() -> None:
    found = verify(zoo.build("tiny"), zoo.build("tiny")).to_dict()
    assert {"integer_exact", "max_abs_error", "max_rel_error", "tolerance", "passed"} <= set(found)
    model = in_strips()
    model.graph.output.pop()
    assert verify(whole(), model).to_dict()["max_abs_error"] is None


def test_progress_is_told_in_rising_shares() -> None:
    said: list[float] = []
    verify(zoo.build("tiny"), zoo.build("tiny"), progress=lambda share, what: said.append(share))
    assert said == sorted(said)
    assert said[-1] == 1.0


def test_an_original_that_onnx_refuses_is_blamed_itself() -> None:
    """ONNX has no Conv over integers; it can be planned, and not be run."""
    net = analysed(ir.from_proto(integer_convolutions(np.int16)))
    plan = restructure.plan(net, effort=0.01)
    rule = r"must be a model that onnx accepts, so that it can be verified, got .*; correct it, or use --no-verify$"
    with pytest.raises(ModelError, match=rule):
        verify(net, restructure.rewrite(net, plan), plan=plan)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_eight_bit_integers_where_onnx_has_floats_are_verified_in_single_precision(dtype: type) -> None:
    """As research tools export them. The file keeps its types, and an element its byte."""
    net = analysed(ir.from_proto(integer_convolutions(dtype)))
    plan = restructure.plan(net, max_overhead=0.0)
    model = restructure.rewrite(net, plan)
    assert plan.regions
    assert verify(net, model, plan=plan).problems == ()
    assert {value.dtype for value in (*model.graph.inputs, *model.graph.outputs)} == {ir.DataType(net_type(net))}
    wrong = next(node for node in model.graph if node.op_type == "Conv")
    wrong.attributes["pads"] = ir.AttrInt64s("pads", [0, 1, 1, 1, *wrong.attributes["pads"].value[4:]])
    assert verify(net, model, plan=plan).problems


def net_type(net: graph.Graph) -> int:
    return int(dtypes.to_onnx(net.tensors["y"].dtype))


def integer_convolutions(dtype: type) -> onnx.ModelProto:
    weights = [onnx.numpy_helper.from_array(np.ones(shape, dtype), n) for n, shape in FILTERS.items()]
    element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    ends = [helper.make_tensor_value_info(n, element, (1, channels, 16, 8)) for n, channels in (("x", 1), ("y", 2))]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["inner"], "first", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["inner", "v"], ["y"], "second", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    ]
    made = helper.make_graph(nodes, "integers", ends[:1], ends[1:], weights)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


FILTERS = {"w": (6, 1, 3, 3), "v": (2, 6, 3, 3)}


def test_an_original_that_cannot_be_run_is_told_from_a_restructured_model_that_cannot() -> None:
    nodes = [helper.make_node("Gather", ["x", "index"], ["g"], axis=0), helper.make_node("Relu", ["g"], ["y"])]
    index = numpy_helper.from_array(np.array([19], np.int64), "index")
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", (10, 4)), ("y", (1, 4)))]
    graph = helper.make_graph(nodes, "gathers", ends[:1], ends[1:], [index])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    rule = r"^gathers: must be a model that onnxruntime runs, so that it can be verified, got .* idx=19 must be within"
    with pytest.raises(ModelError, match=rule + r".*; correct it, or use --no-verify$"):
        verify(model, model)
    whole_model, wrong = onnx.ModelProto(), onnx.ModelProto()
    for made, row in ((whole_model, 9), (wrong, 19)):
        made.CopyFrom(model)
        made.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.array([row], np.int64), "index"))
    problems = verify(whole_model, wrong).problems
    assert any(problem.startswith("restructured: onnxruntime refuses it: ") for problem in problems)


def with_constant_output(value: float, computed: bool = True) -> onnx.ModelProto:
    """A convolution between two activations, and beside it an output that no input reaches."""
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, (1, c, 16, 8)) for n, c in (("x", 1), ("y", 2))]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["inner"], "first", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["inner", "v"], ["y"], "second", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["anchor"], ["anchors"], "constant"),
    ]
    weights = [numpy_helper.from_array(np.ones(shape, np.float32), n) for n, shape in FILTERS.items()]
    weights.append(numpy_helper.from_array(np.float32([1, value]), "anchor"))
    outputs = [*(ends[1:] if computed else []), helper.make_tensor_value_info("anchors", TensorProto.FLOAT, (2,))]
    made = helper.make_graph(nodes if computed else nodes[2:], "anchored", ends[:1], outputs, weights)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("computed", [True, False])
def test_an_output_that_is_constant_stays_and_is_compared(computed: bool) -> None:
    net = graph.load(with_constant_output(3.0, computed))
    plan = restructure.plan(net)
    assert len(plan.regions) == computed
    model = restructure.rewrite(net, plan)
    checked = verify(net, model, plan=plan)
    assert checked.problems == ()
    assert checked.passed
    assert [value.name for value in model.graph.outputs][-1] == "anchors"
    other = verify(net, graph.load(with_constant_output(4.0, computed)))
    assert not other.passed
    assert other.problems[0] == "weight 'anchor' does not hold the original's values"
