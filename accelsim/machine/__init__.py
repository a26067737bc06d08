"""The discrete-event model: gives a Program time. One SimPy process per unit, one for the DRAM.

A unit issues in Program order; an instruction starts once every hazard has completed and its unit has room.
"""

from accelsim.machine.banks import Banking
from accelsim.machine.dram import BandwidthLatencyDram, BankedDram, BankTiming, Dram, Request, Service
from accelsim.machine.errors import DeadlockError
from accelsim.machine.run import run
from accelsim.machine.timing import Timing

__all__ = [
    "BandwidthLatencyDram",
    "BankTiming",
    "BankedDram",
    "Banking",
    "DeadlockError",
    "Dram",
    "Request",
    "Service",
    "Timing",
    "run",
]
