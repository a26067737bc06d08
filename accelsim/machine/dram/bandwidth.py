"""One bus of fixed bandwidth behind a fixed latency: the default."""

from __future__ import annotations

from functools import lru_cache

from accelsim.machine.dram.interface import Request, Service
from accelsim.machine.timing import Timing
from accelsim.program import normalise


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
        asked, burst = request.operand, self._burst_bytes
        moved_bytes = _moved_bytes(asked.address % burst, asked.shape, asked.strides, asked.element_bytes, burst)
        self._free = begin + moved_bytes * self._ticks_per_byte
        self._last = request.instruction
        return Service(begin // self._ticks_per_cycle, -(-self._free // self._ticks_per_cycle), behind)


@lru_cache(maxsize=1 << 14)
def _moved_bytes(phase: int, shape: tuple[int, ...], strides: tuple[int, ...], element_bytes: int, burst: int) -> int:
    return normalise(phase, shape, strides, element_bytes).burst_aligned_bytes(burst)
