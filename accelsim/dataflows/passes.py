"""The processing passes of a row-stationary array: every layout worth trying, its cycles, and the best.

See `row_stationary` for the terms and the sources.
"""

from dataclasses import dataclass, fields

import numpy as np

from accelsim.dataflows.base import ceil_div
from accelsim.dataflows.cost import Counts
from accelsim.dataflows.nest import LoopNest
from accelsim.dataflows.shape import ArrayShape

__all__ = ["PassShape", "best_passes"]


@dataclass(frozen=True, slots=True, eq=False)
class PassShape:
    """How the passes of tiles are laid out, in the letters of the papers; one entry per tile.

    Attributes:
        e: output rows of a set.
        p, q: filters and channels of a PE.
        r, t, g: sets side by side for different channels, filters, groups.
        taps: filter rows and columns of a pass (FY and FX unless they are cut).
        strips, channel_passes, filter_passes, group_passes, tap_passes: passes along each loop.
        cycles: of a pass.
        compute_cycles: of which PEs multiply.
        map_words: of an input channel in a pass, all images.
    """

    e: Counts
    p: Counts
    q: Counts
    r: Counts
    t: Counts
    g: Counts
    kernel_rows: Counts
    kernel_columns: Counts
    strips: Counts
    channel_passes: Counts
    filter_passes: Counts
    group_passes: Counts
    tap_passes: Counts
    cycles: Counts
    compute_cycles: Counts
    map_words: Counts

    @property
    def passes(self) -> Counts:
        """Passes of the tile."""
        return self.strips * self.channel_passes * self.filter_passes * self.group_passes * self.tap_passes

    @property
    def active_pes(self) -> Counts:
        """PEs that work in a full pass."""
        return self.kernel_rows * self.e * self.r * self.t * self.g

    @property
    def total_cycles(self) -> Counts:
        """Cycles of the tile."""
        return self.passes * self.cycles


def best_passes(array: ArrayShape, nest: LoopNest[Counts]) -> PassShape:
    """The layout with the fewest cycles for each tile; of equal ones the first that is tried."""
    flat = LoopNest(*(np.asarray(getattr(nest, field.name)).reshape(1, -1) for field in fields(nest)))
    tried = _layouts(array, flat, _trials(array, flat))
    best = np.argmin(tried.total_cycles, axis=0)
    columns = np.arange(len(best))
    shape = nest.rows.shape
    picked = (np.broadcast_to(getattr(tried, f.name), tried.cycles.shape)[best, columns] for f in fields(tried))
    return PassShape(*(column.reshape(shape) for column in picked))


@dataclass(frozen=True, slots=True, eq=False)
class _Trials:
    """Layouts to be tried, a row each: heights of a set, sets for different channels, extra passes, groups or not."""

    heights: Counts
    channel_sets: Counts
    extra_passes: Counts
    packed: Counts


def _trials(array: ArrayShape, nest: LoopNest[Counts]) -> _Trials:
    """Every height with every share of the sets for channels, and up to two filter passes more than are needed."""
    ways = [(0, 0), (1, 0), (2, 0)] + ([(0, 1)] if array.depthwise == "packed" else [])
    rest = [(sets, *way) for sets in (1, 2, 4, array.pes) for way in ways]
    heights = np.repeat(_heights(array, nest), len(rest), axis=0)
    columns = np.tile(np.array(rest, dtype=np.int64), (len(heights) // len(rest), 1))
    return _Trials(heights, columns[:, :1], columns[:, 1:2], columns[:, 2:])


def _heights(array: ArrayShape, nest: LoopNest[Counts]) -> Counts:
    """Heights e worth trying: sets folded onto 1, 2, … bands, or several side by side in one band."""
    bands = max(1, array.rows // min(int(nest.kernel_rows.min()), array.rows))
    folded = {array.columns * band for band in (1, 2, 3, bands // 2, bands) if band}
    side_by_side = {max(1, array.columns // sets) for sets in (2, 4)}
    limits = np.array(sorted(folded) + sorted(side_by_side, reverse=True), dtype=np.int64)[:, None]
    return ceil_div(nest.rows, ceil_div(nest.rows, limits))


def _layouts(array: ArrayShape, nest: LoopNest[Counts], trials: _Trials) -> PassShape:
    """The passes of every trial for every tile, shape (trials, tiles)."""
    pe, e = array.processing_element, trials.heights
    row_cuts = ceil_div(nest.kernel_rows, array.rows)
    column_cuts = ceil_div(nest.kernel_columns, min(pe.input_words, pe.filter_words))
    fy, fx = ceil_div(nest.kernel_rows, row_cuts), ceil_div(nest.kernel_columns, column_cuts)
    bands, folded = array.rows // fy, ceil_div(e, array.columns)
    e = np.where(folded > bands, np.minimum(e, bands * array.columns), e)
    folded = ceil_div(e, array.columns)
    strips = ceil_div(nest.rows, e)
    sets = np.maximum(1, bands // folded * np.maximum(1, array.columns // e))
    r = np.minimum(nest.channels, np.maximum(1, np.minimum(sets, trials.channel_sets)))
    q_most = np.maximum(1, np.minimum(pe.input_words, pe.filter_words) // fx)
    channel_passes = ceil_div(nest.channels, r * q_most)
    q = ceil_div(nest.channels, r * channel_passes)
    t = np.maximum(1, np.minimum(sets // r, nest.filters))
    p_most = np.maximum(1, np.minimum(pe.sum_words, pe.filter_words // (q * fx)))
    filter_passes = np.minimum(ceil_div(nest.filters, t * p_most) + trials.extra_passes, nest.filters)
    p = ceil_div(nest.filters, t * filter_passes)
    t = np.minimum(t, ceil_div(nest.filters, p * filter_passes))
    g = np.where(trials.packed > 0, np.maximum(1, np.minimum(sets // (r * t), nest.groups)), 1)
    height = (e - 1) * nest.row_stride + fy
    width = (nest.columns - 1) * nest.column_stride + fx
    inputs = nest.batch * g * q * r * height * width
    filters = g * p * t * q * r * fy * fx
    compute = ceil_div(nest.batch * nest.columns * p * q * fx, array.macs_per_pe)
    ramp = ceil_div(g * q * r * fx * height, pe.input_words_per_cycle)
    sums = ceil_div(nest.batch * g * p * t * e * nest.columns, pe.sum_words_per_cycle)
    moving = np.maximum(ceil_div(inputs, pe.input_words_per_cycle), sums)
    cycles = ceil_div(filters, pe.filter_words_per_cycle) + np.maximum(ramp + compute, moving)
    return PassShape(
        e=e,
        p=p,
        q=q,
        r=r,
        t=t,
        g=g,
        kernel_rows=fy,
        kernel_columns=fx,
        strips=strips,
        channel_passes=channel_passes,
        filter_passes=filter_passes,
        group_passes=ceil_div(nest.groups, g),
        tap_passes=row_cuts * column_cuts,
        cycles=cycles,
        compute_cycles=compute,
        map_words=nest.batch * height * width,
    )
