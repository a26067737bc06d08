"""One bus of fixed bandwidth behind a fixed latency: the default."""

from __future__ import annotations

from accelsim.machine.dram.interface import Request, Service
from accelsim.machine.timing import Timing


class BandwidthLatencyDram:
    """One bus of fixed bandwidth behind a fixed latency: latencies overlap, bytes do not.

    The bus's time is exact: it is counted in the `1 / numerator` parts of a cycle in which a byte takes a whole
    number of ticks. Only the end a reader sees is rounded, up.
    """

    def __init__(self, timing: Timing) -> None:
        self._ticks_per_cycle = timing.bytes_per_cycle.numerator
        self._ticks_per_byte = timing.bytes_per_cycle.denominator
        self._latency_cycles = timing.latency_cycles
        self._burst_bytes = timing.burst_bytes
        self._free = 0
        self._last = -1

    def serve(self, request: Request) -> Service:
        """Move the request's bytes once its latency is over and the bus is free."""
        ready = (request.issued + self._latency_cycles) * self._ticks_per_cycle
        behind = self._last if self._free > ready else -1
        begin = self._free if behind >= 0 else ready
        self._free = begin + request.operand.burst_aligned_bytes(self._burst_bytes) * self._ticks_per_byte
        self._last = request.instruction
        return Service(begin // self._ticks_per_cycle, -(-self._free // self._ticks_per_cycle), behind)
