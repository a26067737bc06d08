"""Rounding to a scale where two right answers exist.

A quantising step rounds a float32 number. Two executions that add the same products in different orders may find
numbers on either side of a tie, however right both are, and everything behind then differs by whole steps. So the
executor is given the integers of the reference: where its own number lies within float32's error of a tie, it rounds as
the reference did; anywhere else it rounds by itself, and a difference stays a difference. What is no number (0 divided
by 0) has no integer by ONNX's definition, and gets the reference's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accelsim.program import Tile

__all__ = ["Ties"]

_Floats = NDArray[np.float32]


@dataclass(slots=True)
class Ties:
    """Integers that a reference rounded to, and how near a tie they count.

    Attributes:
        expected: physical arrays by the name that a step gives the value; not-a-number where there is nothing.
        window: distance from a tie, in steps, within which the reference decides.
        settled: how many values the reference decided so far, …
        seen: … of how many; both grow with every execution.
        largest: farthest from a tie that it decided, in steps.
        undefined: how many values were no number.
        different: the first value with roundings that differ and are no ties, and by how many steps; empty if none is.
    """

    expected: Mapping[str, _Floats]
    window: float
    settled: int = 0
    seen: int = 0
    largest: float = 0.0
    undefined: int = 0
    different: tuple[str, float] | None = None

    def settle(self, tile: Tile, value: str, exact: _Floats, rounded: _Floats) -> _Floats:
        """The rounded values, those of the reference where both lie as near.

        Args:
            tile: which part of a layer's output.
            value: what is rounded there.
            exact: steps before rounding, zero point included.
            rounded: steps after it.
        """
        wanted = self.expected.get(value)
        if wanted is None:
            return rounded
        theirs = wanted[tuple(slice(a, a + n) for a, n in zip(tile.start, tile.shape, strict=True))]
        lost = np.isnan(exact) & ~np.isnan(theirs)
        self.undefined += int(lost.sum())
        rounded = np.where(lost, theirs, rounded)
        with np.errstate(invalid="ignore"):  # infinities are no ties, and no error
            distance = np.abs(exact - (rounded + theirs) / 2)
            decided = (np.abs(rounded - theirs) == 1) & (distance <= self.window)
        self.seen += int((theirs == theirs).sum())
        self.settled += int(decided.sum())
        apart = float(np.nan_to_num(np.abs(rounded - theirs))[~decided].max(initial=0.0))
        if apart and self.different is None:
            self.different = value, apart
        self.largest = max(self.largest, float(distance[decided].max(initial=0.0)))
        return np.where(decided, theirs, rounded).astype(np.float32)
