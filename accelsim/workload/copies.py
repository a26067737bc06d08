"""Copying layers: the kernel that moves a tensor into a layout no view can express, and what its tiles read."""

from __future__ import annotations

from accelsim.program import VectorKernel
from accelsim.workload.arrangement import Arrangement, Factor, Factors, extent
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
    """Follow the output axis whose outermost factor takes the longest walk along `axis`; the others are a margin.

    Output position i of that axis has index ⌊i/m⌋ of the factor, m being the size of the factors inside it, hence lies
    at ⌊i/m⌋·step, which is at most ⌊i·step/m⌋ and, unless m is 1, less than `step` below it.
    """
    walkers = [
        (factor, loop, place, extent(group[place + 1 :]))
        for loop, group in enumerate(source.grouped(layout))
        for place, factor in enumerate(group)
        if factor.axis == axis and factor.step
    ]
    first = source.start[axis]
    if not walkers:
        return Follow(NO_LOOP) if source.base.shape[axis] == 1 else _fixed(first)
    outermost = [walker for walker in walkers if walker[2] == 0]
    if not outermost or any(factor.step < 0 for factor, *_ in walkers):
        return Follow(NO_LOOP)
    leader = max(outermost, key=lambda walker: _reach(walker[0]))
    factor, loop, _, inner = leader
    margin = sum(_reach(walker[0]) for walker in walkers if walker is not leader)
    slack = factor.step - 1 if inner > 1 else 0
    return Follow(loop, factor.step, inner, first - slack, first + margin)


def _reach(factor: Factor) -> int:
    """Positions between a factor's first and last element."""
    return (factor.size - 1) * factor.step


def _fixed(position: int) -> Follow:
    """One position, whatever the tile: ⌊i·0⌋ + position."""
    return Follow(0, 0, 1, position, position)
