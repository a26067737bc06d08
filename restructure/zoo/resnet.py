"""ResNet-18 and ResNet-50 (He et al., arXiv:1512.03385, table 1; projection shortcuts, option B).

ResNet-50 has its stride in the 3×3 convolution of a bottleneck, as torchvision does it ("V1.5").
"""

from collections.abc import Callable, Sequence

import onnx_ir as ir

from restructure.zoo.builder import Builder

__all__ = ["resnet18", "resnet50"]

Block = Callable[[Builder, ir.Value, int, int, str], ir.Value]

_EXPANSION = 4


def _shortcut(b: Builder, x: ir.Value, width: int, stride: int, name: str) -> ir.Value:
    if stride == 1 and b.channels(x) == width:
        return x
    return b.conv_bn(x, width, 1, f"{name}.downsample", stride=stride)


def _basic_block(b: Builder, x: ir.Value, width: int, stride: int, name: str) -> ir.Value:
    y = b.relu(b.conv_bn(x, width, 3, f"{name}.conv1", stride=stride, padding=1))
    y = b.conv_bn(y, width, 3, f"{name}.conv2", padding=1)
    return b.relu(b.add(y, _shortcut(b, x, width, stride, name), f"{name}.add"))


def _bottleneck(b: Builder, x: ir.Value, width: int, stride: int, name: str) -> ir.Value:
    y = b.relu(b.conv_bn(x, width, 1, f"{name}.conv1"))
    y = b.relu(b.conv_bn(y, width, 3, f"{name}.conv2", stride=stride, padding=1))
    y = b.conv_bn(y, _EXPANSION * width, 1, f"{name}.conv3")
    return b.relu(b.add(y, _shortcut(b, x, _EXPANSION * width, stride, name), f"{name}.add"))


def _network(b: Builder, block: Block, repeats: Sequence[int], batch: int) -> ir.Model:
    x = b.relu(b.conv_bn(b.input, 64, 7, "conv1", stride=2, padding=3))
    x = b.max_pool(x, 3, "maxpool", stride=2, padding=1)
    for stage, count in enumerate(repeats, start=1):
        for number in range(count):
            stride = 2 if stage > 1 and number == 0 else 1
            x = block(b, x, 32 << stage, stride, f"layer{stage}.{number}")
    x = b.flatten(b.global_average_pool(x, "avgpool"), "flatten")
    return b.finish(b.gemm(x, 1000, "fc"), (batch, 1000))


def resnet18(batch: int, batchnorm: bool) -> ir.Model:
    """Return ResNet-18 for 224×224 images."""
    return _network(Builder("resnet18", (batch, 3, 224, 224), batchnorm), _basic_block, (2, 2, 2, 2), batch)


def resnet50(batch: int, batchnorm: bool) -> ir.Model:
    """Return ResNet-50 for 224×224 images."""
    return _network(Builder("resnet50", (batch, 3, 224, 224), batchnorm), _bottleneck, (3, 4, 6, 3), batch)
