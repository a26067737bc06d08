"""SqueezeNet 1.1 (Iandola et al., arXiv:1602.07360; version 1.1 of the authors' repository)."""

import onnx_ir as ir

from restructure.zoo.builder import Builder

__all__ = ["squeezenet1_1"]

# (squeeze, expand) widths per fire module; None is a max pool
_FIRES = ((16, 64), (16, 64), None, (32, 128), (32, 128), None, (48, 192), (48, 192), (64, 256), (64, 256))


def _fire(b: Builder, x: ir.Value, squeeze: int, expand: int, name: str) -> ir.Value:
    x = b.relu(b.conv(x, squeeze, 1, f"{name}.squeeze"))
    ones = b.relu(b.conv(x, expand, 1, f"{name}.expand1x1"))
    threes = b.relu(b.conv(x, expand, 3, f"{name}.expand3x3", padding=1))
    return b.concat([ones, threes], f"{name}.concat")


def squeezenet1_1(batch: int, batchnorm: bool) -> ir.Model:
    """Return SqueezeNet 1.1 for 224×224 images (it has no BatchNorm to keep)."""
    b = Builder("squeezenet1.1", (batch, 3, 224, 224), batchnorm)
    x = b.relu(b.conv(b.input, 64, 3, "conv1", stride=2))
    x = b.max_pool(x, 3, "pool1", stride=2, ceil_mode=True)
    number = 2
    for widths in _FIRES:
        if widths is None:
            x = b.max_pool(x, 3, f"pool{number - 1}", stride=2, ceil_mode=True)
        else:
            x = _fire(b, x, *widths, f"fire{number}")
            number += 1
    x = b.relu(b.conv(x, 1000, 1, "conv10"))
    x = b.global_average_pool(x, "pool10")
    return b.finish(b.flatten(x, "flatten"), (batch, 1000))
