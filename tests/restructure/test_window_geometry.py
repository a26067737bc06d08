"""The resolved geometry of convolutions and pools is right: loops over it alone compute onnxruntime's values."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx_nodes import RUNTIME_ERRORS, node_model, run

from restructure import graph, operators
from restructure.errors import OperatorError
from restructure.operators import ConvGeometry, PoolGeometry, Window

WINDOWS = st.fixed_dictionaries(
    {
        "size": st.tuples(st.integers(1, 9), st.integers(1, 9)),
        "kernel": st.tuples(st.integers(1, 4), st.integers(1, 4)),
        "strides": st.tuples(st.integers(1, 4), st.integers(1, 3)),
        "dilations": st.tuples(st.integers(1, 2), st.integers(1, 2)),
        "auto_pad": st.sampled_from(["NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]),
        "pads": st.tuples(*[st.integers(0, 2)] * 4),
    }
)
PROFILE = settings(max_examples=80, deadline=None)


def integers(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Return small whole numbers, on which float arithmetic is exact."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(np.float32)


def attributes_of(window: dict[str, Any], dilated: bool = True) -> dict[str, Any]:
    attributes = {"kernel_shape": window["kernel"], "strides": window["strides"], "auto_pad": window["auto_pad"]}
    if dilated:
        attributes["dilations"] = window["dilations"]
    if window["auto_pad"] == "NOTSET":
        attributes["pads"] = window["pads"]
    return attributes


def taps(g: Window, out: tuple[int, int], size: tuple[int, ...]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return (kernel position, position of the other side) of every tap that hits it."""
    hits = []
    for k in product(range(g.kernel[0]), range(g.kernel[1])):
        at = tuple(out[i] * g.strides[i] - g.pads[i] + k[i] * g.dilations[i] for i in range(2))
        if all(0 <= at[i] < size[i] for i in range(2)):
            hits.append((k, at))
    return hits


def slow_conv(g: ConvGeometry, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    y = np.zeros((g.batch, g.filters, *g.out_spatial), dtype=np.float32)
    per_group, c = g.filters // g.groups, g.channels // g.groups
    for k, oy, ox in product(range(g.filters), range(y.shape[2]), range(y.shape[3])):
        first = k // per_group * c
        for (ky, kx), (iy, ix) in taps(g, (oy, ox), g.in_spatial):
            y[:, k, oy, ox] += x[:, first : first + c, iy, ix] @ w[k, :, ky, kx]
    return y


def slow_transposed(g: ConvGeometry, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    y = np.zeros((g.batch, g.filters, *g.out_spatial), dtype=np.float32)
    per_group, k = g.channels // g.groups, g.filters // g.groups
    for c, iy, ix in product(range(g.channels), *map(range, g.in_spatial)):
        first = c // per_group * k
        for (ky, kx), (oy, ox) in taps(g, (iy, ix), g.out_spatial):
            y[0, first : first + k, oy, ox] += x[0, c, iy, ix] * w[c, :, ky, kx]
    return y


def slow_pool(g: PoolGeometry, x: np.ndarray) -> np.ndarray:
    y = np.zeros((g.batch, g.channels, *g.out_spatial), dtype=np.float32)
    padded = tuple(n + b + e for n, b, e in zip(g.in_spatial, g.pads_begin, g.pads_end, strict=True))
    for oy, ox in product(*map(range, g.out_spatial)):
        values = [x[:, :, iy, ix] for _, (iy, ix) in taps(g, (oy, ox), g.in_spatial)]
        if g.kind == "max":
            y[:, :, oy, ox] = np.max(values, axis=0)
        else:
            within = sum(  # taps on the padded input; ceil_mode's last window may hang over even that
                all((oy, ox)[i] * g.strides[i] + k[i] * g.dilations[i] < padded[i] for i in range(2))
                for k in product(*map(range, g.kernel))
            )
            # a dilated window may hit nothing but padding; onnxruntime then says 0
            y[:, :, oy, ox] = np.sum(values, axis=0) / max(within if g.count_include_pad else len(values), 1)
    return y


def runtime_value(model: Any, x: np.ndarray) -> np.ndarray:
    try:
        (value,) = run(model, {"x0": x})
    except RUNTIME_ERRORS:
        value = np.zeros(0)
    assume(value.size > 0)
    return value


def loaded(model: Any) -> graph.Graph:
    """Return the graph; drop the example if it is one of the few that ONNX and its executors read differently."""
    try:
        return graph.load(model)
    except OperatorError as error:
        assume("ambiguous" not in str(error))
        raise


def fits(window: dict[str, Any], dilated: bool = True) -> bool:
    """Whether the window fits into the padded input (onnxruntime lets larger ones pass in pools)."""
    pads = window["pads"] if window["auto_pad"] == "NOTSET" else (0, 0, 0, 0)
    extents = [d * (k - 1) + 1 if dilated else k for k, d in zip(window["kernel"], window["dilations"], strict=True)]
    return window["auto_pad"].startswith("SAME") or all(
        e <= n + pads[i] + pads[i + 2] for i, (e, n) in enumerate(zip(extents, window["size"], strict=True))
    )


@PROFILE
@given(window=WINDOWS, groups=st.sampled_from([1, 2, 4]))
def test_convolution(window: dict[str, Any], groups: int) -> None:
    x, w = integers((2, 4, *window["size"]), 1), integers((4, 4 // groups, *window["kernel"]), 2)
    model = node_model("Conv", [x, w], {**attributes_of(window), "group": groups}, constant=[1])
    expected = runtime_value(model, x)
    net = loaded(model)
    g = operators.conv_geometry(net.nodes[0], net)
    np.testing.assert_array_equal(slow_conv(g, x, w), expected)
    assert g.depthwise == (groups == 4)
    assert net.macs == expected.size * w[0].size


@PROFILE
@given(window=WINDOWS, groups=st.sampled_from([1, 2]), extra=st.tuples(st.integers(0, 1), st.integers(0, 1)))
def test_transposed_convolution(window: dict[str, Any], groups: int, extra: tuple[int, int]) -> None:
    assume(all(e < s for e, s in zip(extra, window["strides"], strict=True)))
    x, w = integers((1, 4, *window["size"]), 1), integers((4, 3, *window["kernel"]), 2)
    attributes = {**attributes_of(window), "group": groups, "output_padding": extra}
    model = node_model("ConvTranspose", [x, w], attributes, constant=[1])
    expected = runtime_value(model, x)
    net = graph.load(model)
    g = operators.conv_geometry(net.nodes[0], net)
    np.testing.assert_array_equal(slow_transposed(g, x, w), expected)
    assert net.macs == x.size * w[0].size


@PROFILE
@given(window=WINDOWS, more=st.tuples(st.integers(0, 2), st.integers(0, 2)), mode=st.sampled_from(["", "SAME_UPPER"]))
def test_transposed_convolution_with_a_given_output_shape(
    window: dict[str, Any], more: tuple[int, int], mode: str
) -> None:
    x, w = integers((1, 2, *window["size"]), 1), integers((2, 3, *window["kernel"]), 2)
    # no larger than what the kernel reaches
    full = [(n - 1) * s + k for n, s, k in zip(window["size"], window["strides"], window["kernel"], strict=True)]
    out = [max(f - m, 1) for f, m in zip(full, more, strict=True)]
    attributes = {"strides": window["strides"], "output_shape": out, "kernel_shape": window["kernel"]}
    model = node_model("ConvTranspose", [x, w], attributes | ({"auto_pad": mode} if mode else {}), constant=[1])
    expected = runtime_value(model, x)
    net = graph.load(model)
    g = operators.conv_geometry(net.nodes[0], net)
    np.testing.assert_array_equal(slow_transposed(g, x, w), expected)


@pytest.mark.parametrize("op_type", ["MaxPool", "AveragePool"])
@PROFILE
@given(window=WINDOWS, ceil_mode=st.integers(0, 1), include=st.integers(0, 1))
def test_pools(op_type: str, window: dict[str, Any], ceil_mode: int, include: int) -> None:
    assume(all(p < k for p, k in zip(window["pads"], window["kernel"] * 2, strict=True)))
    dilated = not window["auto_pad"].startswith("SAME")
    assume(fits(window, dilated))
    attributes = {**attributes_of(window, dilated), "ceil_mode": ceil_mode}
    if op_type == "AveragePool":
        attributes["count_include_pad"] = include
    x = integers((1, 2, *window["size"]), 1)
    model = node_model(op_type, [x], attributes, opset=19)
    expected = runtime_value(model, x)
    assume(np.isfinite(expected).all() and abs(expected).max() < 1e6)  # a window in padding only
    net = loaded(model)
    g = operators.pool_geometry(net.nodes[0], net)
    np.testing.assert_allclose(slow_pool(g, x), expected, rtol=1e-6, atol=1e-6)


@PROFILE
@given(window=WINDOWS, data=st.data())
def test_input_ranges_cover_exactly_what_a_strip_of_outputs_reads(window: dict[str, Any], data: st.DataObject) -> None:
    assume(fits(window))
    x, w = integers((1, 1, *window["size"]), 1), integers((1, 1, *window["kernel"]), 2)
    net = loaded(node_model("Conv", [x, w], attributes_of(window), constant=[1]))
    g = operators.conv_geometry(net.nodes[0], net)
    start = data.draw(st.integers(0, g.out_spatial[0] - 1))
    stop = data.draw(st.integers(start + 1, g.out_spatial[0]))
    read = [
        oy * g.strides[0] - g.pads[0] + ky * g.dilations[0]
        for oy in range(start, stop)
        for ky in range(g.kernel[0])
    ]  # fmt: skip
    assert g.input_range(0, start, stop) == (min(read), max(read) + 1)


def test_a_global_pool_has_the_whole_input_as_its_kernel() -> None:
    net = graph.load(node_model("GlobalAveragePool", [integers((2, 3, 5, 7), 0)]))
    g = operators.pool_geometry(net.nodes[0], net)
    assert (g.kernel, g.out_spatial, g.is_global, g.kind) == ((5, 7), (1, 1), True, "average")
