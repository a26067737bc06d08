"""A weight-stationary array fed by instructions, register by register: what `dataflows.instructed` counts.

The PEs are those of any array that holds an operand. What differs is the feed: a fold's vectors come as instructions of
a few vectors of one line each, with gaps where an instruction is shorter than the fewest cycles; and the next block of
weights starts on its way when the last instruction of a fold does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from accelsim.dataflows.shape import ArrayShape, Instruction
from accelsim.dataflows.stepped.edge import FIRST, LAST, VALID, Burst
from accelsim.dataflows.stepped.layout import Fold, lay
from accelsim.dataflows.stepped.operand_stationary import OperandStationaryArray
from accelsim.dataflows.stepped.record import Ints


@dataclass(frozen=True, slots=True)
class Walk:
    """How a tile's product comes about: `lines` lines of positions, products in `cells` kernel cells."""

    lines: int = 1
    cells: int = 1


class InstructedArray(OperandStationaryArray):
    """Streams `inputs` (groups, M, K) against `weights` (groups, K, N): M is lines × side, K is cells × channels."""

    def __init__(
        self,
        array: ArrayShape,
        instruction: Instruction,
        inputs: Ints,
        weights: Ints,
        walk: Walk,
        west_skew: Sequence[int] | None = None,
    ) -> None:
        groups, reduction, filters = weights.shape
        super().__init__(array, inputs, weights, west_skew)
        self.folds = lay(array, groups, reduction, filters, walk.cells)
        issued = _issued(instruction, inputs.shape[1] // walk.lines, walk.lines)
        self._at = np.array([at for at, count, _ in issued for at in range(at, at + count)], dtype=np.int64)
        last_at, _, last_cycles = issued[-1]
        self._last_at, self._cycles = last_at, last_at + last_cycles

    def _may_load(self, corner_tag: int) -> bool:
        if len(self._loads) > len(self._stream_starts) or not self.array.stationary_double_buffered:
            return super()._may_load(corner_tag)
        return self.cycle >= self._stream_starts[-1] + self._last_at

    def _may_stream(self) -> bool:
        nth = len(self._stream_starts)
        if nth == len(self._loads) or self.cycle < self._loads[nth] + self.array.rows:
            return False
        return nth == 0 or self.cycle >= self._stream_starts[-1] + self._cycles

    def _stream_burst(self, fold: Fold) -> Burst:
        """The fold's vectors with gaps between them."""
        dense = super()._stream_burst(fold)
        length = int(self._at[-1]) + 1
        vectors = np.zeros((length, self.array.rows), dtype=np.int64)
        useful, tags = np.zeros(vectors.shape, dtype=np.bool_), np.zeros(length, dtype=np.int64)
        vectors[self._at], useful[self._at], tags[self._at] = dense.vectors, dense.useful, VALID
        tags[0] |= FIRST
        tags[-1] |= LAST
        return Burst(vectors, tags, useful)


def _issued(instruction: Instruction, side: int, lines: int) -> list[tuple[int, int, int]]:
    """Every instruction of a fold: when it starts, its vectors, its cycles."""
    issued: list[tuple[int, int, int]] = []
    now = 0
    for _ in range(lines):
        for first in range(0, side, instruction.positions):
            vectors = min(instruction.positions, side - first)
            issued.append((now, vectors, max(vectors, instruction.cycles)))
            now += issued[-1][2]
    return issued
