"""Views: cropping, cutting and joining activations without moving a byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from accelsim.workload.records import Piece, Shape4, Storage, View


def whole(index: int, storage: Storage) -> View:
    """The view that is a whole activation storage."""
    shape = shape4(storage.shape)
    return View(shape, (Piece((0, 0, 0, 0), shape, index, (0, 0, 0, 0)),))


def shape4(shape: Sequence[int]) -> Shape4:
    """`shape` as a tuple of exactly four."""
    a, b, c, d = shape
    return (a, b, c, d)


def crop(view: View, start: Shape4, shape: Shape4) -> tuple[Piece, ...]:
    """The parts of `view`'s pieces inside the region, still placed in the view's coordinates."""
    return cropper(view)(start, shape)


def cropper(view: View) -> Callable[[Shape4, Shape4], tuple[Piece, ...]]:
    """`crop` for many regions of one view."""
    first = view.pieces[0]
    if len(view.pieces) == 1 and first.at == (0, 0, 0, 0):  # by far the most common case: a whole tensor
        step = first.column_step

        def of_one(start: Shape4, shape: Shape4) -> tuple[Piece, ...]:
            (b, y, x, c), (sb, sy, sx, sc) = first.start, start
            return (Piece(start, shape, first.storage, (b + sb, y + sy, x + sx * step, c + sc), step),)

        return of_one
    bounds = [
        (piece, piece.at, shape4([a + n for a, n in zip(piece.at, piece.shape, strict=True)])) for piece in view.pieces
    ]

    def of_several(start: Shape4, shape: Shape4) -> tuple[Piece, ...]:
        (b, y, x, c), (nb, ny, nx, nc) = start, shape
        eb, ey, ex, ec = b + nb, y + ny, x + nx, c + nc
        return tuple(
            _inside(piece, start, shape)
            for piece, (pb, py, px, pc), (pbe, pye, pxe, pce) in bounds
            if c < pce and pc < ec and y < pye and py < ey and x < pxe and px < ex and b < pbe and pb < eb
        )

    return of_several


def _inside(piece: Piece, start: Shape4, shape: Shape4) -> Piece:
    """The part of a piece inside a region that it meets."""
    low = [max(a, s) for a, s in zip(piece.at, start, strict=True)]
    high = [min(a + n, s + m) for a, n, s, m in zip(piece.at, piece.shape, start, shape, strict=True)]
    b, y, x, c = (lo - a for lo, a in zip(low, piece.at, strict=True))
    (pb, py, px, pc), step = piece.start, piece.column_step
    inside = (pb + b, py + y, px + x * step, pc + c)
    return Piece(shape4(low), shape4([hi - lo for lo, hi in zip(low, high, strict=True)]), piece.storage, inside, step)


def cut(view: View, start: Shape4, shape: Shape4) -> View:
    """The region of a view as a view of its own."""
    pieces = (
        replace(p, at=shape4([a - s for a, s in zip(p.at, start, strict=True)])) for p in crop(view, start, shape)
    )
    return View(shape, tuple(pieces))


def every_row(view: View, step: int) -> View:
    """Rows 0, step, 2·step, …, a piece each."""
    batches, height, columns, channels = view.shape
    pieces: list[Piece] = []
    places = range(0, height, step)
    for at, place in enumerate(places):
        pieces += moved(cut(view, (0, place, 0, 0), (batches, 1, columns, channels)), 1, at)
    return View((batches, len(places), columns, channels), tuple(pieces))


def every_column(view: View, step: int) -> View | None:
    """Columns 0, step, 2·step, …; None where pieces lie side by side, so that steps would begin anew in each."""
    batches, height, columns, channels = view.shape
    if any(piece.shape[2] != columns for piece in view.pieces):
        return None
    left = len(range(0, columns, step))
    pieces = []
    for piece in view.pieces:
        b, y, _, c = piece.shape
        pieces.append(replace(piece, shape=(b, y, left, c), column_step=piece.column_step * step))
    return View((batches, height, left, channels), tuple(pieces))


def join(views: Sequence[View], axis: int) -> View:
    """Views side by side along a physical axis."""
    pieces: list[Piece] = []
    offset = 0
    for view in views:
        pieces += moved(view, axis, offset)
        offset += view.shape[axis]
    shape = list(views[0].shape)
    shape[axis] = offset
    return View(shape4(shape), tuple(pieces))


def moved(view: View, axis: int, offset: int) -> list[Piece]:
    """The pieces of a view, placed `offset` further along an axis."""
    found = []
    for piece in view.pieces:
        at = list(piece.at)
        at[axis] += offset
        found.append(replace(piece, at=shape4(at)))
    return found
