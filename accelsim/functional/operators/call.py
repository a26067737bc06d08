"""One call of a kernel: what an operator's implementation is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from accelsim.program import Tile, VectorKernel

Values = NDArray[np.float32]
Attribute = float | tuple[float, ...]


Settle = Callable[[str, Values, Values], Values]
"""Steps after rounding, given the rounded value's name and the steps before and after."""


def as_rounded(value: str, exact: Values, rounded: Values) -> Values:
    """Every rounding stands as it is."""
    return rounded


@dataclass(frozen=True, slots=True)
class Call:
    """A vector instruction with its operands read.

    Attributes:
        kernel, tile: from the instruction.
        inputs: logical operands in the order of `kernel.inputs`.
        slots: the same and all others, by slot.
        origins: where each operand begins in its own coordinates, by slot.
        settle: has the last word on what is rounded to a scale.
    """

    kernel: VectorKernel
    tile: Tile
    inputs: Sequence[Values]
    slots: Mapping[str, Values]
    origins: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    settle: Settle = as_rounded

    def number(self, name: str, default: float) -> float:
        """A numeric attribute."""
        value = dict(self.kernel.attributes).get(name, default)
        return value[0] if isinstance(value, tuple) else value

    def numbers(self, name: str, default: Sequence[int]) -> tuple[int, ...]:
        """An attribute that is a tuple of integers."""
        value = dict(self.kernel.attributes).get(name, tuple(default))
        return tuple(int(v) for v in value) if isinstance(value, tuple) else (int(value),)

    def reals(self, name: str) -> tuple[float, ...]:
        """An attribute that is a tuple of numbers."""
        value = dict(self.kernel.attributes)[name]
        return value if isinstance(value, tuple) else (value,)


Operator = Callable[[Call], Values]
