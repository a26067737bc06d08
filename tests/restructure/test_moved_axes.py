"""Rows are followed where a network moves them: channels last, shuffles, windows, lists of positions, attention."""

from collections.abc import Callable, Sequence

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from onnx import helper
from onnx_nodes import model_of
from random_graphs import Network, networks

import restructure
from restructure import graph
from restructure.fields import COLUMN_AXIS, ROW_AXIS, axes_of, extent, reach
from restructure.profile import profile
from restructure.verify import verify

Nodes = list[onnx.NodeProto]
Constants = dict[str, np.ndarray]
CHANNELS, SIDE = 4, 32


class Builder:
    """A chain of nodes on one tensor of shape 1×4×32×`width`."""

    def __init__(self, width: int = SIDE) -> None:
        self.width = width
        self.nodes: Nodes = []
        self.constants: Constants = {}

    def then(self, op_type: str, x: str, *constants: np.ndarray, **attributes: object) -> str:
        index = len(self.nodes)
        names = [f"k{index}_{i}" for i in range(len(constants))]
        self.constants.update(zip(names, constants, strict=True))
        self.nodes.append(helper.make_node(op_type, [x, *names], [f"t{index}"], name=f"n{index}", **attributes))
        return f"t{index}"

    def shape(self, x: str, *shape: int) -> str:
        return self.then("Reshape", x, np.array(shape))

    def turn(self, x: str, *perm: int) -> str:
        return self.then("Transpose", x, perm=perm)

    def net(self) -> graph.Graph:
        feeds = {"x": np.zeros((1, CHANNELS, SIDE, self.width), np.float32)}
        last = self.nodes[-1].output[0]
        model = model_of(self.nodes, feeds, [last], self.constants)
        return graph.load(onnx.shape_inference.infer_shapes(model))


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def channels_last(b: Builder, x: str) -> str:
    x = b.then("LayerNormalization", b.turn(x, 0, 2, 3, 1), ones(CHANNELS), ones(CHANNELS))
    wide = b.then("Relu", b.then("MatMul", x, ones(CHANNELS, 32)))
    return b.turn(b.then("MatMul", wide, ones(32, CHANNELS)), 0, 3, 1, 2)


def shuffled(b: Builder, x: str) -> str:
    wide = b.then("Conv", x, ones(32, CHANNELS, 1, 1))
    mixed = b.shape(b.turn(b.shape(wide, 1, 2, 16, SIDE, SIDE), 0, 2, 1, 3, 4), 1, -1, SIDE, SIDE)
    return b.then("Conv", mixed, ones(CHANNELS, 32, 1, 1))


def listed(b: Builder, x: str) -> str:
    tokens = b.turn(b.shape(x, 1, CHANNELS, -1), 0, 2, 1)
    wide = b.then("Relu", b.then("MatMul", tokens, ones(CHANNELS, 32)))
    return b.then("MatMul", wide, ones(32, CHANNELS))


def windows(b: Builder, x: str) -> str:
    last = b.turn(b.then("Conv", x, ones(CHANNELS, CHANNELS, 1, 1)), 0, 2, 3, 1)
    apart = b.turn(b.shape(last, 1, 8, 4, 8, 4, CHANNELS), 0, 1, 3, 2, 4, 5)
    tokens = b.shape(apart, 64, 16, CHANNELS)
    wide = b.then("Relu", b.then("MatMul", tokens, ones(CHANNELS, 32)))
    narrow = b.shape(b.then("MatMul", wide, ones(32, CHANNELS)), 1, 8, 8, 4, 4, CHANNELS)
    return b.shape(b.turn(narrow, 0, 1, 3, 2, 4, 5), 1, SIDE, SIDE, CHANNELS)


@pytest.mark.parametrize("block", [channels_last, shuffled, listed, windows], ids=lambda block: block.__name__)
def test_a_wide_tensor_behind_moved_rows_never_exists_whole(block: Callable[[Builder, str], str]) -> None:
    b = Builder()
    b.then("Relu", block(b, "x"))
    net = b.net()
    wide = 32 * SIDE * SIDE
    assert profile(net).peak_elements > wide
    plan = restructure.plan(net, max_overhead=0.0)
    assert plan.peak_elements < wide / 2
    assert plan.mac_overhead == 0
    assert verify(net, restructure.rewrite(net, plan), plan=plan).problems == ()


def test_queries_of_an_attention_are_cut_and_keys_are_there_whole() -> None:
    b = Builder(width=4)
    keys = b.turn("x", 0, 1, 3, 2)
    b.nodes.append(helper.make_node("MatMul", ["x", keys], ["scores"], name="scores"))
    shares = b.then("Softmax", "scores", axis=-1)
    b.nodes.append(helper.make_node("MatMul", [shares, "x"], ["y"], name="mixed"))
    net = b.net()
    scores = reach(net, net.nodes[1])
    assert scores.reason == ""
    assert [(i, field.need(3, 5)) for i, field in scores.maps.items()] == [(0, (3, 5)), (1, (0, SIDE))]
    plan = restructure.plan(net, max_overhead=0.0)
    assert plan.peak_bytes < profile(net).peak_bytes / 3
    assert verify(net, restructure.rewrite(net, plan), plan=plan).problems == ()


@pytest.mark.parametrize(
    ("shape", "reason"),
    [((1, 32, 128), "Reshape needs its whole operand"), ((4096,), "its result has no row axis")],
)
def test_a_reshape_that_mixes_rows_with_what_lies_outside_them_runs_whole(shape: Sequence[int], reason: str) -> None:
    b = Builder()
    b.then("Relu", b.shape("x", *shape))
    net = b.net()
    assert reach(net, net.nodes[0]).reason == reason


def test_a_squeeze_of_every_single_axis_would_take_a_single_row_with_it() -> None:
    b = Builder()
    b.then("Relu", b.then("Squeeze", "x"))
    assert reach(b.net(), b.net().nodes[0]).reason == "it would drop a single row, too"


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck),
          phases=[Phase.generate])  # fmt: skip
@given(networks())
def test_no_tensor_has_rows_and_columns_along_one_axis(network: Network) -> None:
    net = graph.load(network.model)
    rows, columns = axes_of(net, ROW_AXIS), axes_of(net, COLUMN_AXIS)
    for name in rows:
        shape = net.tensors[name].shape
        assert rows[name] != columns[name]
        assert extent(shape, rows[name]) * extent(shape, columns[name]) <= net.tensors[name].elements
