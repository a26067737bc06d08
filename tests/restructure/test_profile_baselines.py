"""The five networks' active memory equals the published table, for the zoo and for real exports alike."""

from pathlib import Path

import pytest

from restructure import graph, zoo
from restructure.profile import Definition, profile

MODELS = Path(__file__).parent.parent / "data" / "models"

# Elements at batch 1, from two independent counts by others:
# (BatchNorm and activations in place, nothing in place, GMAC)
BASELINES = {
    "vgg16": (6_422_528, 6_422_528, 15.470),
    "squeezenet1.1": (982_144, 1_577_088, 0.349),
    "mobilenetv2": (1_505_280, 2_408_448, 0.301),
    "resnet18": (1_003_520, 1_605_632, 1.814),
    "inceptionv3": (2_074_464, 2_765_952, 5.713),
}
EXPORTS = {
    "vgg16_ts17": "vgg16",
    "squeezenet1_1_ts17": "squeezenet1.1",
    "mobilenet_v2_ts17": "mobilenetv2",
    "mobilenet_v2_ts13bn": "mobilenetv2",
    "mobilenet_v2_dyn18": "mobilenetv2",
    "resnet18_ts17": "resnet18",
    "resnet18_dyn18": "resnet18",
    "inception_v3_ts17": "inceptionv3",
}
NOTHING_IN_PLACE = Definition(activation_in_place=False)


def check(net: graph.Graph, name: str) -> None:
    fused, unfused, gmacs = BASELINES[name]
    assert profile(net).peak_elements == fused
    assert profile(net, NOTHING_IN_PLACE).peak_elements == unfused
    assert round(net.macs / 1e9, 3) == gmacs


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("batchnorm", [False, True])
def test_the_zoo_networks_have_the_published_peaks_and_macs(name: str, batchnorm: bool) -> None:
    check(zoo.build(name, batchnorm=batchnorm), name)


@pytest.mark.parametrize(("file", "name"), EXPORTS.items())
def test_the_exports_have_the_published_peaks_and_macs(file: str, name: str) -> None:
    check(graph.load(MODELS / f"{file}.onnx"), name)


def test_bytes_follow_the_requested_element_type() -> None:
    net = zoo.build("mobilenetv2")
    peaks = {dtype: profile(net, Definition(dtype=dtype)).peak_bytes for dtype in ("int8", "fp16", "fp32")}
    assert peaks == {"int8": 1_505_280, "fp16": 2 * 1_505_280, "fp32": 4 * 1_505_280}
    assert profile(net).peak_bytes == 4 * 1_505_280
