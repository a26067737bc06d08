"""What an instruction depends on, as columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from accelsim.machine.arrivals import taken_blocks
from accelsim.program import Hazard, HazardKind, Opcode, Program, UnitKind

Indices = NDArray[np.int64]


class Dependences:
    """The hazards of a Program as columns, and the positions of its instructions by unit.

    Attributes:
        before, after, kind: one entry per hazard.
        blocks: per hazard, the blocks in which the second instruction takes what the first, a LOAD, brings it; 1 where
            it waits for the end.
        queues: for every unit the positions of its instructions, in order.
    """

    __slots__ = ("after", "before", "blocks", "kind", "queues")

    def __init__(self, program: Program, hazards: Sequence[Hazard]) -> None:
        count = len(hazards)
        self.before: Indices = np.fromiter((h.before for h in hazards), np.int64, count)
        self.after: Indices = np.fromiter((h.after for h in hazards), np.int64, count)
        self.kind: Indices = np.fromiter((h.kind for h in hazards), np.int64, count)
        self.blocks = self._blocks(program)
        unit = np.fromiter((i.unit for i in program.instructions), np.int64, len(program.instructions))
        self.queues: list[Indices] = [np.flatnonzero(unit == index) for index in range(len(program.units))]

    def _blocks(self, program: Program) -> Indices:
        taken = taken_blocks(program)
        blocks = np.where(self.kind == HazardKind.RAW, taken[self.after], 1)
        if (blocks > 1).any():
            loads = np.array([i.opcode is Opcode.LOAD for i in program.instructions], dtype=np.bool_)
            blocks[~loads[self.before]] = 1
        return blocks

    def with_rooms(self, program: Program, all_units: bool = False) -> tuple[Indices, Indices]:
        """All pairs (before, after) in which the end of the first lets the second start: hazards and room in a channel.

        Compute units are left out unless `all_units`: they have room when they are done, and know it themselves where
        nothing but their work decides when that is.
        """
        several = [
            (queue, unit.outstanding)
            for unit, queue in zip(program.units, self.queues, strict=True)
            if all_units or unit.kind is UnitKind.DMA
        ]
        makers = (queue[:-outstanding] for queue, outstanding in several)
        takers = (queue[outstanding:] for queue, outstanding in several)
        return np.concatenate([self.before, *makers]), np.concatenate([self.after, *takers])
