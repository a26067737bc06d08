"""What is to be placed: the results of a graph, each as one item, or one per band of channels that lives differently.

In an image's tensor rows lie one behind the other, in a row pixels, in a pixel the channels of the band (NHWC where the
band is all channels). A tensor without rows (rank below 3, or 3 where no row is released apart) lies in ONNX's order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import prod

import numpy as np
import numpy.typing as npt

from restructure.operators import Shape
from restructure.placement.allocators import Item, Life
from restructure.profile import Storage
from restructure.profile.cells import CELL_AXES, cell_shape

__all__ = ["Band", "bands_of", "padded"]

_CHANNELS, _ROWS = 1, 2
_RANK = 4


def padded(shape: Shape) -> Shape:
    """Return a shape of at least four axes."""
    return (*shape, 1, 1, 1, 1)[: max(len(shape), _RANK)]


@dataclass(frozen=True, slots=True)
class Band:
    """Some channels (or, where rows lie innermost, rows) of a storage, placed as one item.

    Attributes:
        inner: axis of which neighbouring elements lie side by side; the other of channels and rows is the outer one.
        low, high: of the inner axis.
        shape: of the whole storage, padded.
        strides: bytes per axis; offsets count from the element (0, low, 0, …).
    """

    inner: int
    low: int
    high: int
    shape: Shape
    strides: Shape
    item: Item

    @property
    def outer(self) -> int:
        return _CHANNELS + _ROWS - self.inner


def bands_of(storage: Storage, last: npt.NDArray[np.int32], element_bytes: int) -> Iterator[Band]:
    """Yield the bands of a storage whose cells are last read at `last`."""
    shape = padded(storage.shape)
    ends = last.reshape(cell_shape(storage.shape))
    inner = _inner_axis(storage.shape, ends)
    # Images, outer axis, inner axis.
    ends = ends if inner == _ROWS else ends.transpose(0, 2, 1)
    differs = np.flatnonzero((ends[:, :, 1:] != ends[:, :, :-1]).any(axis=(0, 1))) + 1
    for low, high in pairwise([0, *differs.tolist(), ends.shape[2]]):
        yield _band(storage, shape, inner, (low, high), ends[:, :, low], element_bytes)


def _inner_axis(shape: Shape, ends: npt.NDArray[np.int32]) -> int:
    if len(shape) > CELL_AXES:
        return _CHANNELS
    return _CHANNELS if len(shape) == CELL_AXES and (ends[:, :, 1:] != ends[:, :, :-1]).any() else _ROWS


def _band(
    storage: Storage, shape: Shape, inner: int, span: tuple[int, int], ends: npt.NDArray[np.int32], element_bytes: int
) -> Band:
    count = span[1] - span[0]
    pixel = count * element_bytes
    row = pixel * prod(shape[CELL_AXES:])
    strides = [0] * len(shape)
    strides[inner] = element_bytes
    strides[_CHANNELS + _ROWS - inner] = row
    strides[0] = row * shape[_CHANNELS + _ROWS - inner]
    for axis in range(CELL_AXES, len(shape)):
        strides[axis] = pixel * prod(shape[axis + 1 :])
    lives, first = [], 0
    for step, group in groupby(ends.reshape(-1).tolist()):
        octets = row * len(list(group))
        lives.append(Life(first, octets, step))
        first += octets
    # Only pixels of images can be told apart by strides.
    units = (row, pixel) if len(shape) == _RANK and pixel < row else (row,)
    item = Item(storage.start, first, tuple(lives), units, storage.is_input)
    return Band(inner, *span, shape, tuple(strides), item)
