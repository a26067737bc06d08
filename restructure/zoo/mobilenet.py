"""MobileNetV2 (Sandler et al., arXiv:1801.04381, table 2)."""

import onnx_ir as ir

from restructure.zoo.builder import Builder

__all__ = ["mobilenet_v2"]

# expansion, output channels, repeats, first stride
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def _bottleneck(b: Builder, x: ir.Value, expansion: int, width: int, stride: int, name: str) -> ir.Value:
    y, hidden = x, expansion * b.channels(x)
    if expansion != 1:
        y = b.relu6(b.conv_bn(y, hidden, 1, f"{name}.expand"))
    y = b.relu6(b.conv_bn(y, hidden, 3, f"{name}.depthwise", stride=stride, padding=1, groups=hidden))
    y = b.conv_bn(y, width, 1, f"{name}.project")
    return b.add(x, y, f"{name}.add") if stride == 1 and b.channels(x) == width else y


def _scaled(channels: int, width: float) -> int:
    """Return a multiple of 8 near `channels`·`width`, at least nine tenths of it."""
    near = max(8, int(channels * width + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels * width else near


def mobilenet_v2(batch: int, batchnorm: bool, width: float = 1.0, side: int = 224) -> ir.Model:
    """Return MobileNetV2 with `width` times the channels, for images of `side`×`side`."""
    b = Builder("mobilenetv2", (batch, 3, side, side), batchnorm)
    x = b.relu6(b.conv_bn(b.input, _scaled(32, width), 3, "stem", stride=2, padding=1))
    number = 1
    for expansion, channels, repeats, first in _STAGES:
        for repeat in range(repeats):
            x = _bottleneck(b, x, expansion, _scaled(channels, width), first if repeat == 0 else 1, f"block{number}")
            number += 1
    x = b.relu6(b.conv_bn(x, _scaled(1280, max(width, 1.0)), 1, "head"))
    x = b.flatten(b.global_average_pool(x, "pool"), "flatten")
    return b.finish(b.gemm(x, 1000, "classifier"), (batch, 1000))
