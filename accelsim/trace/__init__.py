"""The Trace: when every instruction of a Program ran, and what held it back. A leaf room of plain records.

All times are cycles of the accelerator clock. Arrays have one entry per instruction, in Program order.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["BankUse", "Trace", "Wait"]

Cycles = NDArray[np.int64]


class Wait(IntEnum):
    """What released an instruction: nothing (it started at cycle 0), its unit's room, a hazard, or its unit's issue.

    ISSUE: the unit's previous transfer is still in flight, but only its issue held this one back; the moment of
    release is the issue of `released_by`, not its end.
    """

    NONE = 0
    UNIT = 1
    RAW = 2
    WAR = 3
    WAW = 4
    ISSUE = 5


@dataclass(frozen=True, slots=True, eq=False)
class BankUse:
    """What was asked of the banks of a memory.

    Attributes:
        memory: index into the Program's memories.
        busy_cycles: per bank the cycles of work of its busiest port; one entry where words are interleaved.
        held_up: per instruction, the cycles by which it took longer because its banks were busy.
    """

    memory: int
    busy_cycles: tuple[int, ...]
    held_up: Cycles


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """A timed run.

    Attributes:
        start: cycle at which the instruction began (transfers: the request was issued).
        end: cycle at which it had completed; readers of what it wrote may start then.
        released_by: the last-finishing predecessor, whose completion let it start; -1 if it started at 0. Of several
            that finish together: RAW before WAR before WAW before UNIT before ISSUE, then the earliest in the Program.
        wait: the kind of that dependence (values of Wait).
        bus_start: transfers: cycle in which the first byte moved (rounded down); otherwise equal to start.
        bus_after: transfers: the transfer it queued behind on the bus; -1 if the bus was free by then.
        latency_cycles: cycle at which everything had completed.
        banks: the banks of the scratchpad, where units contend for them.
    """

    start: Cycles
    end: Cycles
    released_by: Cycles
    wait: NDArray[np.int8]
    bus_start: Cycles
    bus_after: Cycles
    latency_cycles: int
    banks: BankUse | None = None

    def __len__(self) -> int:
        return len(self.start)
