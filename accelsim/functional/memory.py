"""All memories of a Program: one shadow per on-chip memory, one per DRAM range that is written, images elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from accelsim.functional.images import Images, TensorValues
from accelsim.functional.ledger import Ledger
from accelsim.functional.shadow import Shadow, Values
from accelsim.program import MemoryKind, Operand, Program


class MemorySystem:
    """Reads and writes operands. Shadows are made when something is first written to them."""

    def __init__(self, program: Program, values: Callable[[str], NDArray[np.generic]]) -> None:
        self._program = program
        self._dram = [m.kind is MemoryKind.DRAM for m in program.memories]
        self._ledger = Ledger(program.tensors)
        self._shadows: dict[tuple[int, int], Shadow] = {}
        self._written = {o.range for i in program.instructions for o in i.writes}
        tensor_values = TensorValues(program.tensors, values)
        self._images = Images(program.images, program.tensors, tensor_values)
        for image in program.images:
            if not self._implicit(image):
                self.write(image, tensor_values.of(image))

    def read(self, operand: Operand) -> Values:
        """The values of the operand's region.

        Raises:
            ExecutionError: some byte holds something else.
        """
        return self._images.read(operand) if self._implicit(operand) else self._shadow(operand).read(operand)

    def write(self, operand: Operand, values: Values) -> None:
        """Let the operand's region hold `values`."""
        self._shadow(operand).write(operand, values)

    def use_up(self, operand: Operand) -> None:
        """Let the operand's region hold nothing that could be read."""
        self._shadow(operand).use_up(operand)

    def _implicit(self, operand: Operand) -> bool:
        return self._dram[operand.memory] and operand.range not in self._written

    def _shadow(self, operand: Operand) -> Shadow:
        key = (operand.memory, operand.range if self._dram[operand.memory] else -1)
        shadow = self._shadows.get(key)
        if shadow is None:
            shadow = self._shadows[key] = Shadow(self._ledger, *self._window(operand))
        return shadow

    def _window(self, operand: Operand) -> tuple[int, int]:
        ranges = self._program.ranges
        if self._dram[operand.memory]:
            return ranges[operand.range].address, ranges[operand.range].size_bytes
        return 0, max(r.address + r.size_bytes for r in ranges if r.memory == operand.memory)
