"""Constants that are not computed until somebody asks.

A weight may be a tensor in the file, a fill (ConstantOfShape) or an expression over other constants (a transposed or
dequantised weight). Shapes are known at once; values are made on demand and, unless small, not kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from restructure.errors import ModelError, WeightFileError
from restructure.operators import Array, TensorInfo

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["SMALL", "Constant", "Derived", "Fill", "Known", "Stored"]

SMALL = 4096
"""Constants of at most this many elements may be kept once computed."""


class Constant(Protocol):
    """A tensor known before the model runs."""

    @property
    def info(self) -> TensorInfo: ...

    def evaluate(self) -> Array:
        """Return the values; raises WeightFileError if they lie in a file that cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """A small value that is already computed."""

    info: TensorInfo
    value: Array

    def evaluate(self) -> Array:
        return self.value


@dataclass(frozen=True, slots=True)
class Fill:
    """One value everywhere."""

    info: TensorInfo
    value: Array

    def evaluate(self) -> Array:
        return np.full(self.info.shape, self.value, dtype=self.value.dtype)


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor of the file, or one that makes itself when asked (onnx-ir's tensor protocol)."""

    info: TensorInfo
    tensor: "ir.TensorProtocol"

    def evaluate(self) -> Array:
        try:
            return np.asarray(self.tensor.numpy())
        except OSError as error:
            raise WeightFileError(f"weight {self.tensor.name!r}: its external data cannot be read: {error}") from error
        except (ValueError, TypeError) as error:
            if hasattr(self.tensor, "location"):
                raise WeightFileError(f"weight {self.tensor.name!r}: its external data is refused: {error}") from error
            raise ModelError(f"weight {self.tensor.name!r}: its data does not fit its shape: {error}") from error


@dataclass(frozen=True, slots=True)
class Derived:
    """Result `index` of an operator applied to constants."""

    info: TensorInfo
    operands: tuple[Constant | None, ...]
    compute: Callable[[Sequence[Array | None]], Sequence[Array]]
    index: int = 0

    def evaluate(self) -> Array:
        arrays = [None if operand is None else operand.evaluate() for operand in self.operands]
        return self.compute(arrays)[self.index]
