"""Exact box arithmetic for many boxes at once: coordinate compression, one grid per group of boxes.

The sides of a group's boxes cut the group's space into *cells*; each box is a set of whole cells. An *incidence* is a
(box, cell) pair. Time and memory are linear in the incidences, not in the elements of the boxes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelsim.results.columns import Ints

__all__ = ["Cells", "Grid"]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Incidences, ordered by box.

    Attributes:
        box: row of the box among those asked about.
        cell: the cell's number, unique over all groups.
        volume: elements in the cell.
    """

    box: Ints
    cell: Ints
    volume: Ints


class Grid:
    """The cells that a set of boxes cuts their groups into. Immutable.

    Groups are numbered from 0; a box is [start, stop) with one column per axis.
    """

    def __init__(self, group: Ints, start: Ints, stop: Ints) -> None:
        self._groups = int(group.max(initial=-1)) + 1
        self._span = int(stop.max(initial=0)) + 1
        keys = group[:, None] * self._span
        self._cuts = [np.unique(np.concatenate((a, b))) for a, b in zip((keys + start).T, (keys + stop).T, strict=True)]
        bounds = np.arange(self._groups + 1) * self._span
        edges = [np.searchsorted(cuts, bounds) for cuts in self._cuts]
        self._first = np.array([edge[:-1] for edge in edges])
        self._last = np.maximum(np.array([edge[1:] for edge in edges]) - 1, self._first)
        self._sizes = self._last - self._first
        self._base = np.concatenate(([0], np.cumsum(np.prod(self._sizes, axis=0))))

    def cells(self, group: Ints, start: Ints, stop: Ints) -> Cells:
        """The cells that each box meets; parts of a box outside its group's grid meet none.

        A box that took part in making the grid is exactly the union of its cells; another may stick out of them.
        """
        low, count = self._extent(group, start, stop)
        per_box = np.prod(count, axis=0)
        box = np.repeat(np.arange(len(group)), per_box)
        rest = np.arange(len(box)) - np.repeat(np.cumsum(per_box) - per_box, per_box)
        cell = self._base[group[box]]
        volume = np.ones(len(box), np.int64)
        weight = np.ones(len(box), np.int64)
        for axis in reversed(range(len(self._cuts))):
            sides = count[axis][box]
            index = low[axis][box] + rest % sides
            rest //= sides
            cell = cell + (index - self._first[axis][group[box]]) * weight
            weight *= self._sizes[axis][group[box]]
            volume *= self._cuts[axis][index + 1] - self._cuts[axis][index]
        return Cells(box, cell, volume)

    def _extent(self, group: Ints, start: Ints, stop: Ints) -> tuple[Ints, Ints]:
        """First cut and number of cells of each box, one row per axis."""
        low = np.empty((len(self._cuts), len(group)), np.int64)
        count = np.empty_like(low)
        for axis, cuts in enumerate(self._cuts):
            first, last = self._first[axis][group], self._last[axis][group]
            key = group * self._span
            begin = np.searchsorted(cuts, key + np.minimum(start[:, axis], self._span - 1), side="right") - 1
            end = np.searchsorted(cuts, key + np.minimum(stop[:, axis], self._span - 1), side="left")
            low[axis] = np.maximum(begin, first)
            count[axis] = np.maximum(np.minimum(end, last) - low[axis], 0)
        return low, count
