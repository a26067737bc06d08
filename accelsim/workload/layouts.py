"""Layouts: on which physical axis (batch, row, column, channel) each axis of a model's tensor lies.

A layout has four groups of ONNX axes, one per physical axis; the axes of a group are merged, outermost first. NCHW is
((0,), (2,), (3,), (1,)); a sequence (N, T, D) lies as N batches of T rows of D channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from accelsim.workload.records import Shape4

BATCH, ROW, COLUMN, CHANNEL = range(4)

Group = tuple[int, ...]
Layout = tuple[Group, Group, Group, Group]

_DEFAULTS: dict[int, Layout] = {
    0: ((), (), (), ()),
    1: ((), (), (), (0,)),
    2: ((0,), (), (), (1,)),
    3: ((0,), (1,), (), (2,)),
    4: ((0,), (2,), (3,), (1,)),
}


_MAPS: dict[int, Layout] = {3: ((0,), (2,), (), (1,)), 5: ((0, 2), (3,), (4,), (1,))}


def default_layout(rank: int) -> Layout:
    """Where the axes of a tensor of `rank` lie if nobody asks for anything else; leading axes beyond four are batch."""
    if rank <= 4:
        return _DEFAULTS[rank]
    return (tuple(range(rank - 3)), (rank - 2,), (rank - 1,), (rank - 3,))


def map_layout(rank: int) -> Layout:
    """Where a (N, C, spatial …) tensor lies: (N, C, L) as L rows of C channels, (N, C, D, H, W) as N·D maps.

    >>> map_layout(3)
    ((0,), (2,), (), (1,))
    >>> map_layout(5)
    ((0, 2), (3,), (4,), (1,))
    """
    return _MAPS.get(rank) or default_layout(rank)


def physical_shape(shape: Sequence[int], layout: Layout) -> Shape4:
    """The four-axis shape of a model's shape under a layout."""
    batch, row, column, channel = (prod(shape[axis] for axis in group) for group in layout)
    return (batch, row, column, channel)


def onnx_axes(layout: Layout, shape: Sequence[int]) -> tuple[int, ...]:
    """The transposition that brings a physical array into the model's order, ready for ``reshape``.

    The layout must be plain.
    """
    groups = _longer_than_one(layout, shape)
    return tuple(sorted(range(4), key=lambda axis: (groups[axis][0] if groups[axis] else -1, axis)))


def is_plain(layout: Layout, shape: Sequence[int]) -> bool:
    """Whether every group holds neighbouring axes in ascending order, so that ``onnx_axes`` can express it.

    Axes of size 1 may lie anywhere.

    >>> is_plain(map_layout(5), (1, 8, 4, 6, 6)), is_plain(map_layout(5), (2, 8, 4, 6, 6))
    (True, False)
    """
    groups = _longer_than_one(layout, shape)
    return all(list(group) == list(range(group[0], group[0] + len(group))) for group in groups if group)


def _longer_than_one(layout: Layout, shape: Sequence[int]) -> list[list[int]]:
    """The groups of a layout without axes of size 1, the others numbered anew."""
    numbers = {axis: number for number, axis in enumerate(axis for axis, size in enumerate(shape) if size > 1)}
    return [[numbers[axis] for axis in group if axis in numbers] for group in layout]
