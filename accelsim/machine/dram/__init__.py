"""The DRAM: an interface, and one file per model."""

from accelsim.machine.dram.bandwidth import BandwidthLatencyDram
from accelsim.machine.dram.banks import BankedDram
from accelsim.machine.dram.interface import Dram, Request, Service
from accelsim.machine.dram.load_path import LoadPath, PathDram
from accelsim.machine.dram.table import dram_of
from accelsim.machine.dram.timing import BankTiming

__all__ = [
    "BandwidthLatencyDram",
    "BankTiming",
    "BankedDram",
    "Dram",
    "LoadPath",
    "PathDram",
    "Request",
    "Service",
    "dram_of",
]
