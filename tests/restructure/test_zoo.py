"""The zoo's networks are the published ones."""

from pathlib import Path

import numpy as np
import pytest

from restructure import graph, operators, zoo
from restructure.errors import UnknownNetworkError
from restructure.graph import Graph

MODELS = Path(__file__).parent.parent / "data" / "models"

# torchvision's documentation, "num_params" of the respective weights; inception_v3 without its auxiliary head
PUBLISHED_PARAMETERS = {
    "vgg16": 138_357_544,
    "squeezenet1.1": 1_235_496,
    "mobilenetv2": 3_504_872,
    "resnet18": 11_689_512,
    "inceptionv3": 23_834_568,
}
EXPORTS = {
    "vgg16": "vgg16_ts17",
    "squeezenet1.1": "squeezenet1_1_ts17",
    "mobilenetv2": "mobilenet_v2_ts17",
    "resnet18": "resnet18_ts17",
    "inceptionv3": "inception_v3_ts17",
}


@pytest.mark.parametrize(("name", "count"), PUBLISHED_PARAMETERS.items())
def test_parameter_counts_with_batchnorm_are_the_published_ones(name: str, count: int) -> None:
    assert zoo.build(name, batchnorm=True).parameter_count == count == zoo.describe(name).parameters


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
