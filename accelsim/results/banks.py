"""What contention for the banks of a scratchpad cost, and whom."""

from __future__ import annotations

from accelsim.program import Opcode
from accelsim.results.columns import Columns
from accelsim.results.records import BankContention
from accelsim.trace import Trace

__all__ = ["bank_contention"]


def bank_contention(columns: Columns, trace: Trace, memory: int) -> BankContention | None:
    """The contention in one memory; None where the run did not model any."""
    use = trace.banks
    if use is None or use.memory != memory:
        return None
    array, vector = columns.runs(Opcode.ARRAY), columns.runs(Opcode.VECTOR)
    return BankContention(
        busy_cycles=use.busy_cycles,
        array_cycles=int(use.held_up[array].sum()),
        vector_cycles=int(use.held_up[vector].sum()),
        transfer_cycles=int(use.held_up[~array & ~vector].sum()),
    )
