"""A network small enough to follow by hand: one of each kind of layer on a 16×16 image."""

import onnx_ir as ir

from restructure.zoo.builder import Builder

__all__ = ["tiny"]


def tiny(batch: int, batchnorm: bool) -> ir.Model:
    """Return a conv, a residual block with a depthwise conv, a pool and a classifier, for 3×16×16 images."""
    b = Builder("tiny", (batch, 3, 16, 16), batchnorm)
    x = b.relu(b.conv_bn(b.input, 8, 3, "conv", padding=1))
    y = b.relu(b.conv_bn(x, 8, 3, "depthwise", padding=1, groups=8))
    y = b.conv_bn(y, 8, 1, "pointwise")
    x = b.relu(b.add(x, y, "add"))
    x = b.max_pool(x, 2, "maxpool", stride=2)
    x = b.flatten(b.global_average_pool(x, "avgpool"), "flatten")
    return b.finish(b.gemm(x, 10, "fc"), (batch, 10))
