"""Weights that are made when somebody asks: seeded by the tensor's name, scaled as He et al. (2015) do.

Each weight has its own generator, so that one can be made without the others, and the same name and shape always give
the same values.
"""

import zlib
from math import prod, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from restructure.operators import Shape

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["WeightKind", "lazy_weight", "weight_values"]

WeightKind = Literal["filter", "linear", "bias", "scale", "mean", "variance"]


def weight_values(name: str, shape: Shape, kind: WeightKind) -> npt.NDArray[np.float32]:
    """Return the values of a weight.

    All are uniform: filters with variance 2 / fan-in, linear weights (inputs first) with variance 1 / fan-in, biases
    and running means with σ = 0.1 about 0, scales in 0.75..1.25, running variances in 0.5..1.5.
    """
    # Drawing normal values takes eight times as long: 3 s for VGG16.
    generator = np.random.Generator(np.random.SFC64(zlib.crc32(name.encode())))
    if kind in ("scale", "variance"):
        middle, half = 1.0, 0.25 if kind == "scale" else 0.5
    else:
        sigma = {"filter": sqrt(2.0 / prod(shape[1:])), "linear": sqrt(1.0 / shape[0])}.get(kind, 0.1)
        middle, half = 0.0, sqrt(3.0) * sigma
    values = generator.random(shape, dtype=np.float32)
    values *= np.float32(2 * half)  # in place: the largest weight of VGG16 is 392 MiB
    values += np.float32(middle - half)
    return values


def lazy_weight(name: str, shape: Shape, kind: WeightKind) -> "ir.LazyTensor":
    """Return a float32 tensor that makes its values on every request and keeps none."""
    import onnx_ir as ir

    def make() -> ir.TensorProtocol:
        return ir.Tensor(weight_values(name, shape, kind), name=name)

    return ir.LazyTensor(make, ir.DataType.FLOAT, ir.Shape(shape), name=name)
