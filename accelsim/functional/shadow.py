"""Shadow memory: for every byte what it holds, and an element's float32 value at its first byte."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelsim.functional.errors import ExecutionError
from accelsim.functional.ledger import NOBODY, SCRATCH, Ledger
from accelsim.program import Operand

Values = NDArray[np.float32]


class Shadow:
    """The bytes [origin, origin + size_bytes) of a memory."""

    def __init__(self, ledger: Ledger, origin: int, size_bytes: int) -> None:
        self._ledger = ledger
        self._origin = origin
        self._tags = np.full(size_bytes, NOBODY, dtype=np.int64)
        self._values = np.zeros(size_bytes, dtype=np.float32)

    def read(self, operand: Operand) -> Values:
        """The region's values.

        Raises:
            ExecutionError: a byte holds something else.
        """
        found, expected = self._tag_view(operand), self._ledger.tags(operand)
        if not np.array_equal(found, expected):
            raise ExecutionError(self._describe(operand, found, expected))
        return self._value_view(operand).copy()

    def write(self, operand: Operand, values: Values) -> None:
        """Let the region hold `values`."""
        self._tag_view(operand)[...] = self._ledger.tags(operand)
        self._value_view(operand)[...] = values

    def use_up(self, operand: Operand) -> None:
        """Let the region hold nothing that could be read."""
        self._tag_view(operand)[...] = SCRATCH

    def _tag_view(self, operand: Operand) -> NDArray[np.int64]:
        first = self._require_inside(operand)
        shape, strides = (*operand.shape, operand.element_bytes), (*operand.strides, 1)
        return np.ndarray(shape, np.int64, self._tags, 8 * first, [8 * s for s in strides])

    def _value_view(self, operand: Operand) -> Values:
        first = operand.address - self._origin
        return np.ndarray(operand.shape, np.float32, self._values, 4 * first, [4 * s for s in operand.strides])

    def _require_inside(self, operand: Operand) -> int:
        first = operand.address - self._origin
        last = first + sum((n - 1) * s for n, s in zip(operand.shape, operand.strides, strict=True))
        if first < 0 or last + operand.element_bytes > len(self._tags):
            end = operand.address + last - first + operand.element_bytes
            raise ExecutionError(f"addresses {operand.address}..{end - 1} lie outside the memory")
        return first

    def _describe(self, operand: Operand, found: NDArray[np.int64], expected: NDArray[np.int64]) -> str:
        wrong = tuple(int(i) for i in np.argwhere(found != expected)[0])
        address = operand.address + sum(i * s for i, s in zip(wrong, (*operand.strides, 1), strict=True))
        want, have = self._ledger.read(int(expected[wrong])), self._ledger.read(int(found[wrong]))
        return f"address {address} must hold {want}, found {have}"
