"""Einsum, Attention, OneHot, look-ups at constant places: read as simpler operators, equal to onnxruntime."""

import numpy as np
import pytest
from onnx import helper, numpy_helper
from single import check, model, node, normal, run

import restructure
from restructure.errors import OperatorError
from restructure.graph import load
from restructure.verify import verify

SIZES = dict(zip("abcdehijkxyABz", (2, 3, 4, 5, 6, 2, 7, 3, 5, 2, 4, 2, 3, 1), strict=True))

EQUATIONS = [
    "ij,jk->ik",
    "ij,jk",
    "ij,kj->ki",
    "bhid,bhjd->bhij",
    "bhij,bhjd->bihd",
    "bcxy,ec->bexy",
    "ec,bcxy->bexy",
    "bhxyd,kd->bhxyk",
    "i,j->ij",
    "i,i->",
    "bij,bij->bij",
    "bij,bij->b",
    "abcd->cdab",
    "bij->b",
    "ij,jk->k",
    "bhid,bhjd,bhje->bhie",
    "zij,zjk->zik",
]


@pytest.mark.parametrize("equation", EQUATIONS)
def test_an_einsum_is_the_products_it_stands_for(equation):
    terms = equation.split("->")[0].split(",")
    inputs = {f"x{n}": normal(*(SIZES[c] for c in term), seed=n) for n, term in enumerate(terms)}
    check([node("Einsum", " ".join(inputs), equation=equation)], inputs)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("...ij,...jk->...ik", [(2, 3, 4, 5), (2, 3, 5, 6)]),
        ("...ij,jk->...ik", [(2, 3, 4, 5), (5, 6)]),
        ("...ij,...jk", [(2, 4, 5), (2, 5, 6)]),
        ("b...,b...->b...", [(2, 3, 4), (2, 3, 4)]),
    ],
)
def test_an_einsum_may_leave_axes_to_an_ellipsis(equation, shapes):
    inputs = {f"x{n}": normal(*shape, seed=n) for n, shape in enumerate(shapes)}
    check([node("Einsum", " ".join(inputs), equation=equation)], inputs)


def test_an_einsum_with_a_constant_is_one_layer_with_weights():
    x, w = normal(2, 6, 5), normal(5, 7)
    result = check([node("Einsum", "x w", equation="bic,cd->bid")], {"x": x}, {"w": w})
    assert result.kernels == ["MatMul"]
    assert sum(layer.macs for layer in result.layers) == 2 * 6 * 5 * 7


def test_an_einsum_that_takes_a_diagonal_is_refused_by_name():
    with pytest.raises(Exception, match=r"cannot be simulated yet: Einsum \(1×\)"):
        run([node("Einsum", "x", equation="ii->i")], {"x": normal(4, 4)})


def test_an_ellipsis_that_stands_for_different_extents_is_refused():
    made = _model("Einsum", {"x": (1, 4, 5), "z": (2, 5, 6)}, (2, 4, 6), 17, equation="...ij,...jk->...ik")
    with pytest.raises(OperatorError, match="is both 1 and 2"):
        load(made)


# queries, keys, values; attributes
ATTENTIONS = {
    "four axes": ((1, 3, 7, 8), (1, 3, 9, 8), (1, 3, 9, 4), {}),
    "three axes": ((2, 7, 24), (2, 9, 24), (2, 9, 12), {"q_num_heads": 3, "kv_num_heads": 3}),
    "heads that share keys": ((2, 7, 48), (2, 9, 16), (2, 9, 16), {"q_num_heads": 6, "kv_num_heads": 2}),
    "a scale": ((1, 3, 7, 8), (1, 3, 9, 8), (1, 3, 9, 8), {"scale": 0.25}),
    "a scale of 1": ((1, 3, 7, 8), (1, 3, 9, 8), (1, 3, 9, 8), {"scale": 1.0}),
    "a soft cap": ((1, 3, 7, 8), (1, 3, 9, 8), (1, 3, 9, 8), {"softcap": 1.5}),
    "causal": ((1, 3, 7, 8), (1, 3, 9, 8), (1, 3, 9, 8), {"is_causal": 1}),
    "causal, heads that share keys": ((1, 6, 7, 8), (1, 2, 7, 8), (1, 2, 7, 8), {"is_causal": 1}),
}


@pytest.mark.parametrize("case", ATTENTIONS)
def test_an_attention_is_its_products_around_a_softmax(case):
    q, k, v, attributes = ATTENTIONS[case]
    inputs = {"q": normal(*q), "k": normal(*k, seed=1), "v": normal(*v, seed=2)}
    check([node("Attention", "q k v", **attributes)], inputs, opset=23)


@pytest.mark.parametrize("mask", [(7, 9), (1, 7, 9), (2, 1, 7, 9), (2, 3, 7, 9)])
@pytest.mark.parametrize("kind", ["added", "chosen"])
def test_an_attention_hides_what_its_mask_says(mask, kind):
    inputs = {"q": normal(2, 3, 7, 8), "k": normal(2, 3, 9, 8, seed=1), "v": normal(2, 3, 9, 8, seed=2)}
    values = normal(*mask, seed=3)
    if kind == "chosen":
        values = values > -0.5
        values[..., 0] = True
    check([node("Attention", "q k v m")], inputs, {"m": values}, opset=23)


@pytest.mark.parametrize("causal", [0, 1])
@pytest.mark.parametrize("kind", ["known", "computed", "added"])
def test_a_query_that_sees_no_key_has_a_result_of_zero(kind, causal):
    inputs = {"q": normal(2, 3, 7, 8), "k": normal(2, 3, 9, 8, seed=1), "v": normal(2, 3, 9, 4, seed=2)}
    mask = np.ones((7, 9), np.bool_)
    mask[3] = mask[:, 0] = False  # the third sees nothing; with later keys hidden the first does not either
    attention = node("Attention", "q k v m", is_causal=causal)
    if kind == "computed":
        nodes = [node("Greater", "n zero", "m"), attention]
        result = check(nodes, inputs | {"n": mask.astype(np.float32)}, {"zero": np.float32(0)}, opset=23)
    else:
        given = mask if kind == "known" else np.where(mask, np.float32(0), np.float32(-np.inf))
        result = check([attention], inputs, {"m": given}, opset=23)
    assert not result.found["y"][:, :, [3, *([0] if causal else [])]].any()


def test_an_attention_costs_its_two_products():
    inputs = {"q": normal(1, 2, 6, 8), "k": normal(1, 2, 10, 8, seed=1), "v": normal(1, 2, 10, 4, seed=2)}
    result = check([node("Attention", "q k v")], inputs, opset=23)
    assert [kernel for kernel in result.kernels if kernel != "Rearrange"] == ["MatMul", "Softmax", "MatMul"]
    # two heads, 6 queries by 10 keys, 8 elements a score and 4 a result
    assert sum(layer.macs for layer in result.layers) == 2 * 6 * 10 * (8 + 4)
    made = _model("Attention", {"q": (1, 2, 6, 8), "k": (1, 2, 10, 8), "v": (1, 2, 10, 4)}, (1, 2, 6, 4), 23)
    assert load(made).macs == 2 * 6 * 10 * (8 + 4)


def test_an_attention_that_hands_its_keys_on_is_refused_by_name():
    inputs = {"q": normal(1, 2, 4, 8), "k": normal(1, 2, 4, 8, seed=1), "v": normal(1, 2, 4, 8, seed=2)}
    handed = [node("Attention", "q k v", "y keys values")]
    with pytest.raises(Exception, match=r"cannot be simulated yet: Attention \(1×\)"):
        run(handed, inputs, outputs=("y", "keys", "values"), opset=23)


@pytest.mark.parametrize(
    ("shapes", "attributes", "message"),
    [
        ({"q": (1, 3, 7, 8), "k": (1, 2, 9, 8), "v": (1, 2, 9, 8)}, {}, "do not fit each other"),
        ({"q": (1, 3, 7, 8), "k": (1, 3, 9, 4), "v": (1, 3, 9, 8)}, {}, "do not fit each other"),
        (
            {"q": (1, 7, 9), "k": (1, 9, 9), "v": (1, 9, 9)},
            {"q_num_heads": 2, "kv_num_heads": 3},
            "q_num_heads = 2 heads",
        ),
        ({"q": (1, 7, 9), "k": (1, 9, 9), "v": (1, 9, 9)}, {}, "q_num_heads = 0 heads"),
        (
            {"q": (1, 3, 7, 8), "k": (1, 3, 9, 8), "v": (1, 3, 9, 8), "m": (7, 8)},
            {},
            r"shapes do not broadcast: \[1, 3, 7, 9\], \[7, 8\]",
        ),
    ],
)
def test_an_attention_of_operands_that_do_not_fit_is_refused(shapes, attributes, message):
    with pytest.raises(OperatorError, match=message):
        load(_model("Attention", shapes, (1, 3, 7, 8), 23, **attributes))


def test_a_cast_like_is_a_cast():
    nodes = [node("CastLike", "x like", "i"), node("CastLike", "i x")]
    result = check(nodes, {"x": normal(1, 3, 4, 5) * 10}, {"like": np.zeros(1, np.int32)})
    assert result.kernels == ["Cast"]


@pytest.mark.parametrize("axis", ["attention", "einsum"])
def test_what_is_said_in_simpler_ones_is_restructured_and_verified(axis):
    if axis == "attention":
        shapes = {"q": (1, 64, 32), "k": (1, 64, 16), "v": (1, 64, 16)}
        made = _model("Attention", shapes, (1, 64, 32), 23, q_num_heads=4, kv_num_heads=2, is_causal=1)
    else:
        made = _model(
            "Einsum", {"x": (1, 4, 64, 8), "z": (1, 4, 64, 8)}, (1, 4, 64, 64), 17, equation="bhid,bhjd->bhij"
        )
    graph = load(made)
    plan = restructure.plan(graph, max_overhead=0.0)
    assert plan.nodes >= len(graph.nodes) > 1
    assert verify(graph, restructure.rewrite(graph, plan), plan=plan).passed


def test_names_that_are_taken_are_not_given_again():
    scores = helper.make_node("Relu", ["y.matmul"], ["z"])
    nodes = [helper.make_node("Relu", ["q"], ["y.matmul"]), node("Attention", "q k v"), scores]
    inputs = {"q": normal(1, 2, 4, 8), "k": normal(1, 2, 4, 8, seed=1), "v": normal(1, 2, 4, 8, seed=2)}
    check(nodes, inputs, outputs=("y", "z"), opset=23)


def test_a_constant_without_axes_keeps_none_when_it_is_rewritten():
    x = normal(1, 8, 32, 32)
    nodes = [node("Constant", "", "two", value=numpy_helper.from_array(np.float32(2))), node("Sqrt", "two", "root"),
             node("Conv", "x w", "t"), node("Mul", "t root", "u"), node("Conv", "u w")]  # fmt: skip
    graph = load(model(nodes, {"x": x}, {"w": normal(8, 8, 1, 1)}, ("y",), 17))
    rewritten = load(restructure.rewrite(graph, restructure.plan(graph)))
    assert rewritten.weight("root").shape == ()


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_a_one_hot_is_a_comparison_and_counts_from_the_end_too(axis):
    x = np.array([[0, 3, -1], [2, -4, 1]], np.int64)
    check([node("OneHot", "x n v", axis=axis)], {"x": x}, {"n": np.array(4), "v": np.array([-1, 2], np.float32)})


@pytest.mark.parametrize("places", [[[0, 2], [0, 1], [1, -1]], [[1], [0]], [[[0, 2, 3]], [[1, 5, 0]]]])
def test_rows_are_gathered_at_constant_places(places):
    check([node("GatherND", "x i")], {"x": normal(2, 6, 4)}, {"i": np.array(places, np.int64)})


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_elements_are_gathered_at_constant_places(axis):
    places = np.array([[[0, 1], [-1, 0], [1, 1]]], np.int64)
    check([node("GatherElements", "x i", axis=axis)], {"x": normal(2, 6, 4)}, {"i": places})


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_elements_are_scattered_to_constant_places(axis):
    places = np.array([[[0, 1], [-1, 0]]], np.int64) if axis else np.array([[[0, 1], [1, 0]]], np.int64)
    check([node("ScatterElements", "x i u", axis=axis)], {"x": normal(2, 6, 4), "u": normal(1, 2, 2)}, {"i": places})


@pytest.mark.parametrize("places", [[[0, 2], [0, 1], [1, -1]], [[1]]])
def test_rows_are_scattered_to_constant_places(places):
    i = np.array(places, np.int64)
    u = normal(*i.shape[:-1], *(2, 6, 4)[i.shape[-1] :], seed=1)
    check([node("ScatterND", "x i u")], {"x": normal(2, 6, 4), "u": u}, {"i": i})


@pytest.mark.parametrize(
    "box",
    [
        [(0, 2), (1, 4), (0, 4)],
        [(0, 2), (0, 6), (2, 4)],
        [(1, 2), (2, 4), (1, 3)],
        [(0, 2), (0, 6), (0, 4)],
        [(0, 1), (5, 6), (3, 4)],
    ],
)
def test_a_box_that_is_written_over_is_concats_and_no_look_up(box):
    # What `x[:, 1:4] = u` becomes in an export.
    shape = tuple(b - a for a, b in box)
    i = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in box), indexing="ij"), axis=-1).astype(np.int64)
    inputs = {"x": normal(2, 6, 4), "u": normal(*shape, seed=1)}
    result = check([node("Relu", "x", "t"), node("ScatterND", "t i u", "s"), node("Relu", "s")], inputs, {"i": i})
    assert "Gather" not in result.kernels


@pytest.mark.parametrize("op", ["GatherND", "ScatterND"])
def test_a_place_outside_is_refused(op):
    i = np.array([[0, 6]], np.int64)
    values = {"x": normal(2, 6, 4), "u": normal(1, 4)}
    names = "x i u" if op == "ScatterND" else "x i"
    body = helper.make_graph(
        [node(op, names)], "small",
        [helper.make_tensor_value_info(name, 1, values[name].shape) for name in names.split() if name != "i"],
        [helper.make_tensor_value_info("y", 1, (2, 6, 4) if op == "ScatterND" else (1, 4))],
        [numpy_helper.from_array(i, "i")],
    )  # fmt: skip
    with pytest.raises(OperatorError, match=r"an index lies outside the axes of \[2, 6\]"):
        load(helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))


@pytest.mark.parametrize("op", ["GatherND", "GatherElements"])
def test_computed_places_are_refused_by_name(op):
    with pytest.raises(Exception, match=rf"cannot be simulated yet: {op} \(1×\)"):
        run([node(op, "x i")], {"x": normal(2, 6), "i": np.zeros((2, 2), np.int64)})


def _model(op, shapes, result, opset, **attributes):
    values = {name: helper.make_tensor_value_info(name, 1, shape) for name, shape in shapes.items()}
    body = helper.make_graph(
        [node(op, " ".join(shapes), **attributes)], "small", list(values.values()),
        [helper.make_tensor_value_info("y", 1, result)],
    )  # fmt: skip
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
