"""The records of the operator table.

A `Call` is one application of an operator with everything static analysis may look at: operand shapes and types,
attributes, and the values of small constant operands. An `OperatorSpec` is one row of the table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from restructure import dtypes
from restructure.errors import OperatorError, printable

__all__ = [
    "Array",
    "Call",
    "Category",
    "Infer",
    "OperatorSpec",
    "Shape",
    "TensorInfo",
    "anything_goes",
    "no_macs",
    "normalise_axis",
    "tensor_info",
]

Shape = tuple[int, ...]
Array = npt.NDArray[Any]

Category = Literal[
    "conv",
    "conv_transpose",
    "matmul",
    "pool",
    "elementwise",
    "reduce",
    "softmax",
    "normalization",
    "view",
    "copy",
    "resize",
    "quantize",
    "constant",
]


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """Shape and element type of one operand or result."""

    shape: Shape
    dtype: str

    @property
    def elements(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True, slots=True)
class Call:
    """One application of an operator.

    Attributes:
        inputs: one entry per operand; None where an optional operand is absent.
        outputs: number of results asked for.
        constant: value of operand i if it is known and small, else None.
        opset: version of the operator's domain that the model imports.
    """

    op_type: str
    domain: str
    opset: int
    attributes: Mapping[str, Any]
    inputs: tuple[TensorInfo | None, ...]
    outputs: int
    constant: Callable[[int], Array | None]

    def has(self, index: int) -> bool:
        """Whether operand `index` is present."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def operand(self, index: int) -> TensorInfo:
        """Return operand `index`; raises OperatorError if it is absent."""
        info = self.inputs[index] if index < len(self.inputs) else None
        if info is None:
            raise OperatorError(f"operand {index} is missing ({len(self.inputs)} given)")
        return info

    def shape(self, index: int = 0) -> Shape:
        return self.operand(index).shape

    def dtype(self, index: int = 0) -> str:
        return self.operand(index).dtype

    def present(self) -> tuple[TensorInfo, ...]:
        """Return the operands that are present."""
        return tuple(info for info in self.inputs if info is not None)

    def _attribute(self, name: str, kind: type | tuple[type, ...], default: Any) -> Any:
        value = self.attributes.get(name, default)
        if value is None or isinstance(value, kind):
            return value
        shown = repr(value) if isinstance(value, (int, float, str, tuple)) else f"a {type(value).__name__}"
        raise OperatorError(f"attribute {name!r} has the wrong type: {printable(shown)}")

    def integer(self, name: str, default: int | None = None) -> int:
        """Return an integer attribute; raises OperatorError if it is absent and has no default."""
        value = self._attribute(name, int, default)
        if value is None:
            raise OperatorError(f"attribute {name!r} is required")
        return int(value)

    def real(self, name: str, default: float) -> float:
        return float(self._attribute(name, (int, float), default))

    def text(self, name: str, default: str) -> str:
        return str(self._attribute(name, str, default))

    def integers(self, name: str) -> tuple[int, ...] | None:
        """Return a list-of-integers attribute, or None if it is absent."""
        value = self._attribute(name, tuple, None)
        if value is not None and not all(isinstance(item, int) for item in value):
            raise OperatorError(f"attribute {name!r} must hold integers, got {value!r}")
        return value  # type: ignore[no-any-return]

    def reals(self, name: str) -> tuple[float, ...] | None:
        value = self._attribute(name, tuple, None)
        return None if value is None else tuple(float(item) for item in value)

    def value(self, index: int, meaning: str) -> Array:
        """Return the value of a constant operand.

        Raises:
            OperatorError: the operand's value is not known before the model runs.
        """
        array = self.constant(index) if self.has(index) else None
        if array is None:
            raise OperatorError(f"operand {index} ({meaning}) must be a constant: shapes must be static")
        return array

    def value_integers(self, index: int, meaning: str) -> tuple[int, ...]:
        """Return a constant operand as a tuple of integers."""
        array = np.asarray(self.value(index, meaning))
        if array.dtype.kind not in "iu":
            raise OperatorError(f"operand {index} ({meaning}) must hold integers, got {array.dtype}")
        return tuple(int(item) for item in array.reshape(-1))

    def axes(self, index: int, name: str = "axes") -> tuple[int, ...] | None:
        """Return axes given as attribute (older opsets) or as operand `index` (newer ones), or None."""
        listed = self.integers(name)
        if listed is None and self.has(index):
            listed = self.value_integers(index, name)
        return listed


Infer = Callable[[Call], Sequence[TensorInfo]]
CountMacs = Callable[[Call, Sequence[TensorInfo]], int]


def no_macs(call: Call, results: Sequence[TensorInfo]) -> int:
    """Count no multiply-accumulates: the operator has no product at its heart."""
    return 0


def anything_goes(call: Call) -> None:
    """Accept a call whatever it is."""


@dataclass(frozen=True, slots=True)
class OperatorSpec:
    """One row of the operator table.

    Attributes:
        infer: shapes and types of the results; raises OperatorError.
        macs: multiply-accumulates of one call (bias adds and reductions are not counted).
        is_view: the result holds the same elements in the same order as operand 0.
        elementwise: each result element depends on the operand elements of its own (broadcast) position only.
        in_place: the result may overwrite an operand of equal size that nobody reads again.
        parameters: operands that hold learned values where they are constants (None: any); scales, bounds, axes
            and running statistics are none.
        check_live: what a call must be where it is not folded, its operands being known only at run time; raises
            OperatorError.
    """

    name: str
    category: Category
    infer: Infer
    macs: CountMacs = no_macs
    domain: str = ""
    is_view: bool = False
    elementwise: bool = False
    in_place: bool = False
    parameters: tuple[int, ...] | None = None
    check_live: Callable[[Call], None] = anything_goes


def normalise_axis(axis: int, rank: int) -> int:
    """Return `axis` counted from the front; raises OperatorError if it lies outside the rank."""
    if not -rank <= axis < rank:
        raise OperatorError(f"axis {axis} lies outside a tensor of rank {rank}")
    return axis % rank


def tensor_info(tensor: Any, what: str) -> TensorInfo:
    """Return shape and type of a stored tensor (onnx-ir's tensor protocol).

    Raises:
        OperatorError: `what` is no tensor, has an unknown element type or a negative extent.
    """
    try:
        name, shape = dtypes.from_onnx(tensor.dtype.value), tuple(int(n) for n in tensor.shape)
    except (AttributeError, ValueError, TypeError):
        name, shape = None, ()
    if name is None:
        raise OperatorError(f"{what} is no tensor of a known element type")
    if any(n < 0 for n in shape):
        raise OperatorError(f"{what} has the impossible shape {list(shape)}")
    return TensorInfo(shape, name)
