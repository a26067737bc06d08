"""MobileNetV3, width 1.0 (Howard et al., arXiv:1905.02244, tables 1 and 2), as torchvision builds it."""

from collections.abc import Sequence
from dataclasses import dataclass

import onnx_ir as ir

from restructure.zoo.builder import Builder
from restructure.zoo.squeeze_excite import hard_gate

__all__ = ["mobilenet_v3_large", "mobilenet_v3_small"]


@dataclass(frozen=True, slots=True)
class _Block:
    """A row of the paper's tables: kernel, expansion size, output channels, gate, activation, stride."""

    kernel: int
    expanded: int
    width: int
    gated: bool
    activation: str
    stride: int


_RELU, _SWISH = "Relu", "HardSwish"
_SMALL = (
    _Block(3, 16, 16, True, _RELU, 2),
    _Block(3, 72, 24, False, _RELU, 2),
    _Block(3, 88, 24, False, _RELU, 1),
    _Block(5, 96, 40, True, _SWISH, 2),
    _Block(5, 240, 40, True, _SWISH, 1),
    _Block(5, 240, 40, True, _SWISH, 1),
    _Block(5, 120, 48, True, _SWISH, 1),
    _Block(5, 144, 48, True, _SWISH, 1),
    _Block(5, 288, 96, True, _SWISH, 2),
    _Block(5, 576, 96, True, _SWISH, 1),
    _Block(5, 576, 96, True, _SWISH, 1),
)
_LARGE = (
    _Block(3, 16, 16, False, _RELU, 1),
    _Block(3, 64, 24, False, _RELU, 2),
    _Block(3, 72, 24, False, _RELU, 1),
    _Block(5, 72, 40, True, _RELU, 2),
    _Block(5, 120, 40, True, _RELU, 1),
    _Block(5, 120, 40, True, _RELU, 1),
    _Block(3, 240, 80, False, _SWISH, 2),
    _Block(3, 200, 80, False, _SWISH, 1),
    _Block(3, 184, 80, False, _SWISH, 1),
    _Block(3, 184, 80, False, _SWISH, 1),
    _Block(3, 480, 112, True, _SWISH, 1),
    _Block(3, 672, 112, True, _SWISH, 1),
    _Block(5, 672, 160, True, _SWISH, 2),
    _Block(5, 960, 160, True, _SWISH, 1),
    _Block(5, 960, 160, True, _SWISH, 1),
)


def _divisible(value: float) -> int:
    """The nearest multiple of 8 that is not more than a tenth below, as the authors round channels."""
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * value else rounded


def _block(b: Builder, x: ir.Value, block: _Block, name: str) -> ir.Value:
    y = x
    if block.expanded != b.channels(x):
        y = b.activation(block.activation, b.conv_bn(y, block.expanded, 1, f"{name}.expand"))
    padding, hidden = block.kernel // 2, block.expanded
    y = b.conv_bn(y, hidden, block.kernel, f"{name}.depthwise", stride=block.stride, padding=padding, groups=hidden)
    y = b.activation(block.activation, y)
    if block.gated:
        y = hard_gate(b, y, _divisible(hidden / 4), f"{name}.gate")
    y = b.conv_bn(y, block.width, 1, f"{name}.project")
    return b.add(y, x, f"{name}.add") if block.stride == 1 and b.channels(x) == block.width else y


def _network(b: Builder, blocks: Sequence[_Block], hidden: int, batch: int) -> ir.Model:
    x = b.activation(_SWISH, b.conv_bn(b.input, 16, 3, "stem", stride=2, padding=1))
    for number, block in enumerate(blocks, start=1):
        x = _block(b, x, block, f"block{number}")
    x = b.activation(_SWISH, b.conv_bn(x, 6 * b.channels(x), 1, "head"))
    x = b.flatten(b.global_average_pool(x, "pool"), "flatten")
    x = b.activation(_SWISH, b.gemm(x, hidden, "hidden"))
    return b.finish(b.gemm(x, 1000, "classifier"), (batch, 1000))


def mobilenet_v3_small(batch: int, batchnorm: bool) -> ir.Model:
    """Return MobileNetV3-Small for 224×224 images."""
    return _network(Builder("mobilenetv3_small", (batch, 3, 224, 224), batchnorm), _SMALL, 1024, batch)


def mobilenet_v3_large(batch: int, batchnorm: bool) -> ir.Model:
    """Return MobileNetV3-Large for 224×224 images."""
    return _network(Builder("mobilenetv3_large", (batch, 3, 224, 224), batchnorm), _LARGE, 1280, batch)
