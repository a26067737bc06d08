"""Constants that are not computed until somebody asks.

A weight may be a tensor in the file, a fill (ConstantOfShape) or an expression over other constants (a transposed or
dequantised weight). Shapes are known at once; values are made on demand and, unless small, not kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from restructure.errors import ModelError, WeightFileError
from restructure.graph.external import check_inside, is_external
from restructure.operators import Array, TensorInfo

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["SMALL", "Constant", "Derived", "Fill", "Known", "Stored", "stored_dtype"]

# operators whose result holds the operand's values, decoded or moved
_SAME_VALUES = frozenset({"DequantizeLinear", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"})

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
        name = self.tensor.name
        if is_external(self.tensor):
            check_inside(self.tensor)
        try:
            return np.asarray(self.tensor.numpy())
        except OSError as error:
            raise WeightFileError(f"weight {name!r}: its external data cannot be read: {error}") from error
        except (AssertionError, TypeError, ValueError) as error:  # onnx-ir asserts that fields and types go together
            reason = str(error).split("\n")[0]
            if is_external(self.tensor):
                raise WeightFileError(f"weight {name!r}: its external data is refused: {reason}") from error
            raise ModelError(f"weight {name!r}: its data does not fit its shape or type: {reason}") from error


@dataclass(frozen=True, slots=True)
class Derived:
    """Result `index` of an operator applied to constants."""

    info: TensorInfo
    op_type: str
    operands: tuple[Constant | None, ...]
    compute: Callable[[Sequence[Array | None]], Sequence[Array]]
    index: int = 0

    def evaluate(self) -> Array:
        arrays = [None if operand is None else operand.evaluate() for operand in self.operands]
        return self.compute(arrays)[self.index]


def stored_dtype(constant: Constant) -> str:
    """Return the element type in which a constant's values are stored: int8 for a dequantised int8 weight."""
    while isinstance(constant, Derived) and constant.op_type in _SAME_VALUES and constant.operands[0] is not None:
        constant = constant.operands[0]
    return constant.info.dtype
