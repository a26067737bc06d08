"""VGG16, configuration D of Simonyan and Zisserman, arXiv:1409.1556, without BatchNorm."""

import onnx_ir as ir

from restructure.zoo.builder import Builder

__all__ = ["vgg16"]

_STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


def vgg16(batch: int, batchnorm: bool) -> ir.Model:
    """Return VGG16 for 224×224 images (it has no BatchNorm to keep)."""
    b = Builder("vgg16", (batch, 3, 224, 224), batchnorm)
    x = b.input
    for stage, widths in enumerate(_STAGES, start=1):
        for layer, width in enumerate(widths, start=1):
            x = b.relu(b.conv(x, width, 3, f"conv{stage}_{layer}", padding=1))
        x = b.max_pool(x, 2, f"pool{stage}", stride=2)
    x = b.flatten(x, "flatten", features=512 * 7 * 7)
    for name in ("fc6", "fc7"):
        x = b.relu(b.gemm(x, 4096, name))
    return b.finish(b.gemm(x, 1000, "fc8"), (batch, 1000))
