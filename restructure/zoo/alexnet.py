"""AlexNet (Krizhevsky et al., NIPS 2012) as Caffe and the Eyeriss papers have it: 227×227 images, two groups, LRN.

Convolutions 2, 4 and 5 are in two groups, as the authors' two GPUs were; response normalisation comes before pooling.
"""

import onnx_ir as ir

from restructure.zoo.builder import Builder

__all__ = ["alexnet"]

_LRN = {"size": 5, "alpha": 1e-4, "beta": 0.75, "bias": 1.0}


def _normalised_and_pooled(b: Builder, x: ir.Value, number: int) -> ir.Value:
    x = b.emit("LRN", f"norm{number}", [x], b.channels(x), _LRN)
    return b.max_pool(x, 3, f"pool{number}", stride=2)


def alexnet(batch: int, batchnorm: bool) -> ir.Model:
    """Return AlexNet for 227×227 images (it has no BatchNorm to keep)."""
    b = Builder("alexnet", (batch, 3, 227, 227), batchnorm)
    x = b.relu(b.conv(b.input, 96, 11, "conv1", stride=4))
    x = _normalised_and_pooled(b, x, 1)
    x = b.relu(b.conv(x, 256, 5, "conv2", padding=2, groups=2))
    x = _normalised_and_pooled(b, x, 2)
    x = b.relu(b.conv(x, 384, 3, "conv3", padding=1))
    x = b.relu(b.conv(x, 384, 3, "conv4", padding=1, groups=2))
    x = b.relu(b.conv(x, 256, 3, "conv5", padding=1, groups=2))
    x = b.flatten(b.max_pool(x, 3, "pool5", stride=2), "flatten", features=256 * 6 * 6)
    for name in ("fc6", "fc7"):
        x = b.relu(b.gemm(x, 4096, name))
    return b.finish(b.gemm(x, 1000, "fc8"), (batch, 1000))
