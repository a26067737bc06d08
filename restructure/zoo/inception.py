"""Inception v3 (Szegedy et al., arXiv:1512.00567) in torchvision's topology: 299×299, no auxiliary head.

torchvision's `transform_input` (a per-channel scaling of images) belongs to preprocessing and is left out.
"""

import onnx_ir as ir

from restructure.zoo.builder import Builder, Size

__all__ = ["inception_v3"]


def _conv(
    b: Builder, x: ir.Value, filters: int, kernel: Size, name: str, stride: int = 1, padding: Size = 0
) -> ir.Value:
    return b.relu(b.conv_bn(x, filters, kernel, name, stride=stride, padding=padding))


def _row(b: Builder, x: ir.Value, filters: int, size: int, name: str) -> ir.Value:
    """1×size convolution that keeps the extent."""
    return _conv(b, x, filters, (1, size), name, padding=(0, size // 2))


def _column(b: Builder, x: ir.Value, filters: int, size: int, name: str) -> ir.Value:
    """size×1 convolution that keeps the extent."""
    return _conv(b, x, filters, (size, 1), name, padding=(size // 2, 0))


def _pool_branch(b: Builder, x: ir.Value, filters: int, name: str) -> ir.Value:
    return _conv(b, b.average_pool(x, 3, f"{name}.pool", stride=1, padding=1), filters, 1, f"{name}.branch_pool")


def _module_a(b: Builder, x: ir.Value, pool_filters: int, name: str) -> ir.Value:
    ones = _conv(b, x, 64, 1, f"{name}.branch1x1")
    fives = _conv(b, _conv(b, x, 48, 1, f"{name}.branch5x5_1"), 64, 5, f"{name}.branch5x5_2", padding=2)
    threes = _conv(b, x, 64, 1, f"{name}.branch3x3dbl_1")
    threes = _conv(b, threes, 96, 3, f"{name}.branch3x3dbl_2", padding=1)
    threes = _conv(b, threes, 96, 3, f"{name}.branch3x3dbl_3", padding=1)
    return b.concat([ones, fives, threes, _pool_branch(b, x, pool_filters, name)], f"{name}.concat")


def _module_b(b: Builder, x: ir.Value, name: str) -> ir.Value:
    threes = _conv(b, x, 384, 3, f"{name}.branch3x3", stride=2)
    doubles = _conv(b, x, 64, 1, f"{name}.branch3x3dbl_1")
    doubles = _conv(b, doubles, 96, 3, f"{name}.branch3x3dbl_2", padding=1)
    doubles = _conv(b, doubles, 96, 3, f"{name}.branch3x3dbl_3", stride=2)
    return b.concat([threes, doubles, b.max_pool(x, 3, f"{name}.pool", stride=2)], f"{name}.concat")


def _module_c(b: Builder, x: ir.Value, width: int, name: str) -> ir.Value:
    ones = _conv(b, x, 192, 1, f"{name}.branch1x1")
    sevens = _conv(b, x, width, 1, f"{name}.branch7x7_1")
    sevens = _row(b, sevens, width, 7, f"{name}.branch7x7_2")
    sevens = _column(b, sevens, 192, 7, f"{name}.branch7x7_3")
    doubles = _conv(b, x, width, 1, f"{name}.branch7x7dbl_1")
    doubles = _column(b, doubles, width, 7, f"{name}.branch7x7dbl_2")
    doubles = _row(b, doubles, width, 7, f"{name}.branch7x7dbl_3")
    doubles = _column(b, doubles, width, 7, f"{name}.branch7x7dbl_4")
    doubles = _row(b, doubles, 192, 7, f"{name}.branch7x7dbl_5")
    return b.concat([ones, sevens, doubles, _pool_branch(b, x, 192, name)], f"{name}.concat")


def _module_d(b: Builder, x: ir.Value, name: str) -> ir.Value:
    threes = _conv(b, _conv(b, x, 192, 1, f"{name}.branch3x3_1"), 320, 3, f"{name}.branch3x3_2", stride=2)
    sevens = _conv(b, x, 192, 1, f"{name}.branch7x7x3_1")
    sevens = _row(b, sevens, 192, 7, f"{name}.branch7x7x3_2")
    sevens = _column(b, sevens, 192, 7, f"{name}.branch7x7x3_3")
    sevens = _conv(b, sevens, 192, 3, f"{name}.branch7x7x3_4", stride=2)
    return b.concat([threes, sevens, b.max_pool(x, 3, f"{name}.pool", stride=2)], f"{name}.concat")


def _fork(b: Builder, x: ir.Value, name: str) -> list[ir.Value]:
    # torchvision joins these two before it joins the branches; exporters merge the nested Concats, and so do we.
    return [_row(b, x, 384, 3, f"{name}a"), _column(b, x, 384, 3, f"{name}b")]


def _module_e(b: Builder, x: ir.Value, name: str) -> ir.Value:
    ones = _conv(b, x, 320, 1, f"{name}.branch1x1")
    threes = _fork(b, _conv(b, x, 384, 1, f"{name}.branch3x3_1"), f"{name}.branch3x3_2")
    doubles = _conv(b, x, 448, 1, f"{name}.branch3x3dbl_1")
    doubles = _conv(b, doubles, 384, 3, f"{name}.branch3x3dbl_2", padding=1)
    doubles_forked = _fork(b, doubles, f"{name}.branch3x3dbl_3")
    return b.concat([ones, *threes, *doubles_forked, _pool_branch(b, x, 192, name)], f"{name}.concat")


def _stem(b: Builder) -> ir.Value:
    x = _conv(b, b.input, 32, 3, "conv1a", stride=2)
    x = _conv(b, x, 32, 3, "conv2a")
    x = _conv(b, x, 64, 3, "conv2b", padding=1)
    x = b.max_pool(x, 3, "pool1", stride=2)
    x = _conv(b, x, 80, 1, "conv3b")
    x = _conv(b, x, 192, 3, "conv4a")
    return b.max_pool(x, 3, "pool2", stride=2)


def inception_v3(batch: int, batchnorm: bool) -> ir.Model:
    """Return Inception v3 for 299×299 images."""
    b = Builder("inceptionv3", (batch, 3, 299, 299), batchnorm)
    x = _stem(b)
    for letter, filters in zip("bcd", (32, 64, 64), strict=True):
        x = _module_a(b, x, filters, f"mixed5{letter}")
    x = _module_b(b, x, "mixed6a")
    for letter, width in zip("bcde", (128, 160, 160, 192), strict=True):
        x = _module_c(b, x, width, f"mixed6{letter}")
    x = _module_d(b, x, "mixed7a")
    for letter in "bc":
        x = _module_e(b, x, f"mixed7{letter}")
    x = b.flatten(b.global_average_pool(x, "avgpool"), "flatten")
    return b.finish(b.gemm(x, 1000, "fc"), (batch, 1000))
