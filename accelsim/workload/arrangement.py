"""Arrangements: what a model's tensor is in terms of stored data, before anybody decides to move it.

Each axis of the tensor is a list of *factors*, outermost first; a factor walks along one axis of a four-axis *base*
view in equal steps. Reshape, Transpose, Slice with steps, Expand and their kin only rewrite factors; when a layer
finally reads the tensor, the builder finds pieces that express it, or pays for a copy.

>>> split_factor(Factor(3, 6, 1), 2)
(Factor(axis=3, size=3, step=2), Factor(axis=3, size=2, step=1))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from accelsim.workload.layouts import Layout
from accelsim.workload.records import FloatArray, Shape4, View
from accelsim.workload.views import shape4


@dataclass(frozen=True, slots=True)
class Factor:
    """`size` positions along a base axis, `step` apart; step 0 repeats the same element."""

    axis: int
    size: int
    step: int


Factors = tuple[Factor, ...]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A tensor over a base view.

    Attributes:
        base: what is stored.
        start: base position of the tensor's first element.
        axes: factors of each axis of the tensor; an axis of size 1 has none.
    """

    base: View
    start: Shape4
    axes: tuple[Factors, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape."""
        return tuple(extent(factors) for factors in self.axes)

    def permuted(self, order: Sequence[int]) -> Arrangement:
        """Axes in another order."""
        return replace(self, axes=tuple(self.axes[axis] for axis in order))

    def reshaped(self, shape: Sequence[int]) -> Arrangement | None:
        """The same elements in the same order under another shape; None if factors cannot express it."""
        rest = list(merged([factor for factors in self.axes for factor in factors]))
        axes = []
        for size in shape:
            taken = _take(rest, size)
            if taken is None:
                return None
            axes.append(merged(taken))
        return replace(self, axes=tuple(axes))

    def sliced(self, axis: int, positions: range) -> Arrangement | None:
        """Every position of `positions` along an axis; None if factors cannot express it."""
        factors = self.axes[axis]
        if positions == range(extent(factors)):
            return self
        if len(factors) == 1:
            chosen = _stepped(factors[0], positions)
        elif len(positions) == 1:
            chosen = ()
        else:
            block = _outer(factors, positions)
            if block is None:
                return None
            chosen = block
        start = list(self.start)
        for factor, index in zip(factors, _digits(factors, positions[0]), strict=True):
            start[factor.axis] += index * factor.step
        axes = (*self.axes[:axis], chosen, *self.axes[axis + 1 :])
        return Arrangement(self.base, shape4(start), axes)

    def expanded(self, shape: Sequence[int]) -> Arrangement:
        """Broadcast to `shape`, whose last axes are this tensor's."""
        axes: list[Factors] = [()] * (len(shape) - len(self.axes)) + list(self.axes)
        for axis, size in enumerate(shape):
            if extent(axes[axis]) == 1 and size > 1:
                axes[axis] = (Factor(0, size, 0),)
        return replace(self, axes=tuple(axes))

    def grouped(self, layout: Layout) -> tuple[Factors, Factors, Factors, Factors]:
        """Factors of the physical axes under a layout."""
        batch, row, column, channel = (merged([f for axis in group for f in self.axes[axis]]) for group in layout)
        return (batch, row, column, channel)

    @property
    def covers_base(self) -> bool:
        """Whether every element of the base occurs exactly once."""
        if self.start != (0, 0, 0, 0) or prod(self.shape) != self.base.elements:
            return False
        found: dict[int, list[Factor]] = {0: [], 1: [], 2: [], 3: []}
        for factors in self.axes:
            for factor in factors:
                found[factor.axis].append(factor)
        return all(_covers(factors, self.base.shape[axis]) for axis, factors in found.items())

    def scattered(self, values: FloatArray) -> FloatArray:
        """The base array in which the tensor has these values, not-a-number where it has no element.

        Args:
            values: in the tensor's shape, or in another one of the same elements in the same order.
        """
        places = [np.full((1,) * len(self.axes), first) for first in self.start]
        for axis, factors in enumerate(self.axes):
            aligned = [-1 if a == axis else 1 for a in range(len(self.axes))]
            index = np.arange(extent(factors))
            for factor in reversed(factors):
                index, digit = np.divmod(index, factor.size)
                places[factor.axis] = places[factor.axis] + (digit * factor.step).reshape(aligned)
        base = np.full(self.base.shape, np.nan, np.float32)
        base[tuple(np.broadcast_to(place, self.shape) for place in places)] = values.reshape(self.shape)
        return base

    def natural(self) -> Layout | None:
        """The layout in which the tensor is the base itself, axis by axis; None if there is none."""
        groups: list[list[int]] = [[], [], [], []]
        last = 0
        for axis, factors in enumerate(self.axes):
            bases = {factor.axis for factor in factors}
            if len(bases) > 1:
                return None
            last = bases.pop() if bases else last
            groups[last].append(axis)
        layout = (tuple(groups[0]), tuple(groups[1]), tuple(groups[2]), tuple(groups[3]))
        return layout if self._is_base(layout) else None

    def _is_base(self, layout: Layout) -> bool:
        wanted = tuple((Factor(axis, size, 1),) if size > 1 else () for axis, size in enumerate(self.base.shape))
        return self.start == (0, 0, 0, 0) and self.grouped(layout) == wanted


def of_view(view: View, shape: Sequence[int], layout: Layout) -> Arrangement:
    """A tensor that lies in `view` under a layout."""
    axes: list[Factors] = [()] * len(shape)
    for physical, group in enumerate(layout):
        step = 1
        for axis in reversed(group):
            if shape[axis] > 1:
                axes[axis] = (Factor(physical, shape[axis], step),)
            step *= shape[axis]
    return Arrangement(view, (0, 0, 0, 0), tuple(axes))


def extent(factors: Sequence[Factor]) -> int:
    """Positions along an axis."""
    return prod(factor.size for factor in factors)


def merged(factors: Sequence[Factor]) -> Factors:
    """Neighbouring factors that make one equal walk, as one."""
    found: list[Factor] = []
    for factor in factors:
        if factor.size == 1:
            continue
        last = found[-1] if found else None
        if last is not None and last.axis == factor.axis and last.step == factor.step * factor.size:
            found[-1] = Factor(factor.axis, last.size * factor.size, factor.step)
        else:
            found.append(factor)
    return tuple(found)


def split_factor(factor: Factor, inner: int) -> tuple[Factor, Factor]:
    """A factor as an outer and an inner one of `inner` positions."""
    outer = Factor(factor.axis, factor.size // inner, factor.step * inner)
    return outer, Factor(factor.axis, inner, factor.step)


def _take(rest: list[Factor], size: int) -> list[Factor] | None:
    """Remove factors of `size` positions from the front of `rest`, splitting the last one if need be."""
    taken: list[Factor] = []
    while size > 1:
        if not rest:
            return None
        factor = rest.pop(0)
        if size % factor.size == 0:
            taken.append(factor)
            size //= factor.size
        elif factor.size % size == 0:
            outer, inner = split_factor(factor, factor.size // size)
            taken.append(outer)
            rest.insert(0, inner)
            size = 1
        else:
            return None
    return taken


def _stepped(factor: Factor, positions: range) -> Factors:
    return (Factor(factor.axis, len(positions), factor.step * positions.step),) if len(positions) > 1 else ()


def _outer(factors: Factors, positions: range) -> Factors | None:
    """Whole blocks of the inner factors: fewer positions of the outermost one."""
    inner = extent(factors[1:])
    if positions.step != 1 or positions.start % inner or len(positions) % inner:
        return None
    return merged([replace(factors[0], size=len(positions) // inner), *factors[1:]])


def _digits(factors: Sequence[Factor], position: int) -> list[int]:
    """Index of each factor at a position along the axis."""
    found = []
    for factor in reversed(factors):
        position, index = divmod(position, factor.size)
        found.append(index)
    return found[::-1]


def _covers(factors: list[Factor], size: int) -> bool:
    step = 1
    for factor in sorted(factors, key=lambda f: f.step):
        if factor.step != step:
            return False
        step *= factor.size
    return step == size
