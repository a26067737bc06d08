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

    Filters are normal with variance 2 / fan-in, linear weights (inputs first) with variance 1 / fan-in, biases and
    running means normal with σ = 0.1, scales uniform in 0.75..1.25, running variances uniform in 0.5..1.5.
    """
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    if kind in ("scale", "variance"):
        low, width = (0.75, 0.5) if kind == "scale" else (0.5, 1.0)
        return (generator.random(shape, dtype=np.float32) * np.float32(width) + np.float32(low)).astype(np.float32)
    sigma = {"filter": sqrt(2.0 / prod(shape[1:])), "linear": sqrt(1.0 / shape[0])}.get(kind, 0.1)
    values = generator.standard_normal(shape, dtype=np.float32)
    values *= np.float32(sigma)  # in place: the largest weight of VGG16 is 392 MiB
    return values


def lazy_weight(name: str, shape: Shape, kind: WeightKind) -> "ir.LazyTensor":
    """Return a float32 tensor that makes its values on every request and keeps none."""
    import onnx_ir as ir

    def make() -> ir.TensorProtocol:
        return ir.Tensor(weight_values(name, shape, kind), name=name)

    return ir.LazyTensor(make, ir.DataType.FLOAT, ir.Shape(shape), name=name)
