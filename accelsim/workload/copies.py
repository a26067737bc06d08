"""Copying layers: the kernel that moves a tensor into a layout no view can express, and what its tiles read."""

from __future__ import annotations

from accelsim.program import VectorKernel
from accelsim.workload.arrangement import Arrangement, Factors
from accelsim.workload.layouts import Layout
from accelsim.workload.records import NO_LOOP, Follow


def copy_kernel(source: Arrangement, layout: Layout) -> VectorKernel:
    """A ``Rearrange`` kernel: per output axis its factors (base axis, size, step), outermost first, flat."""
    groups = source.grouped(layout)
    names = ("batch", "row", "column", "channel")
    factors = tuple((name, _flat(group)) for name, group in zip(names, groups, strict=True) if group)
    start = ("start", tuple(float(n) for n in source.start))
    return VectorKernel("Rearrange", attributes=(start, *factors), input_size=source.base.shape[1:3])


def copy_rules(source: Arrangement, layout: Layout) -> tuple[Follow, Follow, Follow, Follow]:
    """What a tile of the output reads of each base axis."""
    rules = [_rule(source, layout, axis) for axis in range(4)]
    return (rules[0], rules[1], rules[2], rules[3])


def _flat(factors: Factors) -> tuple[float, ...]:
    return tuple(float(n) for f in factors for n in (f.axis, f.size, f.step))


def _rule(source: Arrangement, layout: Layout, axis: int) -> Follow:
    """Follow the output axis whose only, outermost factor walks along `axis` forwards; else read it all."""
    walkers = [
        (loop, place, factor, group)
        for loop, group in enumerate(source.grouped(layout))
        for place, factor in enumerate(group)
        if factor.axis == axis and factor.step
    ]
    first = source.start[axis]
    if not walkers:
        return Follow(NO_LOOP) if source.base.shape[axis] == 1 else _fixed(first)
    if len(walkers) > 1 or walkers[0][2].step < 0 or walkers[0][1] > 0:
        return Follow(NO_LOOP)
    loop, _, factor, group = walkers[0]
    inner = 1
    for other in group[1:]:
        inner *= other.size
    if factor.step == 1 or inner == 1:
        return Follow(loop, factor.step, inner, first, first)
    return Follow(NO_LOOP)


def _fixed(position: int) -> Follow:
    """One position, whatever the tile: ⌊i·0⌋ + position."""
    return Follow(0, 0, 1, position, position)
