"""Names for the contents of bytes: one integer tag per byte of every version of every tensor.

A (tensor, version) owns a block of consecutive tags, one for each of its bytes in row-major order. So the tags of a
region are sums of ranges, and any tag leads back to tensor, version, element and byte.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from accelsim.program import Operand, Tensor

NOBODY = 0
SCRATCH = -1

Tags = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Content:
    """What a byte holds: a byte of an element of a version of a tensor."""

    tensor: str
    version: int
    element: tuple[int, ...]
    byte: int

    def __str__(self) -> str:
        version = f" version {self.version}" if self.version else ""
        byte = f" byte {self.byte}" if self.byte else ""
        return f"{self.tensor}{list(self.element)}{version}{byte}"


class Ledger:
    """Hands out blocks of tags and reads them back."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self._tensors = tensors
        self._blocks: dict[tuple[int, int], int] = {}
        self._owners: list[tuple[int, int]] = []
        self._firsts: list[int] = []
        self._next = 1

    def tags(self, operand: Operand) -> Tags:
        """Tags of the operand's region: shape (*operand.shape, element_bytes)."""
        tensor = self._tensors[operand.tensor]
        pitches = _pitches(tensor)
        offset = sum(a * p for a, p in zip(operand.start, pitches, strict=True))
        split = _first_of_run(operand.shape, tensor.shape)
        for axis, step in enumerate(operand.steps):
            if step > 1:
                pitches[axis] *= step
                split = max(split, axis + 1)
        first = self._block(operand.tensor, operand.version) + offset
        run = prod(operand.shape[split:]) * tensor.element_bytes
        tags: Tags = np.arange(first, first + run, dtype=np.int64)
        tags = tags.reshape(*operand.shape[split:], tensor.element_bytes)
        for axis in reversed(range(split)):
            steps = np.arange(0, operand.shape[axis] * pitches[axis], pitches[axis], dtype=np.int64)
            tags = steps.reshape(-1, *(1,) * tags.ndim) + tags
        return tags

    def read(self, tag: int) -> str:
        """What a tag stands for, in words."""
        if tag == NOBODY:
            return "bytes nobody wrote"
        if tag == SCRATCH:
            return "used up accumulators"
        block = bisect_right(self._firsts, tag) - 1
        index, version = self._owners[block]
        tensor = self._tensors[index]
        flat, byte = divmod(tag - self._firsts[block], tensor.element_bytes)
        element = tuple(int(i) for i in np.unravel_index(flat, tensor.shape))
        return str(Content(tensor.name, version, element, byte))

    def _block(self, tensor: int, version: int) -> int:
        first = self._blocks.get((tensor, version))
        if first is None:
            first = self._blocks[tensor, version] = self._next
            self._owners.append((tensor, version))
            self._firsts.append(first)
            self._next += max(1, prod(self._tensors[tensor].shape) * self._tensors[tensor].element_bytes)
        return first


def _pitches(tensor: Tensor) -> list[int]:
    """Tags between neighbours along each axis."""
    pitches, pitch = [], tensor.bytes
    for size in tensor.shape:
        pitch //= size
        pitches.append(pitch)
    return pitches


def _first_of_run(shape: Sequence[int], whole: Sequence[int]) -> int:
    """The first of the axes over which a region is one run of its tensor."""
    axis = len(shape)
    while axis > 0 and shape[axis:] == whole[axis:]:
        axis -= 1
    return axis
