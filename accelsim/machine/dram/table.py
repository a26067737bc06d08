"""Which model a description asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accelsim.machine.dram.bandwidth import BandwidthLatencyDram
from accelsim.machine.dram.banks import BankedDram
from accelsim.machine.dram.interface import Dram
from accelsim.machine.dram.load_path import LoadPath, PathDram
from accelsim.machine.dram.timing import BankTiming
from accelsim.machine.timing import Timing

if TYPE_CHECKING:
    from accelsim.hardware import Hardware


def dram_of(hardware: Hardware) -> Dram:
    """A fresh DRAM for one run on a described accelerator."""
    banked = hardware.dram.is_banked
    dram: Dram = BankedDram(BankTiming.of(hardware)) if banked else BandwidthLatencyDram(Timing.of(hardware))
    path = LoadPath.of(hardware)
    return PathDram(dram, path) if path else dram
