"""Give a Program time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from accelsim.machine.banks import Banking
from accelsim.machine.dram import BandwidthLatencyDram, Dram, dram_of
from accelsim.machine.timing import Timing
from accelsim.program import Hazard, Program
from accelsim.program import hazards as find_hazards
from accelsim.trace import Trace

if TYPE_CHECKING:
    from accelsim.hardware import Hardware


def run(
    program: Program,
    hardware: Hardware | Timing,
    hazards: Sequence[Hazard] | None = None,
    *,
    dram: Dram | None = None,
    banking: Banking | None = None,
) -> Trace:
    """Time a Program.

    Args:
        program: what to run.
        hardware: the described accelerator, or just its timing.
        hazards: which instruction waits for which; found from the addresses if not given.
        dram: a model of the DRAM other than the described one, fresh for this run.
        banking: banks of the scratchpad that units contend for; the described ones if a description is given.

    Raises:
        DeadlockError: an instruction waits for one that cannot come before it.
    """
    from accelsim.machine.simulation import Simulation

    timing = hardware if isinstance(hardware, Timing) else Timing.of(hardware)
    if dram is None:
        dram = BandwidthLatencyDram(timing) if isinstance(hardware, Timing) else dram_of(hardware)
    if banking is None and not isinstance(hardware, Timing):
        banking = Banking.of(hardware)
    found = find_hazards(program) if hazards is None else hazards
    return Simulation(program, timing, found, dram, banking).trace()
