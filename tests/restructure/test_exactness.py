"""The arithmetic that makes integer twins exact, checked number by number in float32."""

import tempfile
from math import lcm
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import helper
from onnx_nodes import model_of, node_model, random_array, run
from strips import in_strips, whole

from restructure import graph, zoo
from restructure.verify import verify
from restructure.verify.exactness import Reduction, reduction_of
from restructure.verify.roles import Weight, weights_of
from restructure.verify.store import WeightStore
from restructure.verify.twin import make_twin
from restructure.verify.values import LARGEST, LIMIT, MODULUS, integer_weight, random_weight

F = np.float32


def residue(x: np.ndarray) -> np.ndarray:
    """Return x − 31·⌊x·(1/31) + ½⌋, every step rounded to float32, as the twin computes it."""
    return x - F(MODULUS) * np.floor(x * F(1 / MODULUS) + F(0.5))


def test_a_reduced_integer_is_its_residue_up_to_the_limit() -> None:
    x = np.arange(-LIMIT, LIMIT + 1, dtype=np.int64)
    found = residue(x.astype(F)).astype(np.int64)
    assert np.abs(found).max() == LARGEST
    np.testing.assert_array_equal((x - found) % MODULUS, 0)


def test_the_residue_of_residues_is_the_residue_of_the_sum() -> None:
    a, b = np.random.default_rng(0).integers(-LIMIT // 2, LIMIT // 2, (2, 100_000)).astype(F)
    np.testing.assert_array_equal(residue(residue(a) + residue(b)), residue(a + b))


@pytest.mark.parametrize("kernel", [(1, 1), (2, 2), (3, 3), (2, 3), (4, 4), (5, 5), (1, 7), (6, 6)])
def test_an_average_gives_back_its_sum_however_it_was_divided(kernel: tuple[int, int]) -> None:
    scale = lcm(*range(1, kernel[0] + 1)) * lcm(*range(1, kernel[1] + 1))
    for rows in range(1, kernel[0] + 1):
        for columns in range(1, kernel[1] + 1):
            count = rows * columns
            total = np.arange(-LARGEST * count, LARGEST * count + 1)
            for average in (total.astype(F) / F(count), total.astype(F) * (F(1) / F(count))):
                found = np.floor(average * F(scale) + F(0.5))
                np.testing.assert_array_equal(found, total * (scale // count))


@pytest.mark.parametrize("op_type", ["Sigmoid", "Tanh", "HardSigmoid", "HardSwish", "Elu", "Softplus", "Erf"])
def test_no_bounded_operator_comes_near_the_edge_between_two_integers(op_type: str) -> None:
    x = np.arange(-2 * LARGEST, 2 * LARGEST + 1, dtype=F)
    scaled = run(node_model(op_type, [x]), {"x0": x})[0].astype(np.float64) * 64
    to_edge = np.abs(scaled + 0.5 - np.round(scaled + 0.5))
    close = to_edge <= 64 * 8 * 2.0**-24 * np.maximum(1, np.abs(scaled))
    exactly_half = (op_type in ("HardSigmoid", "HardSwish")) & (to_edge == 0)
    assert not (close & ~exactly_half & (np.abs(scaled) < 2**20)).any()


@pytest.mark.parametrize("epsilon", [1e-5, 1e-3, 1e-2, 0.0, 1e-12, 0.1])
def test_a_variance_makes_batch_norm_divide_by_exactly_one(epsilon: float) -> None:
    variance = integer_weight(Weight("v", (3,), "variance", epsilon=epsilon), 0)
    np.testing.assert_array_equal(np.sqrt(variance + F(epsilon)), F(1))


def test_filters_shrink_where_sums_would_leave_the_limit() -> None:
    few, many = (integer_weight(Weight("w", (9, 100), "filter", fan_in=n), 0) for n in (1000, 200_000))
    assert (np.abs(few).max(), np.abs(many).max()) == (3, 1)
    assert 200_000 * LARGEST + LARGEST < LIMIT


def test_the_same_name_and_seed_give_the_same_values_and_another_seed_others() -> None:
    weight = Weight("w", (50, 10), "filter", fan_in=10)
    for make in (integer_weight, random_weight):
        np.testing.assert_array_equal(make(weight, 1), make(weight, 1))
        assert (make(weight, 1) != make(weight, 2)).any()


def test_random_filters_are_scaled_by_their_fan_in() -> None:
    values = random_weight(Weight("w", (200, 500), "filter", fan_in=500), 0)
    assert values.std() == pytest.approx((2 / 500) ** 0.5, rel=0.02)


def test_bounds_scales_and_quantisation_keep_their_values() -> None:
    found = weights_of(zoo.build("mobilenetv2", batchnorm=True))
    assert not any(name.startswith("relu6") for name in found)
    roles = {weight.role for weight in found.values()}
    assert roles == {"filter", "bias", "scale", "mean", "variance"}


@pytest.mark.parametrize("name", [name for name in zoo.names() if name != "tiny"])
def test_every_operator_of_the_zoo_has_its_place(name: str) -> None:
    net = zoo.build(name)
    kinds = {node.op_type: reduction_of(net, node) for node in net.nodes}
    assert kinds.get("Relu") is None
    assert kinds.get("Conv", Reduction()) == Reduction()
    assert kinds.get("Sigmoid", Reduction(64)) == Reduction(64)


def test_the_twin_keeps_operators_attributes_and_order() -> None:
    net = graph.load(in_strips())
    for integer in (False, True):
        twin = twin_of(net, integer)
        names = [node.name for node in net.nodes]
        copied = [node for node in twin.graph if node.name]
        assert [node.name for node in copied] == names
        for ours, node in zip(copied, net.nodes, strict=True):
            assert ours.op_type == node.op_type
            assert {k: v.value for k, v in ours.attributes.items()} == {
                k: v.value for k, v in net.original(node).attributes.items()
            }


def twin_of(net: graph.Graph, integer: bool) -> ir.Model:
    with tempfile.TemporaryDirectory() as folder:
        return make_twin(net, WeightStore(Path(folder), weights_of(net), lambda w: integer_weight(w, 0)), integer)


def test_the_integer_twin_holds_integers_everywhere() -> None:
    model = ir.to_proto(twin_of(graph.load(whole()), integer=True))
    made = [name for node in model.graph.node for name in node.output if "::" not in name or name.endswith("::raw")]
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in made)
    x = np.random.default_rng(0).integers(-LARGEST, LARGEST + 1, (1, 3, 12, 9)).astype(F)
    for name, array in zip(made, run(model, {"x": x}), strict=True):
        if name != "gap::raw":
            np.testing.assert_array_equal(array, np.round(array), err_msg=name)
        assert np.abs(array).max() <= (LIMIT if name.endswith("::raw") else LARGEST)
        assert np.unique(array).size >= 5, f"{name} hardly varies"


def test_a_weight_cut_from_the_originals_is_cut_from_its_twin() -> None:
    w, x = random_array((8, 3, 3, 3)), {"x": random_array((1, 3, 6, 6))}
    bounds = {"a": np.array([0]), "m": np.array([5]), "z": np.array([8]), "axis": np.array([0])}
    one = model_of([helper.make_node("Conv", ["x", "w"], ["y"])], x, ["y"], {"w": w})
    nodes = [
        helper.make_node("Slice", ["w", "a", "m", "axis"], ["w0"]),
        helper.make_node("Conv", ["x", "w0"], ["y0"]),
        helper.make_node("Slice", ["w", "m", "z", "axis"], ["w1"]),
        helper.make_node("Conv", ["x", "w1"], ["y1"]),
        helper.make_node("Concat", ["y0", "y1"], ["y"], axis=1),
    ]
    both = [onnx.shape_inference.infer_shapes(m) for m in (one, model_of(nodes, x, ["y"], {"w": w, **bounds}))]
    assert verify(*both).problems == ()
    wrong = onnx.ModelProto.FromString(both[1].SerializeToString())
    wrong.graph.node[4].input[:] = ["y1", "y0"]
    assert not verify(both[0], wrong).integer_exact


def test_input_channels_in_two_sums_are_exact_in_integers() -> None:
    """Sums added in another order: allowed on request, and residues still agree."""
    w, x = random_array((8, 4, 3, 3)), {"x": random_array((1, 4, 6, 6))}
    bounds = {"a": np.array([0]), "m": np.array([2]), "z": np.array([4]), "axis": np.array([1])}
    one = model_of([helper.make_node("Conv", ["x", "w"], ["y"])], x, ["y"], {"w": w})
    nodes = []
    for part, (start, stop) in enumerate((("a", "m"), ("m", "z"))):
        nodes += [
            helper.make_node("Slice", ["w", start, stop, "axis"], [f"w{part}"]),
            helper.make_node("Slice", ["x", start, stop, "axis"], [f"x{part}"]),
            helper.make_node("Conv", [f"x{part}", f"w{part}"], [f"y{part}"]),
        ]
    nodes.append(helper.make_node("Add", ["y0", "y1"], ["y"]))
    both = [onnx.shape_inference.infer_shapes(m) for m in (one, model_of(nodes, x, ["y"], {"w": w, **bounds}))]
    found = verify(*both)
    assert found.integer_exact
    assert found.max_rel_error <= found.tolerance
