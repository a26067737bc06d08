"""From boxes of results to strided boxes of bytes."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import prod

from restructure.operators import Shape
from restructure.placement.allocators import Run
from restructure.placement.items import Band
from restructure.placement.locating import Box
from restructure.placement.records import TensorPiece

__all__ = ["pieces_of", "reshaped"]

Span = tuple[int, int]
_COLUMNS = 3


def pieces_of(box: Box, bands: Sequence[tuple[Band, Sequence[Run]]]) -> Iterator[TensorPiece]:
    """Yield where a box of a result lies, whose bands were placed in runs."""
    for band, runs in bands:
        for run in runs:
            for spans in _extents(band, run):
                piece = _piece(box, band, run, spans)
                if piece is not None:
                    yield piece


def _extents(band: Band, run: Run) -> Iterator[list[Span]]:
    """Yield boxes of the result, per axis (start, stop), that a run of a band consists of."""
    whole: list[Span] = [(0, extent) for extent in band.shape]
    whole[band.inner] = (band.low, band.high)
    if (run.first, run.stop) == (0, band.item.bytes):
        yield whole
        return
    unit = band.item.units[-1]
    width = band.item.units[0] // unit
    rows = band.shape[band.outer]
    for image in range(band.shape[0]):
        base = image * rows * width
        low, high = (min(max(at // unit - base, 0), rows * width) for at in (run.first, run.stop))
        # A part of a row, whole rows, and a part of a row.
        bounds = sorted({low, min(-(-low // width) * width, high), max(high // width * width, low), high})
        for a, b in pairwise(bounds):
            spans = list(whole)
            spans[0] = (image, image + 1)
            spans[band.outer] = (a // width, -(-b // width))
            if width > 1:
                first = a % width
                spans[_COLUMNS] = (first, width if b % width == 0 else b % width)
            yield spans


def _piece(box: Box, band: Band, run: Run, spans: Sequence[Span]) -> TensorPiece | None:
    starts, shape, first, strides = [], [], [], []
    for axis, (low, high) in enumerate(spans):
        at, step, count = box.first[axis], box.step[axis], box.shape[axis]
        inside = [i for i in range(count) if low <= at + i * step < high]
        if not inside:
            return None
        begin, extent = inside[0], len(inside)
        starts.append(box.start[axis] + begin)
        shape.append(extent)
        first.append(at + begin * step)
        strides.append(band.strides[axis] * step)
    base = sum((n - band.low * (axis == band.inner)) * band.strides[axis] for axis, n in enumerate(first))
    return TensorPiece(tuple(starts), tuple(shape), run.offset + base - run.first, tuple(strides))


def reshaped(piece: TensorPiece, shape: Shape, element_bytes: int) -> TensorPiece | None:
    """Return the one piece of a tensor under another shape, if its bytes follow ONNX's order of elements."""
    if not _is_row_major(piece, element_bytes):
        return None
    strides = tuple(element_bytes * prod(shape[axis + 1 :]) for axis in range(len(shape)))
    return TensorPiece((0,) * len(shape), shape, piece.offset, strides)


def _is_row_major(piece: TensorPiece, element_bytes: int) -> bool:
    wanted = element_bytes
    for extent, stride in zip(reversed(piece.shape), reversed(piece.strides), strict=True):
        if extent > 1 and stride != wanted:
            return False
        wanted *= extent
    return True
