"""What computes on quantised tensors as on integers, and what only moves them."""

import numpy as np
import onnx
import pytest
from single import check, node, normal, run, scale, unsigned, zero

INTEGERS = {"s": scale(0.05), "s2": scale(0.1), "u": zero(100), "i": zero(-7, np.int8)}


def of_integers(steps, kind, weights=None, **options):
    """Check steps that lead from quantised numbers "q" (unsigned or signed) to "y", bit for bit."""
    nodes = [node("QuantizeLinear", f"x s {kind}", "q"), *steps]
    return check(nodes, {"x": normal(1, 4, 5, 6) * 3}, INTEGERS | (weights or {}), tolerance=0.0, **options)


def resized(factor: float, **attributes):
    """A linear Resize of "q" to "y", and its factors "r"."""
    resize = node("Resize", "q", mode="linear", **attributes)
    resize.input.extend(["", "r"])
    return resize, {"r": np.float32([1, 1, factor, factor])}


@pytest.mark.parametrize("kind", ["u", "i"])
def test_what_is_resized_between_integers_is_rounded_towards_zero(kind):
    """Halves and quarters are exact in float32."""
    resize, weights = resized(2)
    result = of_integers([resize], kind, weights)
    assert result.kernels == ["FakeQuantize", "Resize", "QuantizeLinear"]
    assert kind == "u" or result.found["y"].min() < -20
    resize.output[:] = ["z"]
    result = of_integers([resize, node("DequantizeLinear", f"z s {kind}")], kind, weights)
    assert result.kernels == ["FakeQuantize", "Resize"]


@pytest.mark.parametrize("kind", ["u", "i"])
@pytest.mark.parametrize("mode", ["half_pixel", "align_corners"])
def test_thirds_that_add_up_to_an_integer_are_that_integer(kind, mode):
    """float32 may end just below it, as onnxruntime does, and then rounds away a whole step."""
    resize, weights = resized(3, coordinate_transformation_mode=mode)
    quantise = node("QuantizeLinear", f"x s {kind}", "q")
    x = {"x": normal(1, 4, 5, 6) * 3}
    renamed = onnx.NodeProto()
    renamed.CopyFrom(resize)
    renamed.input[0] = "f"
    real = run([quantise, node("Cast", "q", "f", to=1), renamed], x, INTEGERS | weights).expected["y"]
    found = run([quantise, resize], x, INTEGERS | weights)
    nearest = np.rint(real)
    exact = np.abs(real - nearest) < 1e-3
    assert 0.02 < exact.mean() < 0.6
    np.testing.assert_array_equal(found.found["y"], np.where(exact, nearest, np.trunc(real)))
    np.testing.assert_array_equal(found.found["y"][~exact], found.expected["y"][~exact])


@pytest.mark.parametrize("kind", ["u", "i"])
@pytest.mark.parametrize("value", ["", "u", "v"])
def test_quantised_maps_are_padded_with_integers(kind, value):
    dtype = np.uint8 if kind == "u" else np.int8
    weights = {"p": np.array([0, 0, 1, 2, 0, 0, 0, 1]), "v": zero(3, dtype)}
    result = of_integers([node("Pad", f"q p {value if value == 'v' else kind if value else ''}")], kind, weights)
    assert result.kernels == ["FakeQuantize", "Pad", "QuantizeLinear"]


@pytest.mark.parametrize(
    "steps",
    [
        [node("Clip", "q low high")],
        [node("Cast", "q", to=1)],
        [node("Where", "c q low")],
        [node("Concat", "q w", axis=1)],
        [node("MaxPool", "q", "m", kernel_shape=[2, 2]), node("Clip", "m low")],
        [node("QuantizeLinear", "x s2 u", "q2"), node("Concat", "q q2", axis=1)],
        [
            node("Clip", "q low", "t"),
            node("DequantizeLinear", "q s u", "d"),
            node("Cast", "t", "f", to=1),
            node("Add", "d f"),
        ],
    ],
    ids=lambda steps: "-".join(step.op_type for step in steps),
)
def test_what_computes_on_integers_is_given_integers(steps):
    weights = {
        "low": zero(90),
        "high": zero(120),
        "c": np.arange(6) % 2 == 0,
        "w": unsigned(1, 2, 5, 6),
    }
    of_integers(steps, "u", weights)


@pytest.mark.parametrize(
    "step",
    [
        node("Transpose", "q", perm=[0, 2, 3, 1]),
        node("MaxPool", "q", kernel_shape=[2, 2]),
        node("Concat", "q q", axis=2),
        node("Where", "c q q"),
    ],
    ids=lambda step: step.op_type,
)
def test_what_only_moves_or_selects_integers_leaves_them_as_they_are(step):
    result = of_integers([step], "u", {"c": np.arange(6) % 2 == 0})
    assert result.kernels[-1] == "QuantizeLinear"
    assert result.kernels.count("QuantizeLinear") == 1


@pytest.mark.parametrize("op", ["ArgMax", "ArgMin"])
def test_which_integer_is_largest_is_asked_of_what_they_stand_for(op):
    result = of_integers([node(op, "q", axis=1)], "u")
    assert result.kernels == ["FakeQuantize", op]
