"""What lies in memory before the first instruction: weights and network inputs.

An image that no instruction overwrites stays implicit: its values are looked up in the tensor, its bytes follow from
its operand. VGG16's weights would otherwise need more than a gigabyte of shadows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from accelsim.functional.errors import ExecutionError
from accelsim.functional.shadow import Values
from accelsim.program import Operand, Tensor

_KEPT_BYTES = 64 << 20


class TensorValues:
    """Physical arrays by tensor, the last few kept."""

    def __init__(self, tensors: Sequence[Tensor], values: Callable[[str], NDArray[np.generic]]) -> None:
        self._tensors = tensors
        self._values = values
        self._kept: OrderedDict[int, Values] = OrderedDict()

    def of(self, operand: Operand) -> Values:
        """The values of the operand's region."""
        whole = self._whole(operand.tensor)
        return whole[tuple(slice(r.start, r.stop, r.step) for r in operand.elements_of_tensor)]

    def _whole(self, index: int) -> Values:
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        tensor = self._tensors[index]
        array = np.asarray(self._values(tensor.name), dtype=np.float32)
        if array.shape != tensor.shape:
            raise ValueError(f"values of {tensor.name}: must have the physical shape {tensor.shape}, got {array.shape}")
        self._kept[index] = array
        while len(self._kept) > 1 and sum(a.nbytes for a in self._kept.values()) > _KEPT_BYTES:
            self._kept.popitem(last=False)
        return array


class Images:
    """The implicit contents of ranges that are never written."""

    def __init__(self, images: Sequence[Operand], tensors: Sequence[Tensor], values: TensorValues) -> None:
        self._tensors = tensors
        self._values = values
        self._by_range: dict[int, list[Operand]] = {}
        for image in sorted(images, key=lambda image: image.address):
            self._by_range.setdefault(image.range, []).append(image)

    def read(self, operand: Operand) -> Values:
        """The values of a region of an image.

        Raises:
            ExecutionError: the region does not lie there.
        """
        image = self._around(operand)
        if image is not None and _holds(image, operand):
            return self._values.of(operand)
        name, first = self._tensors[operand.tensor].name, list(operand.start)
        found = "bytes nobody wrote" if image is None else self._at(image, operand.address)
        raise ExecutionError(f"address {operand.address} must hold {name}{first}, found {found}")

    def _around(self, operand: Operand) -> Operand | None:
        """The image whose addresses include the operand's first byte."""
        images = self._by_range.get(operand.range, [])
        index = bisect_right(images, operand.address, key=lambda image: image.address) - 1
        return images[index] if index >= 0 and operand.address < images[index].box.end else None

    def _at(self, image: Operand, address: int) -> str:
        offset, element = address - image.address, list(image.start)
        for axis in sorted(range(len(element)), key=lambda a: -image.strides[a]):
            if image.shape[axis] > 1:
                steps, offset = divmod(offset, image.strides[axis])
                element[axis] += steps
        return f"{self._tensors[image.tensor].name}{element} in other strides or at byte {offset}"


def _holds(image: Operand, operand: Operand) -> bool:
    """Whether every element of `operand` lies where `image`, whose elements are neighbours, puts it."""
    if (image.tensor, image.version, image.element_bytes) != (operand.tensor, operand.version, operand.element_bytes):
        return False
    offsets = [a - b for a, b in zip(operand.start, image.start, strict=True)]
    wanted = operand.elements_of_tensor
    ends = (r[-1] - a for r, a in zip(wanted, image.start, strict=True))
    inside = all(o >= 0 and end < whole for o, end, whole in zip(offsets, ends, image.shape, strict=True))
    address = image.address + sum(o * s for o, s in zip(offsets, image.strides, strict=True))
    strides = zip(wanted, operand.strides, image.strides, strict=True)
    same = all(len(r) == 1 or stride == r.step * whole for r, stride, whole in strides)
    return inside and same and address == operand.address
