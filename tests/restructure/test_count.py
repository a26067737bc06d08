"""The independent count and the profile agree at every step, under every definition; so do their lists of operators."""

from itertools import product
from pathlib import Path

import pytest

from restructure import graph, operators, zoo
from restructure.profile import Definition, profile
from restructure.verify import count
from restructure.verify.count import ELEMENTWISE

MODELS = sorted((Path(__file__).parent.parent / "data" / "models").glob("*.onnx"))
DEFINITIONS = [
    Definition(input_counted=counted, activation_in_place=fused, add_in_place=add, dtype=dtype)
    for counted, fused, add, dtype in product((True, False), (True, False), (True, False), (None, "int8"))
] + [Definition(depthwise_in_place=True)]
PLACED = [
    Definition(layout="placed"),
    Definition(layout="placed", input_counted=False, add_in_place=True, dtype="int8"),
    Definition(layout="placed", activation_in_place=False, depthwise_in_place=True),
]
LIGHT = ("squeezenet1.1", "mobilenetv3_small", "resnet18_ts17", "mobilenet_v2_ts17dynbatch", "unet")


def network(path: str | Path) -> graph.Graph:
    if isinstance(path, str):
        return zoo.build(path, batchnorm=True)
    return graph.load(path, {"N": 2} if "dynbatch" in path.name else {})


FAST = ("tiny", "squeezenet1.1", "mobilenetv2", "mobilenetv3_small", "resnet18_ts17", "alexnet", "vgg16")


def stem_of(path: str | Path) -> str:
    return getattr(path, "stem", str(path))


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, marks=() if stem_of(p) in FAST else pytest.mark.slow) for p in [*zoo.names(), *MODELS]],
    ids=stem_of,
)
def test_the_count_agrees_with_the_profile_at_every_step(path: str | Path) -> None:
    net = network(path)
    light = stem_of(path) in LIGHT
    for definition in DEFINITIONS + PLACED * light:
        counted, found = count(net, definition), profile(net, definition)
        assert (counted.peak_elements, counted.peak_bytes) == (found.peak_elements, found.peak_bytes)
        by_name = {step.node: step for step in counted.steps}
        both = [(by_name[step.node], step) for step in found.steps if step.node in by_name]
        assert both
        assert [(c.live_elements, c.live_bytes) for c, _ in both] == [(s.live_elements, s.live_bytes) for _, s in both]


def test_both_lists_of_operators_that_work_in_place_are_the_same() -> None:
    table = {name for (_, name), row in operators.TABLE.items() if row.elementwise and row.in_place}
    assert table == ELEMENTWISE
