"""Inferred shapes and types equal what onnxruntime computes, for every operator family and over opsets."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_nodes import RUNTIME_ERRORS, node_model, random_array, run

from restructure import graph


def agree(op_type: str, inputs: list[Any], attributes: dict[str, Any] | None = None, **more: Any) -> graph.Graph:
    """Check shapes and types of all outputs; return the analysed graph."""
    model = node_model(op_type, inputs, attributes, **more)
    constant = set(more.get("constant", ()))
    feeds = {f"x{i}": a for i, a in enumerate(inputs) if a is not None and i not in constant}
    net = graph.load(model)
    for name, array in zip(net.outputs, run(model, feeds), strict=True):
        assert net.tensors[name].shape == array.shape
        assert net.tensors[name].dtype == str(array.dtype)
    return net


X = random_array((2, 4, 6, 5))
UNARY = [
    "Abs", "Ceil", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Log", "Neg",
    "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Softplus", "Softsign", "Sqrt", "Tanh", "IsNaN",
    "ThresholdedRelu", "Sin", "Cos", "Celu", "Shrink", "Softmax", "LogSoftmax", "Hardmax", "Flatten", "Size", "Shape",
    "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "LpNormalization", "MeanVarianceNormalization",
]  # fmt: skip


@pytest.mark.parametrize("op_type", UNARY)
def test_operators_of_one_operand_keep_or_change_the_shape_as_onnxruntime_does(op_type: str) -> None:
    agree(op_type, [X])


@pytest.mark.parametrize("op_type", ["Mish", "Gelu", "Swish"])
def test_newer_activations_keep_the_shape(op_type: str) -> None:
    opset = {"Mish": 18, "Gelu": 20, "Swish": 24}[op_type]
    try:
        agree(op_type, [X], opset=opset)
    except RUNTIME_ERRORS:
        pytest.skip("this onnxruntime does not know the operator")


@st.composite
def broadcastable(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = draw(st.lists(st.integers(1, 4), min_size=0, max_size=4))
    parts = []
    for _ in range(2):
        kept = shape[draw(st.integers(0, len(shape))) :]
        parts.append(random_array([draw(st.sampled_from([1, n])) for n in kept]))
    return parts[0], parts[1]


@pytest.mark.parametrize(
    "op_type", ["Add", "Sub", "Mul", "Div", "Pow", "Equal", "Greater", "LessOrEqual", "Max", "Sum"]
)
@settings(max_examples=8, deadline=None)
@given(operands=broadcastable())
def test_binary_operators_broadcast_as_onnxruntime_does(op_type: str, operands: tuple[np.ndarray, np.ndarray]) -> None:
    agree(op_type, list(operands))


def test_max_pool_can_return_indices() -> None:
    agree("MaxPool", [X], {"kernel_shape": [2, 2]}, outputs=2)


MATRICES = [
    ((3, 4), (4, 5)),
    ((2, 3, 4), (4, 5)),
    ((2, 1, 3, 4), (7, 4, 5)),
    ((4,), (4, 5)),
    ((3, 4), (4,)),
    ((4,), (4,)),
]


@pytest.mark.parametrize(("left", "right"), MATRICES)
def test_matrix_products_have_onnxruntimes_shape_and_count_every_multiplication(
    left: tuple[int, ...], right: tuple[int, ...]
) -> None:
    net = agree("MatMul", [random_array(left), random_array(right)])
    assert net.macs == net.tensors["y0"].elements * 4


@pytest.mark.parametrize("trans_a", [0, 1])
@pytest.mark.parametrize("trans_b", [0, 1])
def test_gemm_has_onnxruntimes_shape_and_macs(trans_a: int, trans_b: int) -> None:
    a, b = random_array((4, 3) if trans_a else (3, 4)), random_array((5, 4) if trans_b else (4, 5))
    net = agree("Gemm", [a, b, random_array((5,))], {"transA": trans_a, "transB": trans_b})
    assert net.macs == 3 * 4 * 5


@pytest.mark.parametrize("equation", ["bij,bjk->bik", "ij,jk", "bhwc,hkc->bhwk", "ij->ji"])
def test_einsum_has_onnxruntimes_shape(equation: str) -> None:
    sizes = dict(zip("bcdhijkw", (2, 3, 4, 5, 6, 7, 8, 9), strict=True))
    terms = equation.split("->")[0].split(",")
    agree("Einsum", [random_array([sizes[c] for c in term]) for term in terms], {"equation": equation})


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


@pytest.mark.parametrize("opset", [7, 11, 12, 13, 17])
@pytest.mark.parametrize(
    "op_type", ["ReduceMean", "ReduceMax", "ReduceSum", "ReduceL2", "ReduceProd", "ReduceLogSumExp"]
)
def test_reductions_take_axes_from_attributes_in_older_opsets(op_type: str, opset: int) -> None:
    for keep in (0, 1):
        if op_type == "ReduceSum" and opset >= 13:
            agree(op_type, [X, ints(-1, 1)], {"keepdims": keep}, constant=[1], opset=opset)
        else:
            agree(op_type, [X], {"axes": [1, 3], "keepdims": keep}, opset=opset)
    agree(op_type, [X], opset=opset)


@pytest.mark.parametrize("op_type", ["ReduceMean", "ReduceMin", "ReduceSumSquare", "ReduceL1", "ReduceLogSum"])
def test_reductions_take_axes_from_an_operand_in_newer_opsets(op_type: str) -> None:
    agree(op_type, [X, ints(-1, 1)], {"keepdims": 0}, constant=[1], opset=18)
    agree(op_type, [X], {"noop_with_empty_axes": 1}, opset=18)


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("keep", [0, 1])
def test_arg_reductions_return_indices(axis: int, keep: int) -> None:
    agree("ArgMax", [X], {"axis": axis, "keepdims": keep})
    agree("ArgMin", [X], {"axis": axis, "keepdims": keep})


def test_top_k_takes_k_from_attribute_or_operand() -> None:
    agree("TopK", [X], {"k": 3, "axis": 2}, outputs=2, opset=9)
    agree("TopK", [X, ints(3)], {"axis": -1}, constant=[1], outputs=2)


@pytest.mark.parametrize("opset", [9, 11, 12, 13, 17])
@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_softmax_keeps_the_shape_in_every_opset(axis: int, opset: int) -> None:
    agree("Softmax", [X], {"axis": axis}, opset=opset)


SLICES = st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.integers(0, 3), st.sampled_from([-2, -1, 1, 2, 3]))


@settings(max_examples=60, deadline=None)
@given(slices=st.lists(SLICES, min_size=1, max_size=3, unique_by=lambda s: s[2]))
def test_slices_have_onnxruntimes_shape(slices: list[tuple[int, int, int, int]]) -> None:
    starts, ends, axes, steps = (ints(*column) for column in zip(*slices, strict=True))
    model = node_model("Slice", [X, starts, ends, axes, steps], constant=[1, 2, 3, 4])
    (array,) = run(model, {"x0": X})
    if array.size:
        assert graph.load(model).tensors["y0"].shape == array.shape


def test_slice_takes_its_operands_from_attributes_before_opset_10() -> None:
    agree("Slice", [X], {"starts": [1, -4], "ends": [9223372036854775807, 6], "axes": [1, 2]}, opset=9)


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge"])
def test_pad_takes_its_operands_from_attributes_or_operands(mode: str) -> None:
    pads = [0, 0, 1, 2, 0, 0, 2, 1]
    agree("Pad", [X], {"pads": pads, "mode": mode}, opset=10)
    agree("Pad", [X, ints(*pads)], {"mode": mode}, constant=[1], opset=13)
    agree("Pad", [X, ints(1, 2, 2, 1), None, ints(2, -1)], {"mode": mode}, constant=[1, 3], opset=18)


def test_pad_may_crop() -> None:
    agree("Pad", [X, ints(0, 0, -1, 0, 0, 0, -2, 1)], constant=[1])


def test_split_takes_parts_from_attribute_operand_or_count() -> None:
    agree("Split", [X], {"axis": 1, "split": [1, 3]}, outputs=2, opset=11)
    agree("Split", [X], {"axis": 1}, outputs=2, opset=11)
    agree("Split", [X, ints(1, 2, 1)], {"axis": -3}, constant=[1], outputs=3, opset=13)
    agree("Split", [X], {"axis": 3, "num_outputs": 2}, outputs=2, opset=18)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_concat_adds_up_along_its_axis(axis: int) -> None:
    agree("Concat", [X, X, X], {"axis": axis})


@pytest.mark.parametrize("opset", [11, 13, 17])
def test_squeeze_and_unsqueeze_take_axes_from_attribute_or_operand(opset: int) -> None:
    x = random_array((1, 3, 1, 2))
    for op_type, axes in (("Squeeze", [0, -2]), ("Unsqueeze", [0, -1])):
        if opset < 13:
            agree(op_type, [x], {"axes": axes}, opset=opset)
        else:
            agree(op_type, [x, ints(*axes)], constant=[1], opset=opset)
    agree("Squeeze", [x], opset=opset)


@pytest.mark.parametrize("shape", [(2, -1), (0, 0, 30), (-1,), (2, 4, 30), (0, -1, 3)])
def test_reshape_fills_in_zero_and_minus_one(shape: tuple[int, ...]) -> None:
    agree("Reshape", [X, ints(*shape)], constant=[1])


@pytest.mark.parametrize("axis", [0, 1, 2, 3, 4, -1])
def test_flatten_multiplies_extents(axis: int) -> None:
    agree("Flatten", [X], {"axis": axis})


def test_moving_operators_have_onnxruntimes_shape() -> None:
    agree("Transpose", [X], {"perm": [0, 2, 3, 1]})
    agree("Transpose", [X])
    agree("Expand", [random_array((4, 1, 1)), ints(2, 1, 3, 5)], constant=[1])
    agree("Tile", [X, ints(1, 2, 1, 3)], constant=[1])
    agree("Gather", [X, ints(0, 2)], {"axis": 1})
    agree("Gather", [X, np.array(1, dtype=np.int64)], {"axis": -1})
    agree("GatherElements", [X, np.zeros((2, 4, 6, 2), dtype=np.int64)], {"axis": 3})
    agree("GatherND", [X, np.zeros((3, 2), dtype=np.int64)])
    agree("ScatterND", [X, np.zeros((1, 2), dtype=np.int64), random_array((1, 6, 5))])
    agree("OneHot", [ints(0, 2), np.array(5, dtype=np.int64), random_array((2,))], {"axis": -1}, constant=[1])
    agree("Trilu", [X])
    agree("CumSum", [X, np.array(1, dtype=np.int64)], constant=[1])
    agree("Where", [X > 0, X, random_array((5,))])
    agree("Cast", [X], {"to": 7})
    agree("Clip", [X, np.zeros((), dtype=np.float32), None])
    agree("Dropout", [X], outputs=2)
    agree("PRelu", [X, random_array((4, 1, 1))])


@pytest.mark.parametrize("op_type", ["DepthToSpace", "SpaceToDepth"])
def test_blocks_move_between_channels_and_space(op_type: str) -> None:
    agree(op_type, [random_array((1, 8, 4, 6))], {"blocksize": 2})


NONE = np.array([], dtype=np.float32)


@settings(max_examples=40, deadline=None)
@given(
    scales=st.tuples(*[st.sampled_from([0.5, 0.75, 1.0, 1.5, 2.0, 2.25, 3.0])] * 2),
    mode=st.sampled_from(["nearest", "linear"]),
)
def test_resize_by_scales_has_onnxruntimes_shape(scales: tuple[float, float], mode: str) -> None:
    given_scales = np.array([1, 1, *scales], dtype=np.float32)
    agree("Resize", [X, NONE, given_scales], {"mode": mode}, constant=[1, 2], opset=13)
    agree("Resize", [X, given_scales], {"mode": mode}, constant=[1], opset=10)
    if min(scales) >= 1:
        agree("Upsample", [X, given_scales], {"mode": mode}, constant=[1], opset=9)
        agree("Upsample", [X], {"mode": mode, "scales": [float(s) for s in given_scales]}, opset=7)


@pytest.mark.parametrize("policy", ["stretch", "not_larger", "not_smaller"])
def test_resize_by_sizes_has_onnxruntimes_shape(policy: str) -> None:
    agree("Resize", [X, None, None, ints(2, 4, 9, 15)], {"mode": "nearest"}, constant=[3], opset=13)
    attributes = {"mode": "nearest", "axes": [2, 3], "keep_aspect_ratio_policy": policy}
    agree("Resize", [X, None, None, ints(9, 15)], attributes, constant=[3], opset=18)


def test_normalisations_keep_the_shape() -> None:
    four = [random_array((4,)) for _ in range(3)]
    agree("BatchNormalization", [X, *four, abs(random_array((4,)))], constant=[1, 2, 3, 4])
    agree("LayerNormalization", [X, random_array((5,))], {"axis": -1})
    agree("LayerNormalization", [X, random_array((6, 5))], {"axis": 2}, outputs=3)
    agree("InstanceNormalization", [X, *four[:2]])
    agree("LRN", [X], {"size": 3})
    agree("GroupNormalization", [X, *four[:2]], {"num_groups": 2}, opset=21)


SCALE, ZERO = np.array(0.1, dtype=np.float32), np.array(3, dtype=np.uint8)
Q = random_array((1, 4, 6, 5), np.uint8)


def test_quantised_operators_have_onnxruntimes_shape_and_type() -> None:
    w = random_array((8, 4, 3, 3), np.uint8)
    agree("QuantizeLinear", [X, SCALE, ZERO])
    agree("QuantizeLinear", [X, SCALE])
    agree("DequantizeLinear", [Q, SCALE, ZERO])
    agree("DynamicQuantizeLinear", [X], outputs=3)
    net = agree("QLinearConv", [Q, SCALE, ZERO, w, SCALE, ZERO, SCALE, ZERO], {"pads": [1, 1, 1, 1]})
    assert net.macs == 8 * 6 * 5 * 4 * 9
    agree("ConvInteger", [Q, w], {"strides": [2, 2]})
    a, b = random_array((3, 4), np.uint8), random_array((4, 5), np.uint8)
    assert agree("QLinearMatMul", [a, SCALE, ZERO, b, SCALE, ZERO, SCALE, ZERO]).macs == 60
    assert agree("MatMulInteger", [a, b]).macs == 60


def test_microsofts_quantised_operators_have_onnxruntimes_shape_and_type() -> None:
    domain = {"domain": "com.microsoft"}
    agree("QLinearAdd", [Q, SCALE, ZERO, Q, SCALE, ZERO, SCALE, ZERO], **domain)
    agree("QLinearMul", [Q, SCALE, ZERO, Q[:, :, :1, :1], SCALE, ZERO, SCALE, ZERO], **domain)
    agree("QLinearGlobalAveragePool", [Q, SCALE, ZERO, SCALE, ZERO], **domain)
    agree("QLinearAveragePool", [Q, SCALE, ZERO, SCALE, ZERO], {"kernel_shape": [2, 2]}, **domain)
    agree("QLinearConcat", [SCALE, ZERO, Q, SCALE, ZERO, Q, SCALE, ZERO], {"axis": 1}, **domain)
    agree("QLinearLeakyRelu", [Q, SCALE, ZERO, SCALE, ZERO], **domain)
    agree("QLinearSigmoid", [Q, SCALE, ZERO, SCALE, ZERO], **domain)
    agree("FusedConv", [X, random_array((8, 4, 3, 3))], {"activation": "Relu"}, **domain)
    agree("Gelu", [X], **domain)
