"""Every operator against onnxruntime, tile by tile."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper

from accelsim.errors import ModelUnsupportedError
from accelsim.functional import ExecutionError
from accelsim.functional.operators import OPERATORS, Call, accumulate, finish
from accelsim.functional.operators.elementwise import BINARY, UNARY
from accelsim.functional.operators.unary import rounded
from accelsim.program import MatrixKernel, PostOperation, Tile, VectorKernel, Window

Array = NDArray[np.float32]
Shape4 = tuple[int, int, int, int]
ATTRIBUTES = {
    "Celu": {"alpha": 1.5},
    "Elu": {"alpha": 0.7},
    "HardSigmoid": {"alpha": 0.25, "beta": 0.4},
    "LeakyRelu": {"alpha": 0.1},
    "Selu": {"alpha": 1.5, "gamma": 1.1},
    "ThresholdedRelu": {"alpha": 0.5},
}
#: Steps that are no operator of the default domain and opset, or are tested with operands of their own domain in
#: tests/operators.
ELSEWHERE = {
    "Acos", "Acosh", "Asin", "Atanh", "Cast", "DequantizeLinear", "FakeQuantize", "FastGelu", "IsInf", "IsNaN", "Not",
    "QuantizeLinear", "QuickGelu", "Silu", "Swish",
}  # fmt: skip

#: Steps of truth values, in tests/operators too.
MASKS = {"And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Mod", "Or", "Xor"}
#: Operators on bits, which onnxruntime has for integers only: see tests/operators/test_elementwise.py.
ON_BITS = {"BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor"}


def reference(operator: str, inputs: Sequence[Array], **attributes: Any) -> Array:
    """What onnxruntime computes."""
    names = [f"i{n}" for n in range(len(inputs))]
    node = helper.make_node(operator, names, ["y"], **attributes)
    given_ = [helper.make_tensor_value_info(n, TensorProto.FLOAT, x.shape) for n, x in zip(names, inputs, strict=True)]
    graph = helper.make_graph(
        [node], "one", given_, [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * inputs[0].ndim)]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: Array = session.run(None, dict(zip(names, inputs, strict=True)))[0]
    return found


def require_close(found: Array, expected: Array, rtol: float = 2e-6, atol: float = 2e-6) -> None:
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


def noise(*shape: int, seed: int = 0, low: float = -3, high: float = 3) -> Array:
    return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)


def physical(x: Array) -> Array:
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1))


def compute(kernel: VectorKernel, tile: Tile, *inputs: Array, **slots: Array) -> Array:
    """One vector instruction on operands that are the tile's own."""
    named = dict(zip(kernel.inputs, inputs, strict=True)) | slots
    return OPERATORS[kernel.operator](Call(kernel, tile, inputs, named))


def compute_at(kernel: VectorKernel, tile: Tile, x: Array, origin: Shape4) -> Array:
    """One vector instruction on an operand that begins at `origin`."""
    call = Call(kernel, tile, [x], {"input": x}, {"input": origin})
    return OPERATORS[kernel.operator](call)


def whole(*shape: int) -> Tile:
    return Tile((0,) * len(shape), shape)


@pytest.mark.parametrize("operator", sorted(set(UNARY) - ELSEWHERE - {"Clip", "Identity", "Gelu"}))
def test_unary_steps_equal_onnxruntime(operator: str) -> None:
    low = 0.1 if operator in ("Log", "Sqrt", "Reciprocal") else -3
    x = noise(2, 5, 3, 4, low=low)
    attributes = ATTRIBUTES.get(operator, {})
    kernel = VectorKernel(operator, tuple(attributes.items()))
    expected = reference(operator, [x], **attributes)
    found = compute(kernel, whole(2, 3, 4, 5), physical(x))
    assert found.dtype == np.float32
    require_close(found, physical(expected))


@pytest.mark.parametrize("operator", sorted(ATTRIBUTES))
def test_unary_steps_have_the_defaults_of_onnx(operator: str) -> None:
    x = noise(1, 5, 3, 4)
    found = compute(VectorKernel(operator), whole(1, 3, 4, 5), physical(x))
    require_close(found, physical(reference(operator, [x])))


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_is_exact_or_by_tanh(approximate: str) -> None:
    x = noise(1, 5, 3, 4)
    found = compute(VectorKernel("Gelu", (("tanh", float(approximate == "tanh")),)), whole(1, 3, 4, 5), physical(x))
    require_close(found, physical(reference("Gelu", [x], approximate=approximate)))


@pytest.mark.parametrize("bounds", [{}, {"min": -1.0}, {"max": 1.0}, {"min": 0.0, "max": 2.0}])
def test_clip_leaves_out_absent_bounds(bounds: dict[str, float]) -> None:
    x = noise(1, 2, 2, 2)
    expected = np.clip(x, bounds.get("min", -np.inf), bounds.get("max", np.inf))
    np.testing.assert_array_equal(compute(VectorKernel("Clip", tuple(bounds.items())), whole(1, 2, 2, 2), x), expected)


def test_silu_is_x_times_sigmoid() -> None:
    x = noise(1, 2, 3, 4)
    expected = x * reference("Sigmoid", [x])
    require_close(compute(VectorKernel("Silu"), whole(1, 2, 3, 4), x), expected)


def test_sigmoid_of_large_negative_numbers_is_zero_without_a_warning() -> None:
    x = np.full((1, 1, 1, 4), -200, np.float32)
    with np.errstate(all="raise", under="ignore"):
        assert not compute(VectorKernel("Sigmoid"), whole(1, 1, 1, 4), x).any()


@pytest.mark.parametrize("operator", sorted(set(BINARY) - MASKS - ON_BITS))
@pytest.mark.parametrize("other", [(2, 5, 3, 4), (1, 5, 1, 1), (2, 1, 3, 4), (1, 1, 1, 1)])
def test_binary_steps_broadcast_as_onnxruntime_does(operator: str, other: Shape4) -> None:
    x, y = noise(2, 5, 3, 4, low=0.5), noise(*other, seed=1)
    if operator == "PRelu":
        x = x - 2
    kernel = VectorKernel(operator, inputs=("input", "input1"))
    found = compute(kernel, whole(2, 3, 4, 5), physical(x), physical(y))
    require_close(found, physical(reference(operator, [x, y])))


@pytest.mark.parametrize("operator", ["Max", "Min", "Sum"])
def test_some_steps_take_three_operands(operator: str) -> None:
    arrays = [noise(1, 3, 2, 2, seed=seed) for seed in range(3)]
    kernel = VectorKernel(operator, inputs=("input", "input1", "input2"))
    found = compute(kernel, whole(1, 2, 2, 3), *(physical(a) for a in arrays))
    require_close(found, physical(reference(operator, arrays)))


def test_swapped_operands_come_in_the_other_order() -> None:
    x, y = noise(1, 2, 2, 3), noise(1, 2, 2, 3, seed=1)
    kernel = VectorKernel("Sub", (("swapped", 1.0),), inputs=("input", "input1"))
    np.testing.assert_array_equal(compute(kernel, whole(1, 2, 2, 3), x, y), y - x)


def test_post_operations_follow_each_other_and_read_their_slots() -> None:
    x, residual, slope = noise(1, 2, 2, 3), noise(1, 2, 2, 3, seed=1), noise(3, seed=2)
    steps = [
        PostOperation("Add", (), "residual0"),
        PostOperation("PRelu", (), "slope"),
        PostOperation("Clip", (("max", 1.0),)),
    ]
    total = x + residual
    expected = np.minimum(np.where(total < 0, slope * total, total), 1)
    np.testing.assert_array_equal(finish(x, steps, {"residual0": residual, "slope": slope}), expected)


windows = st.builds(
    Window,
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    dilations=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    pads=st.tuples(*(st.integers(0, 2),) * 4),
)


def onnx_window(window: Window) -> dict[str, list[int]]:
    return {
        "kernel_shape": list(window.kernel),
        "strides": list(window.strides),
        "dilations": list(window.dilations),
        "pads": list(window.pads),
    }


def draw_tile(data: st.DataObject, shape: Sequence[int]) -> Tile:
    start = tuple(data.draw(st.integers(0, n - 1)) for n in shape)
    return Tile(start, tuple(data.draw(st.integers(1, n - a)) for a, n in zip(start, shape, strict=True)))


def region(tile: Tile) -> tuple[slice, ...]:
    return tuple(slice(a, a + n) for a, n in zip(tile.start, tile.shape, strict=True))


def touched(x: Array, window: Window, tile: Tile, channels: slice) -> Array | None:
    """The part of a map that a tile's windows touch; None if it is empty."""
    rows = slice(*window.input_rows(tile.start[1], tile.shape[1], x.shape[1]))
    columns = slice(*window.input_columns(tile.start[2], tile.shape[2], x.shape[2]))
    part = x[tile.start[0] : tile.start[0] + tile.shape[0], rows, columns, channels]
    return part if part.size else None


def fits(window: Window, height: int, width: int) -> bool:
    """Whether onnxruntime accepts the window: at least one position, pads smaller than the kernel."""
    spans = [(k - 1) * d + 1 for k, d in zip(window.kernel, window.dilations, strict=True)]
    sizes = [height + window.pads[0] + window.pads[2], width + window.pads[1] + window.pads[3]]
    small = all(p < k for p, k in zip(window.pads, window.kernel * 2, strict=True))
    return small and all(size >= span for size, span in zip(sizes, spans, strict=True))


@settings(max_examples=150, deadline=None)
@given(st.data(), windows, st.sampled_from(["MaxPool", "AveragePool"]), st.booleans(), st.booleans())
def test_tiles_of_pools_equal_onnxruntime(
    data: st.DataObject, window: Window, operator: str, ceil_mode: bool, with_pads: bool
) -> None:
    height, width = data.draw(st.integers(3, 9)), data.draw(st.integers(3, 9))
    assume(fits(window, height, width))
    x = noise(2, 5, height, width)
    attributes: dict[str, Any] = dict(onnx_window(window)) | {"ceil_mode": int(ceil_mode)}
    if operator == "AveragePool":
        attributes["count_include_pad"] = int(with_pads)
    expected = physical(reference(operator, [x], **attributes))
    tile = draw_tile(data, expected.shape)
    numbers = (("count_include_pad", float(with_pads)), ("ceil_mode", float(ceil_mode)))
    kernel = VectorKernel(operator, numbers, window, (height, width))
    part = touched(physical(x), window, tile, slice(tile.start[3], tile.start[3] + tile.shape[3]))
    slots = {} if part is None else {"input": part}
    call = Call(kernel, tile, list(slots.values()), slots)
    require_close(OPERATORS[operator](call), expected[region(tile)])


@settings(max_examples=150, deadline=None)
@given(st.data(), windows, st.sampled_from([(1, 4, 6), (2, 2, 3), (4, 1, 1), (3, 1, 2), (2, 3, 2)]))
def test_tiles_of_convolutions_equal_onnxruntime(
    data: st.DataObject, window: Window, split: tuple[int, int, int]
) -> None:
    groups, depth, per_group = split
    height, width = data.draw(st.integers(3, 8)), data.draw(st.integers(3, 8))
    assume(fits(window, height, width))
    x = noise(2, groups * depth, height, width)
    w = noise(groups * per_group, depth, *window.kernel, seed=1)
    expected = physical(reference("Conv", [x, w], group=groups, **onnx_window(window)))
    tile = draw_tile(data, expected.shape)
    kernel = MatrixKernel("Conv", window, groups, per_group, depth, (height, width))
    first, last = tile.start[3] // per_group, (tile.start[3] + tile.shape[3] - 1) // per_group
    filters = physical(w)[tile.start[3] : tile.start[3] + tile.shape[3]]
    total: Array | None = None
    inner = data.draw(st.sets(st.integers(1, depth - 1))) if first == last and depth > 1 else set()
    for low, high in pairwise([0, *sorted(inner), depth]):
        channels = slice(first * depth + low, last * depth + high)
        slots = {"weights": filters[..., low:high]}
        part = touched(physical(x), window, tile, channels)
        if part is not None:
            slots["input"] = part
        if total is not None:
            slots["partial"] = total
        total = accumulate(kernel, Tile(tile.start, tile.shape, (low, high), high == depth), slots)
    assert total is not None
    require_close(total, expected[region(tile)], rtol=1e-5, atol=2e-5)


def test_a_tile_refuses_an_input_that_is_not_the_part_it_touches() -> None:
    kernel = MatrixKernel("Conv", Window((3, 3), pads=(1, 1, 1, 1)), 1, 4, 2, (6, 6))
    tile = Tile((0, 2, 0, 0), (1, 2, 6, 4), (0, 2))
    message = r"^a tile of \(1, 2, 6, 4\) at \(0, 2, 0, 0\) needs an input of \(1, 4, 6, 2\), got \(1, 3, 6, 2\)$"
    with pytest.raises(ExecutionError, match=message):
        accumulate(kernel, tile, {"input": noise(1, 3, 6, 2), "weights": noise(4, 3, 3, 2)})


def test_a_tile_refuses_weights_of_another_share_of_the_reduction() -> None:
    kernel = MatrixKernel("Conv", Window(), 1, 4, 4, (2, 2))
    tile = Tile((0, 0, 0, 0), (1, 2, 2, 4), (0, 2))
    message = r"^a tile of .* needs weights of \(4, 1, 1, 2\), got \(4, 1, 1, 4\)$"
    with pytest.raises(ExecutionError, match=message):
        accumulate(kernel, tile, {"input": noise(1, 2, 2, 2), "weights": noise(4, 1, 1, 4)})


@pytest.mark.parametrize(
    ("operator", "onnx_operator"),
    [("GlobalAveragePool",) * 2, ("GlobalMaxPool",) * 2, ("ReduceMean",) * 2, ("ReduceMax",) * 2, ("ReduceSum",) * 2],
)
def test_reductions_over_the_map_equal_onnxruntime(operator: str, onnx_operator: str) -> None:
    x = noise(2, 5, 3, 4)
    if operator.startswith("Reduce"):
        reduce: Any = {"ReduceMean": np.mean, "ReduceMax": np.max, "ReduceSum": np.sum}[operator]
        expected = reduce(x, axis=(2, 3), keepdims=True)
    else:
        expected = reference(onnx_operator, [x])
    found = compute(VectorKernel(operator, input_size=(3, 4)), whole(2, 1, 1, 5), physical(x))
    require_close(found, physical(expected))


def test_a_mean_over_given_axes() -> None:
    x = noise(2, 3, 4, 5)
    found = compute(VectorKernel("ReduceMean", (("axes", (3.0,)),)), whole(2, 3, 4, 1), x)
    require_close(found, x.mean(axis=3, keepdims=True))


@pytest.mark.parametrize("operator", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize(("axis", "onnx_axis"), [(3, 1), (2, 3), (1, 2)])
def test_softmax_runs_along_a_physical_axis(operator: str, axis: int, onnx_axis: int) -> None:
    x = noise(2, 5, 3, 4)
    found = compute(VectorKernel(operator, (("axis", float(axis)),)), whole(2, 3, 4, 5), physical(x))
    require_close(found, physical(reference(operator, [x], axis=onnx_axis)))


@pytest.mark.parametrize("size", [1, 3, 5, 9])
def test_local_response_normalisation_equals_onnxruntime(size: int) -> None:
    x = noise(2, 7, 3, 4)
    attributes = {"size": size, "alpha": 0.3, "beta": 0.6, "bias": 1.5}
    kernel = VectorKernel("LRN", tuple((k, float(v)) for k, v in attributes.items()))
    found = compute(kernel, whole(2, 3, 4, 7), physical(x))
    require_close(found, physical(reference("LRN", [x], **attributes)))


def test_local_response_normalisation_of_even_size_looks_one_further_ahead_than_back() -> None:
    x = np.array([1, 10, 100], np.float32).reshape(1, 1, 1, 3)
    kernel = VectorKernel("LRN", (("size", 2.0), ("alpha", 2.0), ("beta", 1.0), ("bias", 0.0)))
    expected = np.array([1 / 101, 10 / 10100, 100 / 10000], np.float32).reshape(x.shape)
    require_close(compute(kernel, whole(1, 1, 1, 3), x), expected)


def test_batch_normalization_is_a_product_and_a_sum_per_channel() -> None:
    x, scale, shift = noise(2, 3, 4, 5), noise(5, seed=1), noise(5, seed=2)
    found = compute(VectorKernel("BatchNormalization"), whole(2, 3, 4, 5), x, scale=scale, shift=shift)
    np.testing.assert_array_equal(found, x * scale + shift)


@pytest.mark.parametrize("factors", [(1, 2), (2, 2), (3, 1)])
def test_tiles_of_a_nearest_enlargement_equal_onnxruntime(factors: tuple[int, int]) -> None:
    x = noise(1, 3, 4, 5)
    node = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
    scales = np.array([1, 1, *factors], np.float32)
    expected = physical(reference("Resize", [x, np.empty(0, np.float32), scales], **node))
    numbers = {"scales": factors, "size": x.shape[2:], "target": expected.shape[1:3]}
    attributes = tuple((name, tuple(float(n) for n in values)) for name, values in numbers.items())
    kernel = VectorKernel("Resize", (*attributes, ("mode", 0.0), ("coordinates", 3.0), ("rounding", 2.0)))
    for row, column in product((0, 1, 2), (0, 1, 3)):
        tile = Tile((0, row, column, 0), (1, expected.shape[1] - row, 2, 3))
        top, left = row // factors[0], column // factors[1]
        found = compute_at(kernel, tile, physical(x)[:, top:, left:], (0, top, left, 0))
        np.testing.assert_array_equal(found, expected[region(tile)])


def test_copies_keep_every_element() -> None:
    x = noise(1, 2, 3, 4)
    np.testing.assert_array_equal(compute(VectorKernel("Copy"), whole(1, 2, 3, 4), x), x)


@pytest.mark.parametrize("order", [(0, 2, 3, 1), (0, 1, 3, 2), (1, 0, 2, 3), (3, 2, 1, 0)])
def test_a_rearrangement_walks_along_axes_in_any_order(order: tuple[int, ...]) -> None:
    x = noise(2, 3, 4, 5)
    expected = x.transpose(order)
    names = ("batch", "row", "column", "channel")
    factors = tuple((name, (float(a), float(x.shape[a]), 1.0)) for name, a in zip(names, order, strict=True))
    tile = Tile((1, 0, 1, 2), tuple(n - s for n, s in zip(expected.shape, (1, 0, 1, 2), strict=True)))
    found = compute_at(VectorKernel("Rearrange", factors), tile, x, (0, 0, 0, 0))
    np.testing.assert_array_equal(found, expected[region(tile)])


def test_a_rearrangement_takes_channels_apart_and_repeats_them() -> None:
    # Channel c of the output is channel 3·(c mod 2) + ⌊c/2⌋ of the input: two groups of three, shuffled. Every row is
    # there twice, the second time from an operand that begins at row 1.
    x = noise(1, 4, 5, 6)
    attributes = (
        ("start", (0.0, 1.0, 0.0, 0.0)),
        ("row", (1.0, 3.0, 1.0, 1.0, 2.0, 0.0)),
        ("column", (2.0, 5.0, 1.0)),
        ("channel", (3.0, 3.0, 1.0, 3.0, 2.0, 3.0)),
    )
    found = compute_at(VectorKernel("Rearrange", attributes), whole(1, 6, 5, 6), x[:, 1:], (0, 1, 0, 0))
    expected = x[:, 1:].repeat(2, axis=1).reshape(1, 6, 5, 2, 3).transpose(0, 1, 2, 4, 3).reshape(1, 6, 5, 6)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("operator", ["FakeQuantize", "QuantizeLinear"])
@pytest.mark.parametrize(
    ("scale", "wrong"),
    [
        (0.0, "not be 0, got 0.0"),
        (np.inf, "be finite, got inf"),
        (np.nan, "be finite, got nan"),
        (1e-45, "not be so small that float32 loses digits, got 1e-45"),
    ],
)
def test_rounding_to_a_scale_that_is_no_number_or_zero_is_refused(operator, scale, wrong):
    attributes = {"scale": scale, "zero": 0.0, "low": -128.0, "high": 127.0}
    with pytest.raises(ModelUnsupportedError, match=f"{operator}: a scale must {wrong}"):
        rounded(operator, np.zeros(3, np.float32), attributes, lambda exact, steps: steps)


@pytest.mark.filterwarnings("error")
def test_what_is_too_large_for_float32_is_saturated_without_a_word():
    attributes = {"scale": 1e-30, "zero": 0.0, "low": -128.0, "high": 127.0}
    found = rounded("QuantizeLinear", np.float32([-1e30, 0, 1e30]), attributes, lambda exact, steps: steps)
    assert found.tolist() == [-128, 0, 127]
