"""The few numbers the machine needs of a hardware description."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accelsim.hardware import Hardware


@dataclass(frozen=True, slots=True)
class Timing:
    """What durations depend on besides the work of an instruction.

    Attributes:
        bytes_per_cycle: DRAM bandwidth, exact.
        latency_cycles: from a request's arrival at the DRAM to its first byte, if the bus is free.
        burst_bytes: smallest aligned unit the DRAM moves; every contiguous run is rounded out to it.
        issue_cycles: paid by every instruction before it does anything.
    """

    bytes_per_cycle: Fraction
    latency_cycles: int = 0
    burst_bytes: int = 1
    issue_cycles: int = 0

    def __post_init__(self) -> None:
        if self.bytes_per_cycle <= 0:
            raise ValueError(f"bytes_per_cycle: must be > 0, got {self.bytes_per_cycle}")
        if self.burst_bytes < 1:
            raise ValueError(f"burst_bytes: must be ≥ 1 B, got {self.burst_bytes} B")
        if self.latency_cycles < 0 or self.issue_cycles < 0:
            raise ValueError(f"latency and issue: must be ≥ 0 cycles, got {self.latency_cycles}, {self.issue_cycles}")

    @classmethod
    def of(cls, hardware: Hardware) -> Timing:
        """The timing of a described accelerator."""
        dram = hardware.dram
        return cls(dram.bytes_per_cycle, dram.latency_cycles, dram.burst_bytes, hardware.issue_cycles)
