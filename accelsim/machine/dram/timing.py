"""What the banked DRAM needs of a description, and its exact clock.

A *tick* is the largest unit of time in which a cycle of the accelerator, a picosecond and a burst on a channel's bus
all are whole numbers: nothing is rounded until a completion is handed to the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accelsim.hardware import Hardware

_PS = 10**12


@dataclass(frozen=True, slots=True)
class BankTiming:
    """Channels of banks; times in ps, named as in data sheets (see docs/hardware.md for their meaning).

    Attributes:
        frequency_hz: the accelerator's clock.
        bandwidth_bytes_per_s: of all channels together.
        latency_ps: interconnect and controller, before the banks see a request.
        burst_bytes, row_bytes, interleave_bytes: each divides the one named before it in row, interleave, burst.
        t_refi_ps: 0: no refresh.
    """

    frequency_hz: int
    bandwidth_bytes_per_s: int
    burst_bytes: int
    row_bytes: int
    banks: int
    channels: int = 1
    interleave_bytes: int = 256
    latency_ps: int = 0
    t_rcd_ps: int = 0
    t_rp_ps: int = 0
    t_cl_ps: int = 0
    t_ras_ps: int = 0
    t_rrd_ps: int = 0
    t_faw_ps: int = 0
    t_rtp_ps: int = 0
    t_wr_ps: int = 0
    t_wtr_ps: int = 0
    t_refi_ps: int = 0
    t_rfc_ps: int = 0

    def __post_init__(self) -> None:
        divides = not (
            self.row_bytes % self.burst_bytes
            or self.row_bytes % self.interleave_bytes
            or self.interleave_bytes % self.burst_bytes
        )
        if not divides:
            raise ValueError(
                f"row, interleave, burst: each must be a multiple of the next, "
                f"got {self.row_bytes}, {self.interleave_bytes}, {self.burst_bytes} B"
            )
        burst_ps = -(-_PS * self.burst_bytes * self.channels // self.bandwidth_bytes_per_s)
        busy_ps = self.t_rfc_ps + self.t_rcd_ps + self.t_cl_ps + burst_ps
        if 0 < self.t_refi_ps <= busy_ps:
            raise ValueError(f"t_refi_ps: must leave time for data ({busy_ps} ps), got {self.t_refi_ps} ps")

    @classmethod
    def of(cls, hardware: Hardware) -> BankTiming:
        """The timing of a described accelerator whose DRAM has banks."""
        dram = hardware.dram
        own = {name: getattr(dram, name) for name in cls.__slots__ if name != "frequency_hz"}
        return cls(frequency_hz=hardware.frequency_hz, **own)

    @property
    def ticks_per_s(self) -> int:
        """Ticks in a second."""
        return lcm(self.frequency_hz, _PS, self.bandwidth_bytes_per_s)

    @property
    def ticks_per_cycle(self) -> int:
        """Ticks in a cycle of the accelerator."""
        return self.ticks_per_s // self.frequency_hz

    @property
    def burst_ticks(self) -> int:
        """Ticks that a burst occupies its channel's bus."""
        return self.ticks_per_s // self.bandwidth_bytes_per_s * self.burst_bytes * self.channels

    def ticks(self, picoseconds: int) -> int:
        """Ticks in a number of picoseconds."""
        return self.ticks_per_s // _PS * picoseconds
