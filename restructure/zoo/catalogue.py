"""The networks, by name."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, cast

from restructure.errors import UnknownNetworkError
from restructure.graph.analysis import analyse
from restructure.graph.graph import Graph
from restructure.graph.records import Source
from restructure.graph.writing import save
from restructure.operators import Shape

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["Entry", "build", "describe", "export", "model", "names", "resolve"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One network of the zoo.

    Attributes:
        parameters: learned values as published, BatchNorm's scale and shift counted, its running statistics not.
        macs: multiply-accumulates of one image.
    """

    name: str
    summary: str
    input_shape: Shape
    parameters: int
    macs: int
    reference: str
    module: str
    function: str
    aliases: tuple[str, ...] = ()


_ENTRIES = (
    Entry(
        "vgg16", "13 convolutions 3×3, three large fully connected layers", (1, 3, 224, 224),
        138_357_544, 15_470_264_320, "arXiv:1409.1556", "vgg", "vgg16",
    ),
    Entry(
        "squeezenet1.1", "fire modules: squeeze 1×1, expand 1×1 and 3×3", (1, 3, 224, 224),
        1_235_496, 349_151_936, "arXiv:1602.07360", "squeezenet", "squeezenet1_1", ("squeezenet",),
    ),
    Entry(
        "mobilenetv2", "inverted residuals with depthwise convolutions", (1, 3, 224, 224),
        3_504_872, 300_774_272, "arXiv:1801.04381", "mobilenet", "mobilenet_v2", ("mobilenet",),
    ),
    Entry(
        "resnet18", "residual blocks of two convolutions 3×3", (1, 3, 224, 224),
        11_689_512, 1_814_073_344, "arXiv:1512.03385", "resnet", "resnet18",
    ),
    Entry(
        "inceptionv3", "inception modules with factorised convolutions, 299×299", (1, 3, 299, 299),
        23_834_568, 5_713_216_096, "arXiv:1512.00567", "inception", "inception_v3", ("inception",),
    ),
    Entry(
        "resnet50", "residual blocks of three convolutions, a bottleneck", (1, 3, 224, 224),
        25_557_032, 4_089_184_256, "arXiv:1512.03385", "resnet", "resnet50",
    ),
    Entry(
        "mobilenetv3_small", "inverted residuals with gates and hard swish", (1, 3, 224, 224),
        2_542_856, 56_510_400, "arXiv:1905.02244", "mobilenet_v3", "mobilenet_v3_small",
    ),
    Entry(
        "mobilenetv3_large", "inverted residuals with gates and hard swish", (1, 3, 224, 224),
        5_483_032, 216_589_760, "arXiv:1905.02244", "mobilenet_v3", "mobilenet_v3_large", ("mobilenetv3",),
    ),
    Entry(
        "efficientnet_b0", "inverted residuals with gates and SiLU, found by search", (1, 3, 224, 224),
        5_288_548, 385_814_752, "arXiv:1905.11946", "efficientnet", "efficientnet_b0", ("efficientnet",),
    ),
    Entry(
        "alexnet", "5 convolutions, three of them in two groups, with LRN; 227×227", (1, 3, 227, 227),
        60_965_224, 724_406_816, "NIPS 2012, Eyeriss' and Caffe's variant", "alexnet", "alexnet",
    ),
    Entry(
        "unet", "encoder and decoder with skips, transposed convolutions", (1, 3, 256, 256),
        7_763_041, 12_071_206_912, "arXiv:1505.04597, variant of arXiv:1906.03720", "unet", "unet",
    ),
    Entry(
        "vit_tiny", "transformer of 12 blocks on 16×16 patches", (1, 3, 224, 224),
        5_717_416, 1_253_683_200, "arXiv:2012.12877", "vit", "vit_tiny", ("vit", "vit_tiny_patch16_224"),
    ),
    Entry(
        "tiny", "a conv, a residual block, a pool and a classifier, for teaching", (1, 3, 16, 16),
        490, 90_192, "this project", "tiny", "tiny",
    ),
)  # fmt: skip
_BY_NAME = {entry.name: entry for entry in _ENTRIES}


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower().removesuffix(".onnx"))


_BY_KEY = {_key(alias): entry.name for entry in _ENTRIES for alias in (entry.name, *entry.aliases)}


def names() -> tuple[str, ...]:
    """Return the networks' names."""
    return tuple(_BY_NAME)


def resolve(name: str) -> str | None:
    """Return the network `name` means, or None: case, dashes, dots and a trailing .onnx do not matter.

    >>> resolve("MobileNet_v2.onnx")
    'mobilenetv2'
    """
    return _BY_KEY.get(_key(name))


def describe(name: str) -> Entry:
    """Return what is known about a network; raises UnknownNetworkError, which guesses the one that was meant."""
    found = resolve(name)
    if found is None:
        close = get_close_matches(_key(name), _BY_KEY, n=1)
        hint = f"did you mean {_BY_KEY[close[0]]!r}?" if close else f"there are {', '.join(names())}"
        raise UnknownNetworkError(f"{name!r} is no network of the zoo; {hint}")
    return _BY_NAME[found]


def model(name: str, batch: int = 1, batchnorm: bool = False) -> "ir.Model":
    """Return a network as an onnx-ir model with seeded lazy weights.

    Args:
        batchnorm: keep BatchNormalization nodes; by default they are folded, as inference exports have it.
    """
    entry = describe(name)
    if batch < 1:
        raise UnknownNetworkError(f"{entry.name}: batch must be at least 1, got {batch}")
    make = getattr(import_module(f"restructure.zoo.{entry.module}"), entry.function)
    return cast("Callable[[int, bool], ir.Model]", make)(batch, batchnorm)


def build(name: str, batch: int = 1, batchnorm: bool = False) -> Graph:
    """Return a network, analysed; see `model`."""
    entry = describe(name)
    return analyse(model(name, batch, batchnorm), {}, Source("zoo", entry.name), entry.name)


def export(name: str, path: str | os.PathLike[str], batch: int = 1, batchnorm: bool = False) -> None:
    """Write a network to an ONNX file, its weights streamed; see `model` and `restructure.graph.save`."""
    save(model(name, batch, batchnorm), path)
