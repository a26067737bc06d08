"""ResNet-18 (He et al., arXiv:1512.03385, table 1; projection shortcuts, option B)."""

import onnx_ir as ir

from restructure.zoo.builder import Builder

__all__ = ["resnet18"]


def _basic_block(b: Builder, x: ir.Value, width: int, stride: int, name: str) -> ir.Value:
    y = b.relu(b.conv_bn(x, width, 3, f"{name}.conv1", stride=stride, padding=1))
    y = b.conv_bn(y, width, 3, f"{name}.conv2", padding=1)
    if stride != 1 or b.channels(x) != width:
        x = b.conv_bn(x, width, 1, f"{name}.downsample", stride=stride)
    return b.relu(b.add(y, x, f"{name}.add"))


def resnet18(batch: int, batchnorm: bool) -> ir.Model:
    """Return ResNet-18 for 224×224 images."""
    b = Builder("resnet18", (batch, 3, 224, 224), batchnorm)
    x = b.relu(b.conv_bn(b.input, 64, 7, "conv1", stride=2, padding=3))
    x = b.max_pool(x, 3, "maxpool", stride=2, padding=1)
    for stage, width in enumerate((64, 128, 256, 512), start=1):
        for block in range(2):
            x = _basic_block(b, x, width, 2 if stage > 1 and block == 0 else 1, f"layer{stage}.{block}")
    x = b.flatten(b.global_average_pool(x, "avgpool"), "flatten")
    return b.finish(b.gemm(x, 1000, "fc"), (batch, 1000))
