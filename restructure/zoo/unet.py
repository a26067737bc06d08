"""U-Net (Ronneberger et al., arXiv:1505.04597) in the variant of Buda et al., arXiv:1906.03720.

Padded convolutions with BatchNorm, 32 to 512 channels, transposed convolutions up, a sigmoid for one class: the
network that PyTorch Hub lists as `mateuszbuda/brain-segmentation-pytorch`, for 256×256 slices of three sequences.
"""

import onnx_ir as ir

from restructure.zoo.builder import Builder

__all__ = ["unet"]

_DOUBLING = {"dilations": (1, 1), "kernel_shape": (2, 2), "pads": (0, 0, 0, 0), "strides": (2, 2)}
_SIZE, _FEATURES, _LEVELS = 256, 32, 4


def _block(b: Builder, x: ir.Value, width: int, name: str) -> ir.Value:
    x = b.relu(b.conv_bn(x, width, 3, f"{name}.conv1", padding=1))
    return b.relu(b.conv_bn(x, width, 3, f"{name}.conv2", padding=1))


def _up(b: Builder, x: ir.Value, width: int, name: str) -> ir.Value:
    weights = b.weight(f"{name}.weight", (b.channels(x), width, 2, 2), "filter")
    operands = [x, weights, b.weight(f"{name}.bias", (width,), "bias")]
    return b.emit("ConvTranspose", name, operands, width, _DOUBLING)


def unet(batch: int, batchnorm: bool) -> ir.Model:
    """Return the U-Net for 256×256 images; its output has their size."""
    b = Builder("unet", (batch, 3, _SIZE, _SIZE), batchnorm)
    x, skips = b.input, []
    for level in range(_LEVELS):
        skips.append(_block(b, x, _FEATURES << level, f"encoder{level + 1}"))
        x = b.max_pool(skips[-1], 2, f"pool{level + 1}", stride=2)
    x = _block(b, x, _FEATURES << _LEVELS, "bottleneck")
    for level in reversed(range(_LEVELS)):
        x = _up(b, x, _FEATURES << level, f"upconv{level + 1}")
        x = b.concat([x, skips[level]], f"concat{level + 1}")
        x = _block(b, x, _FEATURES << level, f"decoder{level + 1}")
    return b.finish(b.activation("Sigmoid", b.conv(x, 1, 1, "conv")), (batch, 1, _SIZE, _SIZE))
