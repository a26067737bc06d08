"""The interface that every dataflow implements: what a tile's loop nest costs on an array."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields
from typing import ClassVar, overload

from accelsim.dataflows.cost import ArrayCost, Counts, ScalarCost, scalar
from accelsim.dataflows.nest import LoopNest, arrays
from accelsim.dataflows.shape import ArrayShape

__all__ = ["Dataflow", "ceil_div"]


class Dataflow(ABC):
    """One way to use the array. Stateless: an instance only names the formulas.

    Attributes:
        name: as `pe_array.dataflow` says it.
        sums_leave_array: whether partial sums are kept outside the array between folds.
    """

    name: ClassVar[str]
    sums_leave_array: ClassVar[bool] = True

    def counts_positions(self, array: ArrayShape) -> bool:
        """Whether only the number of output positions matters, not how many rows and columns they make."""
        return False

    def units(self, array: ArrayShape) -> tuple[int, int]:
        """Channels and filters that fill the array: a tile's sizes had better be multiples."""
        return array.rows, array.columns

    @overload
    def cost(self, array: ArrayShape, nest: LoopNest[int]) -> ScalarCost: ...

    @overload
    def cost(self, array: ArrayShape, nest: LoopNest[Counts]) -> ArrayCost: ...

    def cost(self, array: ArrayShape, nest: LoopNest[int] | LoopNest[Counts]) -> ScalarCost | ArrayCost:
        """Cost of a tile, or of many at once; extents are positive.

        Args:
            array: the PE array and its conventions.
            nest: extents of the tile; fields may be arrays, which are broadcast against one another.

        Returns:
            Python numbers if all extents are ints; int64 and float64 arrays of the broadcast shape otherwise.
        """
        single = all(isinstance(getattr(nest, field.name), int) for field in fields(nest))
        cost = self._cost(array, arrays(nest))
        return scalar(cost) if single else cost

    @abstractmethod
    def _cost(self, array: ArrayShape, nest: LoopNest[Counts]) -> ArrayCost:
        """The cost of many tiles."""


def ceil_div(a: Counts, b: int | Counts) -> Counts:
    """⌈a/b⌉ in integers."""
    return -(-a // b)
