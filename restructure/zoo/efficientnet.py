"""EfficientNet-B0 (Tan and Le, arXiv:1905.11946, table 1); SiLU stands as Sigmoid and Mul."""

import onnx_ir as ir

from restructure.zoo.builder import Builder
from restructure.zoo.squeeze_excite import gate, silu

__all__ = ["efficientnet_b0"]

# expansion, kernel, output channels, repeats, first stride
_STAGES = (
    (1, 3, 16, 1, 1),
    (6, 3, 24, 2, 2),
    (6, 5, 40, 2, 2),
    (6, 3, 80, 3, 2),
    (6, 5, 112, 3, 1),
    (6, 5, 192, 4, 2),
    (6, 3, 320, 1, 1),
)


def _bottleneck(
    b: Builder, x: ir.Value, expansion: int, kernel: int, width: int, name: str, *, stride: int
) -> ir.Value:
    y, narrow = x, b.channels(x)
    hidden = expansion * narrow
    if expansion != 1:
        y = silu(b, b.conv_bn(y, hidden, 1, f"{name}.expand"))
    y = b.conv_bn(y, hidden, kernel, f"{name}.depthwise", stride=stride, padding=kernel // 2, groups=hidden)
    y = gate(b, silu(b, y), narrow // 4, f"{name}.gate")
    y = b.conv_bn(y, width, 1, f"{name}.project")
    return b.add(y, x, f"{name}.add") if stride == 1 and narrow == width else y


def efficientnet_b0(batch: int, batchnorm: bool) -> ir.Model:
    """Return EfficientNet-B0 for 224×224 images."""
    b = Builder("efficientnet_b0", (batch, 3, 224, 224), batchnorm)
    x = silu(b, b.conv_bn(b.input, 32, 3, "stem", stride=2, padding=1))
    number = 1
    for expansion, kernel, width, repeats, first in _STAGES:
        for repeat in range(repeats):
            stride = first if repeat == 0 else 1
            x = _bottleneck(b, x, expansion, kernel, width, f"block{number}", stride=stride)
            number += 1
    x = silu(b, b.conv_bn(x, 1280, 1, "head"))
    x = b.flatten(b.global_average_pool(x, "pool"), "flatten")
    return b.finish(b.gemm(x, 1000, "classifier"), (batch, 1000))
