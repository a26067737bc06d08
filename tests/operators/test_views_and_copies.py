"""Operators that move or select elements: free where addresses can say it, copies with cycles and bytes where not."""

import numpy as np
import pytest
from single import assert_equal, check, model, node, normal, run

from accelsim import simulate
from accelsim.program import Opcode


def shaped(*shape: int) -> np.ndarray:
    return np.array(shape, dtype=np.int64)


def test_a_channel_shuffle_is_one_copy():
    nodes = [
        node("Conv", "x w", "c", group=2),
        node("Reshape", "c apart", "r"),
        node("Transpose", "r", "t", perm=[0, 2, 1, 3, 4]),
        node("Reshape", "t together", "s"),
        node("Conv", "s w", "y", group=2),
    ]
    weights = {"w": normal(8, 4, 1, 1), "apart": shaped(1, 2, 4, 5, 6), "together": shaped(1, 8, 5, 6)}
    result = check(nodes, {"x": normal(1, 8, 5, 6)}, weights)
    assert result.kernels == ["Conv", "Rearrange", "Conv"]
    # 8·5·6 elements, one lane operation each: ⌈240 / 16⌉ = 15 cycles and 4 to start.
    assert result.computing()[1].work.operations == 240
    assert result.computing()[1].work.cycles == 15 + 4


TRANSPOSES = [(0, 2, 3, 1), (0, 1, 3, 2), (3, 2, 1, 0), (1, 0, 2, 3), (2, 0, 3, 1)]


@pytest.mark.parametrize("perm", TRANSPOSES)
def test_a_transposition_equals_onnxruntime(perm):
    check(
        [node("Relu", "x", "t"), node("Transpose", "t", "u", perm=list(perm)), node("Neg", "u")],
        {"x": normal(2, 3, 4, 5)},
    )


@pytest.mark.parametrize(
    "target", [(6, 20), (2, 60), (120,), (2, 4, 3, 5), (2, 3, 20), (1, 2, 3, 2, 2, 5), (5, 24), (8, 15)]
)
def test_a_reshape_equals_onnxruntime(target):
    check(
        [node("Neg", "x", "t"), node("Reshape", "t s", "u"), node("Relu", "u")],
        {"x": normal(2, 3, 4, 5)},
        {"s": shaped(*target)},
    )


def test_windows_of_a_map_are_read_and_put_back_where_they_lie():
    # (1, 6, 8, C) into windows of 3×4: (2·2, 12, C), as Swin transformers do.
    nodes = [
        node("Transpose", "x", "t", perm=[0, 2, 3, 1]),
        node("Reshape", "t apart", "a"),
        node("Transpose", "a", "b", perm=[0, 1, 3, 2, 4, 5]),
        node("Reshape", "b windows", "w"),
        node("LayerNormalization", "w s", "n"),
        node("Reshape", "n back", "c"),
        node("Transpose", "c", "d", perm=[0, 1, 3, 2, 4, 5]),
        node("Reshape", "d whole", "e"),
        node("Transpose", "e", perm=[0, 3, 1, 2]),
    ]
    weights = {"apart": shaped(1, 2, 3, 2, 4, 5), "windows": shaped(4, 12, 5), "back": shaped(1, 2, 2, 3, 4, 5)}
    result = check(nodes, {"x": normal(1, 5, 6, 8)}, weights | {"whole": shaped(1, 6, 8, 5), "s": normal(5)})
    assert result.kernels == ["LayerNormalization"]


def test_a_transposition_to_channels_last_is_free():
    nodes = [node("Relu", "x", "t"), node("Transpose", "t", perm=[0, 2, 3, 1])]
    assert check(nodes, {"x": normal(1, 3, 4, 5)}).kernels == ["Relu"]


SLICES = {
    "rows": ([1], [4], [2], [1]),
    "channels with a step": ([0], [8], [1], [3]),
    "backwards": ([-1], [-100], [3], [-1]),
    "corner": ([1, 1, 2], [9, 3, 5], [1, 2, 3], [2, 1, 1]),
    "every other position": ([0, 0], [100, 100], [2, 3], [2, 2]),
}


@pytest.mark.parametrize("form", SLICES)
def test_a_slice_with_any_steps_equals_onnxruntime(form):
    starts, ends, axes, steps = (shaped(*values) for values in SLICES[form])
    weights = {"starts": starts, "ends": ends, "axes": axes, "steps": steps}
    nodes = [node("Relu", "x", "t"), node("Slice", "t starts ends axes steps", "s"), node("Neg", "s")]
    check(nodes, {"x": normal(1, 9, 6, 7)}, weights)


def test_a_focus_layer_of_strided_slices_equals_onnxruntime():
    nodes, parts = [], []
    for i, (row, column) in enumerate([(0, 0), (1, 0), (0, 1), (1, 1)]):
        nodes.append(node("Slice", f"x s{row}{column} e a t", f"p{i}"))
        parts.append(f"p{i}")
    nodes += [node("Concat", " ".join(parts), "c", axis=1), node("Conv", "c w")]
    weights = {f"s{r}{c}": shaped(r, c) for r in (0, 1) for c in (0, 1)}
    weights |= {"e": shaped(99, 99), "a": shaped(2, 3), "t": shaped(2, 2), "w": normal(4, 12, 3, 3)}
    check(nodes, {"x": normal(1, 3, 8, 10)}, weights)


@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_splits_and_concats_along_any_axis_cost_nothing(axis):
    nodes = [
        node("Relu", "x", "t"),
        node("Split", "t n", "a b", axis=axis),
        node("Neg", "a", "c"),
        node("Concat", "b c", axis=axis),
    ]
    result = check(nodes, {"x": normal(4, 6, 8, 10)}, {"n": shaped((4, 6, 8, 10)[axis] - 1, 1)})
    assert result.kernels == ["Relu", "Neg"]


def test_parts_in_unlike_layouts_are_joined_after_a_copy():
    nodes = [node("Relu", "x", "t"), node("Transpose", "z", "u", perm=[0, 1, 3, 2]), node("Concat", "t u", axis=1)]
    check(nodes, {"x": normal(1, 3, 4, 5), "z": normal(1, 2, 5, 4)})


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_depth_to_space_and_back_equal_onnxruntime(mode):
    nodes = [node("Relu", "x", "t"), node("DepthToSpace", "t", "u", blocksize=2, mode=mode), node("Neg", "u")]
    check(nodes, {"x": normal(1, 12, 3, 4)})
    check(
        [node("Relu", "x", "t"), node("SpaceToDepth", "t", "u", blocksize=2), node("Neg", "u")],
        {"x": normal(1, 3, 6, 4)},
    )


def test_expand_and_tile_equal_onnxruntime():
    check(
        [node("Relu", "x", "t"), node("Expand", "t s", "u"), node("Neg", "u")],
        {"x": normal(1, 3, 1, 5)},
        {"s": shaped(2, 3, 4, 5)},
    )
    check(
        [node("Relu", "x", "t"), node("Tile", "t s", "u"), node("Neg", "u")],
        {"x": normal(1, 3, 2, 5)},
        {"s": shaped(1, 2, 3, 1)},
    )


@pytest.mark.parametrize("indices", [[2], [0, 2, 4], [4, 3, 2], [3, 1, 1, 0], [[0, 4], [1, 1]]])
@pytest.mark.parametrize("axis", [1, 2])
def test_gathering_constant_positions_equals_onnxruntime(indices, axis):
    nodes = [node("Relu", "x", "t"), node("Gather", "t i", "u", axis=axis), node("Neg", "u")]
    check(nodes, {"x": normal(1, 5, 6, 4)}, {"i": np.array(indices)})


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "wrap"])
@pytest.mark.parametrize("amounts", [(0, 0, 1, 2, 0, 0, 2, 1), (0, 1, 0, 0, 0, 2, 0, 0), (0, 0, -1, 2, 0, 0, 0, -1)])
def test_padding_equals_onnxruntime(mode, amounts):
    if mode != "constant" and min(amounts) < 0:
        pytest.skip("onnxruntime crops and mirrors in another order")
    nodes = [node("Relu", "x", "t"), node("Pad", "t p v" if mode == "constant" else "t p", mode=mode)]
    weights = {"p": shaped(*amounts)} | ({"v": np.float32(0.5)} if mode == "constant" else {})
    check(nodes, {"x": normal(1, 4, 6, 7)}, weights, opset=19)


RESIZES = [
    ("nearest", "asymmetric", "floor", (2, 2)),
    ("nearest", "half_pixel", "round_prefer_floor", (2, 3)),
    ("nearest", "half_pixel", "round_prefer_ceil", (0.5, 1.5)),
    ("nearest", "align_corners", "ceil", (2, 2)),
    ("linear", "half_pixel", "floor", (2, 2)),
    ("linear", "align_corners", "floor", (1.5, 2)),
    ("linear", "pytorch_half_pixel", "floor", (0.5, 3)),
    ("linear", "asymmetric", "floor", (2, 0.75)),
    ("cubic", "half_pixel", "floor", (2, 1.5)),
    ("cubic", "align_corners", "floor", (2, 2)),
]


@pytest.mark.parametrize(("mode", "coordinates", "rounding", "scales"), RESIZES)
def test_a_resize_equals_onnxruntime(mode, coordinates, rounding, scales):
    resize = node("Resize", "t - s", mode=mode, coordinate_transformation_mode=coordinates, nearest_mode=rounding)
    weights = {"s": np.array([1, 1, *scales], dtype=np.float32)}
    check([node("Relu", "x", "t"), resize], {"x": normal(1, 3, 6, 8)}, weights)


def test_a_resize_to_sizes_and_an_upsample_equal_onnxruntime():
    resize = node("Resize", "x - - s", mode="linear", coordinate_transformation_mode="half_pixel")
    check([resize], {"x": normal(1, 3, 6, 8)}, {"s": shaped(1, 3, 9, 5)})
    check(
        [node("Upsample", "x s", mode="nearest")],
        {"x": normal(1, 3, 4, 5)},
        {"s": np.array([1, 1, 2, 2], np.float32)},
        opset=9,
    )


def test_a_copy_pays_cycles_and_bytes():
    # A matrix 12×10 is turned round: 120 elements, one lane operation each: ⌈120 / 16⌉ = 8 cycles and 4 to start.
    # At int8 120 B come from DRAM and 120 B go back.
    result = run([node("Transpose", "x", perm=[1, 0])], {"x": normal(12, 10)})
    assert result.kernels == ["Rearrange"]
    assert result.cycles() == 8 + 4
    assert (result.moved(Opcode.LOAD), result.moved(Opcode.STORE)) == (120, 120)


def test_a_bilinear_resize_takes_eight_operations_per_result():
    # 2·8·12 results of four taps, along rows and columns: ⌈8 · 192 / 16⌉ = 96 cycles and 4 to start; 48 B in,
    # 192 B out.
    resize = node("Resize", "x - s", mode="linear", coordinate_transformation_mode="half_pixel")
    result = run([resize], {"x": normal(1, 2, 4, 6)}, {"s": np.array([1, 1, 2, 2], np.float32)})
    assert result.cycles() == 96 + 4
    assert (result.moved(Opcode.LOAD), result.moved(Opcode.STORE)) == (48, 192)


def test_the_bytes_of_a_copy_are_called_a_layout_copy():
    made = model([node("Transpose", "x", perm=[1, 0])], {"x": normal(12, 10)}, {}, ["y"], 17)
    result = simulate(made, "edge_npu")
    causes = {cause: count for cause, count in result.totals.dram_bytes_by_cause.items() if count}
    assert causes == {"layout_copy": 240}


def test_a_tile_in_the_padding_alone_reads_nothing():
    found = check([node("Pad", "x p")], {"x": normal(1, 2, 3, 2)}, {"p": np.array([0, 0, 40, 0, 0, 0, 0, 0], np.int64)})
    tiny = run([node("Pad", "x p")], {"x": normal(1, 2, 3, 2)}, {"p": np.array([0, 0, 40, 0, 0, 0, 0, 0], np.int64)},
               hardware=("scratchpad.capacity=64B", "accumulator=null", "vector_unit.lanes=2"))  # fmt: skip
    assert_equal(tiny)
    assert any(not instruction.reads for instruction in tiny.computing())
    assert found.kernels == tiny.kernels == ["Pad"]
