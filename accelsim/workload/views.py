"""Views: slicing, concatenating and reshaping activations without moving a byte."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from accelsim.workload.records import Piece, Shape4, Storage, View

BATCH, ROW, COLUMN, CHANNEL = range(4)

#: ONNX axis of a rank-4 tensor (batch, channel, row, column) → physical axis.
PHYSICAL_OF_NCHW = (BATCH, CHANNEL, ROW, COLUMN)

_LAYOUTS: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {
    # rank: (physical axis of each ONNX axis, physical → ONNX transposition)
    0: ((), (0, 3, 1, 2)),
    1: ((CHANNEL,), (0, 1, 2, 3)),
    2: ((BATCH, CHANNEL), (0, 3, 1, 2)),
    3: ((BATCH, ROW, CHANNEL), (0, 1, 2, 3)),
    4: (PHYSICAL_OF_NCHW, (0, 3, 1, 2)),
}


def physical_axes(rank: int) -> tuple[int, ...]:
    """Physical axis (batch, row, column, channel) of each ONNX axis of a tensor of `rank` at most 4."""
    return _LAYOUTS[rank][0]


def onnx_axes(rank: int) -> tuple[int, ...]:
    """The transposition that brings a physical array into ONNX order, ready for ``reshape``."""
    return _LAYOUTS[rank][1]


def physical_shape(onnx_shape: Sequence[int]) -> Shape4:
    """The four-axis shape of an ONNX shape: (N, C, H, W), (N, T, D) as N rows of D channels, (N, F), (F,) or ()."""
    shape = [1, 1, 1, 1]
    for size, axis in zip(onnx_shape, physical_axes(len(onnx_shape)), strict=True):
        shape[axis] = size
    return (shape[0], shape[1], shape[2], shape[3])


def whole(index: int, storage: Storage) -> View:
    """The view that is a whole activation storage."""
    shape = shape4(storage.shape)
    return View(shape, (Piece((0, 0, 0, 0), shape, index, (0, 0, 0, 0)),), storage.onnx_shape)


def shape4(shape: Sequence[int]) -> Shape4:
    """`shape` as a tuple of exactly four."""
    a, b, c, d = shape
    return (a, b, c, d)


def crop(view: View, start: Shape4, shape: Shape4) -> tuple[Piece, ...]:
    """The parts of `view`'s pieces inside the region, still placed in the view's coordinates."""
    first = view.pieces[0]
    if len(view.pieces) == 1 and first.at == (0, 0, 0, 0):  # by far the most common case: a whole tensor
        b, y, x, c = first.start
        return (Piece(start, shape, first.storage, (b + start[0], y + start[1], x + start[2], c + start[3])),)
    found = []
    for piece in view.pieces:
        low = [max(a, s) for a, s in zip(piece.at, start, strict=True)]
        high = [min(a + n, s + m) for a, n, s, m in zip(piece.at, piece.shape, start, shape, strict=True)]
        if all(lo < hi for lo, hi in zip(low, high, strict=True)):
            inside = shape4([o + lo - a for o, lo, a in zip(piece.start, low, piece.at, strict=True)])
            size = shape4([hi - lo for lo, hi in zip(low, high, strict=True)])
            found.append(Piece(shape4(low), size, piece.storage, inside))
    return tuple(found)


def cut(view: View, start: Shape4, shape: Shape4, onnx_shape: tuple[int, ...]) -> View:
    """The region of a view as a view of its own."""
    pieces = (
        Piece(shape4([a - s for a, s in zip(p.at, start, strict=True)]), p.shape, p.storage, p.start)
        for p in crop(view, start, shape)
    )
    return View(shape, tuple(pieces), onnx_shape)


def join(views: Sequence[View], axis: int, onnx_shape: tuple[int, ...]) -> View:
    """Views side by side along a physical axis."""
    pieces: list[Piece] = []
    offset = 0
    for view in views:
        for piece in view.pieces:
            at = list(piece.at)
            at[axis] += offset
            pieces.append(Piece(shape4(at), piece.shape, piece.storage, piece.start))
        offset += view.shape[axis]
    shape = list(views[0].shape)
    shape[axis] = offset
    return View(shape4(shape), tuple(pieces), onnx_shape)


def renamed(view: View, onnx_shape: tuple[int, ...]) -> View | None:
    """The view under another ONNX shape where that moves no byte, else None.

    Two cases: both shapes have the same physical form ((N, C, 1, 1) ↔ (N, C)); or (N, C, H, W) is flattened to
    (N, C·H·W), which stays a four-axis view whose readers know the order of its elements (``is_flattened``).
    """
    if view.elements != prod(onnx_shape) or len(onnx_shape) > 4:
        return None
    if physical_shape(onnx_shape) == view.shape and not is_flattened(view):
        return View(view.shape, view.pieces, onnx_shape)
    flat = len(onnx_shape) == 2 and onnx_shape[0] == view.shape[BATCH]
    return View(view.shape, view.pieces, onnx_shape) if flat else None


def is_flattened(view: View) -> bool:
    """Whether the view is a map of several positions that the model sees as a vector, channels outermost."""
    return physical_shape(view.onnx_shape) != view.shape
