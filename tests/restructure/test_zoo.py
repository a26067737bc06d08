"""The zoo's networks are the published ones."""

from pathlib import Path

import numpy as np
import pytest

from restructure import graph, operators, zoo
from restructure.errors import UnknownNetworkError
from restructure.graph import Graph

MODELS = Path(__file__).parent.parent / "data" / "models"

# torchvision's documentation, "num_params" of the respective weights; inception_v3 without its auxiliary head;
# vit_tiny_patch16_224 as timm counts it; AlexNet as Caffe's bvlc_alexnet; U-Net as the authors of its variant
PUBLISHED_PARAMETERS = {
    "vgg16": 138_357_544,
    "squeezenet1.1": 1_235_496,
    "mobilenetv2": 3_504_872,
    "resnet18": 11_689_512,
    "inceptionv3": 23_834_568,
    "resnet50": 25_557_032,
    "mobilenetv3_small": 2_542_856,
    "mobilenetv3_large": 5_483_032,
    "efficientnet_b0": 5_288_548,
    "alexnet": 60_965_224,
    "unet": 7_763_041,
    "vit_tiny": 5_717_416,
}
# torchvision's documentation, "GFLOPS" of the respective weights (a multiply-accumulate counts once there)
PUBLISHED_GIGA_MACS = {
    "vgg16": 15.47,
    "squeezenet1.1": 0.35,
    "mobilenetv2": 0.30,
    "resnet18": 1.81,
    "inceptionv3": 5.71,
    "resnet50": 4.09,
    "mobilenetv3_small": 0.06,
    "mobilenetv3_large": 0.22,
    "efficientnet_b0": 0.39,
}
EXPORTS = {
    "vgg16": "vgg16_ts17",
    "squeezenet1.1": "squeezenet1_1_ts17",
    "mobilenetv2": "mobilenet_v2_ts17",
    "resnet18": "resnet18_ts17",
    "inceptionv3": "inception_v3_ts17",
    "resnet50": "resnet50_ts17",
    "mobilenetv3_small": "mobilenet_v3_small_ts17",
    "vit_tiny": "vit_tiny_patch16_224_ts17",
}


@pytest.mark.parametrize(("name", "count"), PUBLISHED_PARAMETERS.items())
def test_parameter_counts_with_batchnorm_are_the_published_ones(name: str, count: int) -> None:
    assert zoo.build(name, batchnorm=True).parameter_count == count == zoo.describe(name).parameters


@pytest.mark.parametrize(("name", "giga_macs"), PUBLISHED_GIGA_MACS.items())
def test_mac_counts_are_the_published_ones(name: str, giga_macs: float) -> None:
    assert round(zoo.build(name).macs / 1e9, 2) == giga_macs


def test_alexnet_has_the_macs_of_the_eyeriss_papers_layer_by_layer() -> None:
    """The shapes of the five convolutions as Chen et al. (JSSC 2017) list them, multiplied out by hand."""
    net = zoo.build("alexnet")
    by_hand = {
        "conv1": 55 * 55 * 96 * 3 * 11 * 11,
        "conv2": 27 * 27 * 256 * 48 * 5 * 5,
        "conv3": 13 * 13 * 384 * 256 * 3 * 3,
        "conv4": 13 * 13 * 384 * 192 * 3 * 3,
        "conv5": 13 * 13 * 256 * 192 * 3 * 3,
    }
    assert {node.name: net.macs_of(node) for node in net.nodes if node.op_type == "Conv"} == by_hand
    assert sum(by_hand.values()) == 665_784_864


def test_the_unet_does_the_macs_of_its_levels_worked_by_hand() -> None:
    total = 256 * 256 * 32  # the last convolution, 1×1 to one class
    for level in range(4):
        pixels, wide, below = (256 >> level) ** 2, 32 << level, 64 << level
        narrow = 32 << level - 1 if level else 3
        total += 9 * pixels * wide * (narrow + wide)  # two convolutions down
        total += 9 * pixels * wide * (2 * wide + wide)  # two up, the first on the skip and what comes from below
        total += (128 >> level) ** 2 * below * wide * 4  # every pixel below is spread over 2×2
    assert zoo.build("unet").macs == total + 9 * 16 * 16 * 512 * (256 + 512)


@pytest.mark.parametrize("name", ["mobilenetv3_small", "unet", "vit_tiny"])
def test_onnxruntime_runs_a_zoo_network_with_outputs_of_sane_size(name: str, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    zoo.export(name, tmp_path / "net.onnx", batch=2)
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    image = np.random.default_rng(0).random((2, *zoo.describe(name).input_shape[1:]), dtype=np.float32)
    (output,) = session.run(None, {"input": image})
    net = zoo.build(name, batch=2)
    assert output.shape == net.tensors[net.outputs[0]].shape
    assert np.isfinite(output).all()
    assert output.std() > 0
    assert np.abs(output).max() < 1e4


@pytest.mark.parametrize("name", zoo.names())
def test_the_catalogue_tells_the_truth_about_macs_parameters_and_input(name: str) -> None:
    entry, net = zoo.describe(name), zoo.build(name, batchnorm=True)
    assert (net.macs, net.parameter_count) == (entry.macs, entry.parameters)
    assert net.tensors["input"].shape == entry.input_shape


def work_of(net: Graph) -> list[object]:
    """What each node does, in order, but for a 1×1 AveragePool, which exporters leave behind VGG's last pool."""
    listed: list[object] = []
    for node in net.nodes:
        shape = net.tensors[node.outputs[0]].shape
        if node.op_type == "Conv":
            listed.append((node.op_type, operators.conv_geometry(node, net)))
        elif node.op_type in ("MaxPool", "AveragePool"):
            if operators.pool_geometry(node, net).kernel != (1, 1):
                listed.append((node.op_type, operators.pool_geometry(node, net)))
        else:
            listed.append((node.op_type, shape))
    return listed


@pytest.mark.parametrize(("name", "file"), EXPORTS.items())
def test_a_zoo_network_does_what_the_real_export_does_node_by_node(name: str, file: str) -> None:
    ours, theirs = work_of(zoo.build(name)), work_of(graph.load(MODELS / f"{file}.onnx"))
    assert sorted(map(repr, ours)) == sorted(map(repr, theirs))


def test_the_batch_multiplies_the_work() -> None:
    assert zoo.build("tiny", batch=3).macs == 3 * zoo.build("tiny").macs


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("mobilenetv2.onnx", "mobilenetv2"),
        ("MobileNet_V2", "mobilenetv2"),
        ("inception-v3", "inceptionv3"),
        ("squeezenet1_1", "squeezenet1.1"),
        ("squeezenet", "squeezenet1.1"),
        ("lenet", None),
        ("", None),
    ],
)
def test_names_resolve_whatever_their_spelling(spelling: str, name: str | None) -> None:
    assert zoo.resolve(spelling) == name


def test_an_unknown_name_is_refused_with_a_guess() -> None:
    with pytest.raises(UnknownNetworkError, match=r"^'resnet19' is no network of the zoo; did you mean 'resnet18'\?$"):
        zoo.build("resnet19")


def test_weights_are_made_on_demand_always_the_same_and_he_scaled() -> None:
    net = zoo.build("resnet18")
    first, again = net.weight("layer1.0.conv1.weight"), net.weight("layer1.0.conv1.weight")
    assert first is not again
    np.testing.assert_array_equal(first, again)
    assert first.dtype == np.float32
    assert abs(float(first.std()) - np.sqrt(2 / (64 * 9))) < 1e-3
    assert not np.array_equal(first, net.weight("layer1.0.conv2.weight"))
