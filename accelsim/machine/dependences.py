"""What an instruction depends on, as columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from accelsim.program import Hazard, Program, UnitKind

Indices = NDArray[np.int64]


class Dependences:
    """The hazards of a Program as columns, and the positions of its instructions by unit.

    Attributes:
        before, after, kind: one entry per hazard.
        queues: for every unit the positions of its instructions, in order.
    """

    __slots__ = ("after", "before", "kind", "queues")

    def __init__(self, program: Program, hazards: Sequence[Hazard]) -> None:
        count = len(hazards)
        self.before: Indices = np.fromiter((h.before for h in hazards), np.int64, count)
        self.after: Indices = np.fromiter((h.after for h in hazards), np.int64, count)
        self.kind: Indices = np.fromiter((h.kind for h in hazards), np.int64, count)
        unit = np.fromiter((i.unit for i in program.instructions), np.int64, len(program.instructions))
        self.queues: list[Indices] = [np.flatnonzero(unit == index) for index in range(len(program.units))]

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
