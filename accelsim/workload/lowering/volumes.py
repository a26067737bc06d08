"""Convolutions and pools over depth, rows and columns, as ones over rows and columns.

A volume (N, C, D, H, W) lies as N·D maps. A window that is T deep reads T maps, which lie side by side as its channels:
one convolution of T·C channels, for each of the N·OD maps it writes. Where the channels are in groups, which would be
torn apart by that, each of the T taps is a convolution of its own, added to what the taps before have summed up. Taps
beyond the first or last map read a map of zeros. A pool goes over rows and columns first, then over maps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeVar

from accelsim.workload.builder import Builder
from accelsim.workload.layouts import Layout
from accelsim.workload.records import FloatArray, View
from accelsim.workload.values import ScaleShift
from accelsim.workload.views import cut, join, shape4
from restructure.operators import ConvGeometry, PoolGeometry

__all__ = ["MAPS", "DepthTaps", "TapFilters", "over_maps"]

_Window = TypeVar("_Window", ConvGeometry, PoolGeometry)

MAPS: Layout = ((0,), (1,), (2,), (3,))
"""Where maps lie that no value of the model is."""


def over_maps(window: _Window, batch: int) -> _Window:
    """What a window over depth, rows and columns is over rows and columns, for so many maps."""
    _, top, left, _, bottom, right = window.pads
    return replace(
        window,
        kernel=window.kernel[1:],
        strides=window.strides[1:],
        dilations=window.dilations[1:],
        pads=(top, left, bottom, right),
        in_spatial=window.in_spatial[1:],
        out_spatial=window.out_spatial[1:],
        batch=batch,
    )


@dataclass(frozen=True, slots=True)
class DepthTaps:
    """Which maps a window reads along depth.

    Attributes:
        batch, depth, results: N, D and OD.
        taps, stride, dilation, before: of the window, along depth.
    """

    batch: int
    depth: int
    results: int
    taps: int
    stride: int
    dilation: int
    before: int

    @staticmethod
    def of(window: ConvGeometry | PoolGeometry) -> DepthTaps:
        """The first of three spatial axes."""
        return DepthTaps(window.batch, window.in_spatial[0], window.out_spatial[0], window.kernel[0], window.strides[0],
                         window.dilations[0], window.pads[0])  # fmt: skip

    def place(self, result: int, tap: int) -> int:
        """Which map a tap of a result reads; below 0 or from D on it is beside the volume."""
        return result * self.stride - self.before + tap * self.dilation

    def alike(self, before: int = 0, after: int = 0) -> list[tuple[tuple[int, ...], list[int]]]:
        """Runs of results that read maps with the same taps, and those taps.

        Args:
            before, after: how many maps beside the volume count as maps too.
        """

        def read(result: int) -> tuple[int, ...]:
            return tuple(tap for tap in range(self.taps) if -before <= self.place(result, tap) < self.depth + after)

        return [(taps, list(results)) for taps, results in groupby(range(self.results), read)]

    def maps(self, builder: Builder, view: View, entry: int, results: Iterable[int], tap: int) -> View:
        """What one tap reads for some results of one batch entry: a map each, zeros beside the volume."""
        places = [self.place(result, tap) for result in results]
        runs = [list(run) for _, run in groupby(range(len(places)), lambda i: _run(places[i], i, self.depth))]
        parts = []
        for run in runs:
            first = places[run[0]]
            if 0 <= first < self.depth:
                start = (entry * self.depth + first, 0, 0, 0)
                parts.append(cut(view, start, shape4((len(run), *view.shape[1:]))))
            else:
                parts += [builder.zeros(view)] * len(run)
        return join(parts, 0)

    def of_all(self, builder: Builder, view: View, tap: int) -> View:
        """What one tap reads for all results."""
        every = range(self.results)
        return join([self.maps(builder, view, entry, every, tap) for entry in range(self.batch)], 0)


def _run(place: int, index: int, depth: int) -> tuple[int, int]:
    """What neighbours have in common that can be cut out as one: they follow each other inside, or lie beside."""
    return (0, place - index) if 0 <= place < depth else (1, 0)


@dataclass(frozen=True, slots=True)
class TapFilters:
    """Filters (K, C/G, T, FY, FX) of the model as (K, FY, FX, T·C/G), or those of one tap, times the folded scale."""

    of_model: Callable[[], FloatArray]
    fold: ScaleShift | None = None
    tap: int | None = None

    def __call__(self) -> FloatArray:
        array = self.of_model()
        if self.tap is not None:
            array = array[:, :, self.tap : self.tap + 1]
        array = array.transpose(0, 3, 4, 2, 1).reshape(len(array), *array.shape[3:], -1)
        return array if self.fold is None else array * self.fold.scale()[:, None, None, None]
