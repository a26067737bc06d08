"""From an arrangement to pieces: which rectangular regions of storages make up a tensor in a layout, if any do."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from accelsim.workload.arrangement import Arrangement, Factor, Factors, extent
from accelsim.workload.layouts import CHANNEL, Layout
from accelsim.workload.records import Piece, Shape4, View
from accelsim.workload.views import cut, shape4

#: A tensor of more pieces than this is copied: descriptors are not free either.
MOST_PIECES = 64
#: Channels a piece must have where the channels are taken apart: moving single bytes is what a copy is for.
FEWEST_CHANNELS = 8


def laid_out(arrangement: Arrangement, layout: Layout) -> View | None:
    """The tensor in a layout as a view; None if only a copy can express it."""
    groups = arrangement.grouped(layout)
    cuts = [_outer_and_run(factors, axis) for axis, factors in enumerate(groups)]
    count = 1
    for outer, _ in cuts:
        count *= extent(outer)
    runs = [run for _, run in cuts]
    scattered = extent(cuts[CHANNEL][0]) > 1 and runs[CHANNEL] < FEWEST_CHANNELS
    if count * len(arrangement.base.pieces) > MOST_PIECES or scattered:
        return None
    shape = shape4([extent(factors) for factors in groups])
    pieces: list[Piece] = []
    for places in product(*(range(extent(outer)) for outer, _ in cuts)):
        start = _position(arrangement.start, [outer for outer, _ in cuts], places)
        at = shape4([place * run for place, run in zip(places, runs, strict=True)])
        pieces += _placed(cut(arrangement.base, start, shape4(runs)), at)
    return View(shape, tuple(pieces))


def free_layout(arrangement: Arrangement) -> Layout | None:
    """A layout that needs no copy: the base's own, or each axis where its innermost neighbours lie; else None."""
    found = arrangement.natural()
    if found is not None:
        return found
    chosen: dict[int, int] = {}
    for axis, factors in enumerate(arrangement.axes):
        if factors and factors[-1].step == 1:
            home = factors[-1].axis
            if home not in chosen or factors[-1].size > arrangement.axes[chosen[home]][-1].size:
                chosen[home] = axis
    rest = [axis for axis in range(len(arrangement.axes)) if axis not in chosen.values()]
    batch = tuple(sorted([*rest, *([chosen[0]] if 0 in chosen else [])]))
    row, column, channel = ((chosen[home],) if home in chosen else () for home in (1, 2, 3))
    layout = (batch, row, column, channel)
    return layout if laid_out(arrangement, layout) is not None else None


def _outer_and_run(factors: Factors, axis: int) -> tuple[Factors, int]:
    """Factors to enumerate, and the run of neighbours along the axis itself that stays whole."""
    if factors and factors[-1].axis == axis and factors[-1].step == 1:
        return factors[:-1], factors[-1].size
    return factors, 1


def _position(start: Shape4, outers: list[Factors], places: tuple[int, ...]) -> Shape4:
    found = list(start)
    for factors, place in zip(outers, places, strict=True):
        for factor, index in _indexed(factors, place):
            found[factor.axis] += index * factor.step
    return shape4(found)


def _indexed(factors: Factors, place: int) -> list[tuple[Factor, int]]:
    found = []
    for factor in reversed(factors):
        place, index = divmod(place, factor.size)
        found.append((factor, index))
    return found


def _placed(view: View, at: Shape4) -> list[Piece]:
    return [replace(p, at=shape4([a + b for a, b in zip(p.at, at, strict=True)])) for p in view.pieces]
