"""Sums taken part by part: averages by rows and bands, products over input channels; integers agree bit for bit."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_nodes import model_of, random_array

import restructure
from restructure import graph
from restructure.errors import PlanError
from restructure.planning.drafts import Draft
from restructure.planning.studio import Studio
from restructure.plans import BandCut, Plan, SumCut
from restructure.profile import Definition
from restructure.verify import verify


def node(op_type: str, inputs: list[str], output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(op_type, inputs, [output], name=output, **attributes)


def typed(nodes: list[onnx.NodeProto], x: tuple[int, ...], weights: dict[str, np.ndarray], opset: int = 17) -> Any:
    model = model_of(nodes, {"x": random_array(x)}, [nodes[-1].output[0]], weights, opset)
    return onnx.shape_inference.infer_shapes(model, strict_mode=True)


def pooled(kind: str, opset: int = 17, **attributes: Any) -> onnx.ModelProto:
    """Return a convolution, a mean over space, and what follows it in place."""
    weights = {"w": random_array((16, 3, 3, 3)), "b": random_array((16,))}
    operands = ["r"]
    if kind == "ReduceMean" and opset >= 18:
        weights["axes"] = np.array(attributes.pop("axes"))
        operands.append("axes")
    nodes = [
        node("Conv", ["x", "w", "b"], "c", pads=[1, 1, 1, 1]),
        node("Relu", ["c"], "r"),
        node(kind, operands, "gap", **attributes),
        node("Sigmoid", ["gap"], "y"),
    ]
    return typed(nodes, (1, 3, 11, 9), weights, opset)


def bottleneck() -> onnx.ModelProto:
    """Return an inverted residual: expand, depthwise, project with a bias, BatchNorm, Add."""
    shapes = {"w1": (24, 4, 1, 1), "w2": (24, 1, 3, 3), "w3": (4, 24, 3, 3), "b1": (24,), "b3": (4,)}
    weights = {name: random_array(shape, seed=i) for i, (name, shape) in enumerate(shapes.items())}
    weights |= {f"n{i}": np.abs(random_array((4,), seed=i)) + 0.5 for i in range(4)}
    nodes = [
        node("Conv", ["x", "w1", "b1"], "expand"),
        node("Relu", ["expand"], "r1"),
        node("Conv", ["r1", "w2"], "dw", group=24, pads=[1, 1, 1, 1]),
        node("Relu", ["dw"], "r2"),
        node("Conv", ["r2", "w3", "b3"], "project", pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["project", "n0", "n1", "n2", "n3"], "bn"),
        node("Add", ["bn", "x"], "y"),
    ]
    return typed(nodes, (1, 4, 8, 7), weights)


def perceptron(kind: str, **attributes: Any) -> onnx.ModelProto:
    """Return two matrix products with an activation between them."""
    turned = bool(attributes.get("transB"))
    weights = {"w1": random_array((40, 12) if turned else (12, 40)), "w2": random_array((5, 40) if turned else (40, 5))}
    if kind == "Gemm":
        weights |= {"b1": random_array((40,)), "b2": random_array((1, 5))}
    nodes = [
        node(kind, ["x", "w1", *(["b1"] if kind == "Gemm" else [])], "hidden", **attributes),
        node("Relu", ["hidden"], "r"),
        node(kind, ["r", "w2", *(["b2"] if kind == "Gemm" else [])], "out", **attributes),
        node("Relu", ["out"], "y"),
    ]
    return typed(nodes, (2, 12), weights)


def check(model: onnx.ModelProto, draft: Draft) -> tuple[Plan, list[onnx.NodeProto]]:
    """Assert that a draft computes the same, in the memory, MACs and nodes it predicts."""
    import onnx_ir as ir

    net = graph.load(model)
    plan = Studio(net, Definition()).plan(draft)
    rewritten = restructure.rewrite(net, Plan.from_dict(plan.to_dict()))
    assert verify(net, rewritten, plan=plan).problems == ()
    assert plan.macs == plan.baseline_macs
    return plan, list(ir.to_proto(rewritten).graph.node)


@pytest.mark.parametrize(
    ("kind", "opset", "attributes"),
    [
        ("GlobalAveragePool", 17, {}),
        ("GlobalAveragePool", 11, {}),
        ("ReduceMean", 17, {"axes": [2, 3]}),
        ("ReduceMean", 18, {"axes": [2, 3]}),
        ("ReduceMean", 17, {"axes": [-1, -2], "keepdims": 0}),
        ("ReduceMean", 17, {"axes": [2]}),
        ("ReduceSum", 11, {"axes": [2, 3]}),
        ("AveragePool", 17, {"kernel_shape": [11, 9]}),
    ],
    ids=str,
)
def test_a_mean_over_space_is_taken_by_rows(kind: str, opset: int, attributes: dict[str, Any]) -> None:
    draft = Draft(targets=(1 << 40,), sums=(SumCut("gap", 4),))
    plan, nodes = check(pooled(kind, opset, **attributes), draft)
    found = [n.op_type for n in nodes]
    assert found.count("ReduceSum") == 4
    assert found.count("Add") == 3
    assert found.count("Div") == (kind != "ReduceSum")
    assert kind == "ReduceSum" or kind not in found
    assert plan.saving > 0.4
    assert plan.regions[0].form == "rows, sums"


@pytest.mark.parametrize("by_rows", [False, True])
def test_a_mean_over_space_is_taken_of_the_cells_of_a_grid(by_rows: bool) -> None:
    draft = Draft(targets=(1 << 40,), bands=(BandCut(("c",), 3, by_rows),), sums=(SumCut("gap", 4),))
    plan, nodes = check(pooled("GlobalAveragePool"), draft)
    found = [n.op_type for n in nodes]
    assert (found.count("ReduceSum"), found.count("Add"), found.count("Div")) == (12, 11, 1)
    assert "Concat" not in found
    assert plan.regions[0].form.startswith("grid 3 × ")


def test_a_projection_is_taken_channel_group_by_channel_group_and_its_bias_is_added_once() -> None:
    groups = tuple((name, 4) for name in ("dw", "expand"))
    whole, _ = check(bottleneck(), Draft(groups=groups))
    plan, nodes = check(bottleneck(), Draft(targets=(1 << 40,), groups=groups, sums=(SumCut("project"),)))
    shares = [n for n in nodes if n.name.startswith("project.p")]
    assert [len(n.input) for n in shares] == [3, 2, 2, 2]
    assert plan.peak_bytes < 0.6 * whole.peak_bytes


@pytest.mark.parametrize("kind", ["Gemm", "MatMul"])
@pytest.mark.parametrize("attributes", [{}, {"transB": 1, "alpha": 2.0}], ids=str)
def test_a_matrix_product_is_taken_channel_group_by_channel_group(kind: str, attributes: dict[str, Any]) -> None:
    if kind == "MatMul" and attributes:
        return
    draft = Draft(targets=(0,), groups=(("hidden", 5),), sums=(SumCut("out"),))
    plan, nodes = check(perceptron(kind, **attributes), draft)
    assert sum(n.op_type == kind for n in nodes) == 10
    assert plan.saving > 0.4


@pytest.mark.parametrize(
    ("model", "draft", "reason"),
    [
        (pooled("GlobalMaxPool"), Draft(sums=(SumCut("gap", 2),)), "GlobalMaxPool is no sum that can be taken apart"),
        (pooled("GlobalAveragePool"), Draft(sums=(SumCut("gap", 1),)), "its operand is not made in parts"),
        (bottleneck(), Draft(sums=(SumCut("project"),)), "its operand is not made in parts"),
        (bottleneck(), Draft(sums=(SumCut("dw"),)), "its groups read different channels"),
        (pooled("ReduceMean", axes=[1, 2]), Draft(sums=(SumCut("gap", 2),)), "it does not sum over space alone"),
    ],
    ids=["max", "one part", "not in groups", "depthwise", "over channels"],
)
def test_what_is_no_sum_of_parts_says_so(model: onnx.ModelProto, draft: Draft, reason: str) -> None:
    with pytest.raises(PlanError, match=rf"^plan: the sum of node '\w+' cannot be taken part by part: {reason}"):
        Studio(graph.load(model), Definition()).plan(draft)


def test_sums_of_halves_are_left_alone() -> None:
    model = pooled("GlobalAveragePool")
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    with pytest.raises(PlanError, match="its sums would be held as float16"):
        Studio(graph.load(model), Definition()).plan(Draft(sums=(SumCut("gap", 2),)))
