"""Convolutions in all forms, plain and transposed: values, products, cycles and bytes."""

import pytest
from single import assert_equal, check, model, node, normal, run

from accelsim.errors import ModelUnsupportedError
from accelsim.program import Opcode
from accelsim.workload import build
from restructure.graph import load

FORMS = {
    "plain": ({"kernel_shape": [3, 3]}, (4, 3, 3, 3)),
    "strides": ({"strides": [2, 3]}, (4, 3, 3, 3)),
    "dilations": ({"dilations": [2, 1]}, (4, 3, 3, 3)),
    "asymmetric pads": ({"pads": [0, 2, 1, 0]}, (4, 3, 3, 3)),
    "same upper": ({"auto_pad": "SAME_UPPER", "strides": [2, 2]}, (4, 3, 3, 3)),
    "same lower": ({"auto_pad": "SAME_LOWER", "strides": [2, 2]}, (4, 3, 3, 3)),
    "valid": ({"auto_pad": "VALID"}, (4, 3, 2, 3)),
    "grouped": ({"group": 3}, (6, 1, 3, 3)),
    "wide kernel": ({"pads": [3, 3, 3, 3]}, (2, 3, 7, 7)),
    "one by one": ({}, (5, 3, 1, 1)),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_convolution_equals_onnxruntime(form):
    attributes, filters = FORMS[form]
    check(
        [node("Conv", "x w b", **attributes)],
        {"x": normal(2, 3, 9, 8)},
        {"w": normal(*filters), "b": normal(filters[0])},
    )


#: Bytes of the input that a pointwise convolution of (2, 64, 9, 8) reads, by its strides.
READ = {(2, 2): 2 * 5 * 4, (3, 2): 2 * 3 * 4, (1, 3): 2 * 9 * 3, (2, 1): 2 * 5 * 8, (4, 5): 2 * 3 * 2}


@pytest.mark.parametrize("strides", READ)
@pytest.mark.parametrize("group", [1, 2])
def test_a_pointwise_convolution_that_steps_over_positions_loads_the_others_only(strides, group):
    found = check(
        [node("Conv", "x w", strides=list(strides), group=group)],
        {"x": normal(2, 64, 9, 8)},
        {"w": normal(6, 64 // group, 1, 1)},
    )
    loaded = [i.reads[0] for i in found.program.instructions if i.opcode is Opcode.LOAD]
    assert sum(o.bytes for o in loaded if found.program.tensors[o.tensor].name == "x") == READ[strides] * 64


def test_columns_of_few_channels_are_loaded_with_those_between():
    found = check([node("Conv", "x w", strides=[2, 2])], {"x": normal(1, 63, 9, 8)}, {"w": normal(6, 63, 1, 1)})
    loaded = [i.reads[0] for i in found.program.instructions if i.opcode is Opcode.LOAD]
    assert sum(o.bytes for o in loaded if found.program.tensors[o.tensor].name == "x") == 5 * 7 * 63


@pytest.mark.parametrize("capacity", ["3 KiB", "16 KiB", "64 KiB"])
def test_a_stepping_convolution_reads_what_lies_on_chip_and_joined_parts(capacity):
    nodes = [
        node("Conv", "x v", "a", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("Relu", "x", "b"),
        node("Concat", "a b", "c", axis=1),
        node("Conv", "c w", "y", strides=[2, 3]),
        node("Conv", "c u", "z", strides=[3, 2]),
    ]
    weights = {"v": normal(48, 32, 3, 3), "w": normal(6, 80, 1, 1), "u": normal(5, 80, 1, 1)}
    for settings in ((f"scratchpad.capacity={capacity}", "accumulator=null"), ("dram.burst=16B",)):
        result = run(nodes, {"x": normal(2, 32, 9, 8)}, weights, outputs=("y", "z"), hardware=settings)
        assert_equal(result)


@pytest.mark.parametrize("attributes", [{}, {"strides": [2], "pads": [1, 2]}, {"group": 4}, {"dilations": [3]}])
def test_one_dimensional_convolutions_lie_on_rows(attributes):
    depth = 4 // attributes.get("group", 1)
    nodes = [node("Conv", "x w", "t", **attributes), node("Relu", "t")]
    result = check(nodes, {"x": normal(1, 4, 20)}, {"w": normal(8, depth, 3)})
    assert result.kernels == ["Conv"]


def test_a_one_dimensional_network_needs_no_copies():
    nodes = [
        node("Conv", "x w", "a", pads=[1, 1]),
        node("BatchNormalization", "a s b m v", "n"),
        node("Relu", "n", "r"),
        node("MaxPool", "r", "p", kernel_shape=[2], strides=[2]),
        node("Conv", "p u", "c", pads=[1, 1]),
        node("Add", "c p", "q"),
        node("GlobalAveragePool", "q", "g"),
        node("Flatten", "g", "f"),
        node("Gemm", "f k"),
    ]
    weights = {"w": normal(6, 3, 3), "u": normal(6, 6, 3), "k": normal(6, 2), "s": normal(6), "b": normal(6, seed=1)}
    weights |= {"m": normal(6, seed=2), "v": abs(normal(6, seed=3)) + 1}
    result = check(nodes, {"x": normal(1, 3, 32)}, weights)
    assert result.kernels == ["Conv", "MaxPool", "Conv", "ReduceMean", "Gemm"]


TRANSPOSED = {
    "unet": ({"strides": [2, 2]}, (4, 3, 2, 2)),
    "gan": ({"strides": [2, 2], "pads": [1, 1, 1, 1]}, (4, 3, 4, 4)),
    "odd": ({"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]}, (4, 3, 3, 3)),
    "no stride": ({"pads": [1, 1, 1, 1]}, (4, 3, 3, 3)),
    "uneven": ({"strides": [3, 2], "pads": [0, 1, 2, 0]}, (4, 3, 4, 3)),
    "sparse": ({"strides": [3, 3]}, (4, 3, 2, 2)),
    "dilated": ({"strides": [2, 2], "dilations": [2, 3]}, (4, 3, 3, 3)),
    "grouped": ({"strides": [2, 2], "group": 2}, (4, 3, 3, 3)),
    "depthwise": ({"strides": [2, 2], "group": 4}, (4, 1, 3, 3)),
    "output shape": ({"strides": [2, 2], "output_shape": [9, 11]}, (4, 3, 3, 3)),
    "same": ({"strides": [2, 2], "auto_pad": "SAME_UPPER"}, (4, 3, 3, 3)),
}


@pytest.mark.parametrize("form", TRANSPOSED)
def test_every_form_of_transposed_convolution_equals_onnxruntime(form):
    attributes, filters = TRANSPOSED[form]
    k = filters[1] * attributes.get("group", 1)
    nodes = [node("ConvTranspose", "x w b", "t", **attributes), node("Relu", "t")]
    check(nodes, {"x": normal(1, 4, 5, 6)}, {"w": normal(*filters), "b": normal(k)})


def test_a_one_dimensional_transposed_convolution_equals_onnxruntime():
    check([node("ConvTranspose", "x w", strides=[2])], {"x": normal(1, 4, 5)}, {"w": normal(4, 3, 4)})


def test_a_transposed_convolution_computes_no_product_with_an_inserted_zero():
    # Stride 2 and kernel 2×2: four phases with one tap each. Each is a product of 5·6 positions, 3 filters and 4
    # channels: 360 products, 1440 in all, as many as the operator's own (every input is scattered to 2×2 outputs of 3
    # channels: 5·6·4·4·3 = 1440).
    result = run([node("ConvTranspose", "x w", strides=[2, 2])], {"x": normal(1, 4, 5, 6)}, {"w": normal(4, 3, 2, 2)})
    assert [layer.macs for layer in result.layers] == [360] * 4 + [0]
    # Its reader (the network's output) wants the 10×12×3 results in order: one copy, one lane operation each.
    assert result.kernels[-1] == "Rearrange"
    assert result.layers[-1].operations == 360
    assert result.computing()[-1].work.cycles == -(-360 // 16) + 4


def test_a_grouped_convolution_takes_one_product_per_group():
    # Two groups of a 1×1 convolution, 4 channels to 4 filters each, 6 positions, on a 16×16 weight-stationary array,
    # the groups one after the other. A group's product: the array's 16 rows of weights are filled (16 cycles), then 6
    # positions stream through the skew of 16 + 16 − 2 cycles: 2·16 + 16 + 6 − 2 = 52, of which one is hidden.
    hardware = (
        "pe_array.rows=16",
        "pe_array.columns=16",
        "pe_array.dataflow=ws",
        "pe_array.depthwise=per_channel",
        "pe_array.drain=hidden",
        "pe_array.stationary_double_buffered=false",
    )
    result = run(
        [node("Conv", "x w", group=2)], {"x": normal(1, 8, 2, 3)}, {"w": normal(8, 4, 1, 1)}, hardware=hardware
    )
    assert result.cycles() == 2 * (52 - 1)
    assert sum(i.work.macs for i in result.computing()) == 8 * 4 * 6
    # Bytes at int8: 48 of input and 32 of weights in, 48 of output out.
    assert result.moved(Opcode.LOAD) == 48 + 32
    assert result.moved(Opcode.STORE) == 48


@pytest.mark.parametrize(
    ("activation", "params"),
    [("Relu", ()), ("LeakyRelu", (0.1,)), ("Clip", (-0.5, 0.5)), ("HardSigmoid", (0.2, 0.5)), ("Tanh", ())],
)
def test_the_optimiser_s_fused_convolution_is_one_layer(activation, params):
    # y = activation(conv(x) + z), and what reads it is fused behind that.
    given = {"activation_params": params} if params else {}
    fused = node("FusedConv", "x w b z", "c", domain="com.microsoft", activation=activation, **given)
    inputs = {"x": normal(1, 4, 5, 6), "z": normal(1, 8, 3, 4, seed=3)}
    weights = {"w": normal(8, 4, 3, 3, seed=1) / 4, "b": normal(8, seed=2)}
    result = check([fused, node("Sigmoid", "c", "s"), node("Mul", "c s")], inputs, weights)
    assert result.kernels == ["FusedConv"]


def test_a_fused_convolution_with_an_unknown_activation_is_refused():
    fused = node("FusedConv", "x w", domain="com.microsoft", activation="Relu")
    made = model([fused], {"x": normal(1, 4, 5, 6)}, {"w": normal(8, 4, 3, 3)}, ["y"], opset=17)
    made.graph.node[0].attribute[0].s = b"Gelu"
    with pytest.raises(ModelUnsupportedError, match=r"FusedConv with Gelu.*known are Relu"):
        build(load(made))
