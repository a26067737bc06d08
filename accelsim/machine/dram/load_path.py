"""The way of loads from the DRAM onto the chip: so many bytes a cycle, in packets or not.

A run of consecutive bytes is asked for in requests of at most the largest packet. Of what is left of a request the
packet that brings most is asked for next, of several the smallest: an aligned block of a power of two of bytes. A
packet arrives in beats, one a cycle. What it brings is written in rows as wide as the path, one a cycle, each in the
cycle after it is complete or the packet's last wanted byte has come; rows are counted from the beginning of the
request, so that one which two packets bring is written twice. The next packet's first beat may come while the last row
of this one is written if all beats of this one have come before, in the cycle after the last beat if all rows have been
written before, else two cycles after it. (Gemmini: DMA.scala, BeatMerger.scala.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accelsim.machine.dram.interface import Dram, Request, Service

if TYPE_CHECKING:
    from accelsim.hardware import Hardware


@dataclass(frozen=True, slots=True)
class LoadPath:
    """What a path does.

    Attributes:
        width: bytes per cycle.
        beat_bytes, largest_bytes: of packets, powers of two; 0 without packets.
    """

    width: int
    beat_bytes: int = 0
    largest_bytes: int = 0

    @staticmethod
    def of(hardware: Hardware) -> LoadPath | None:
        """The described path; None where loads are as fast as the DRAM."""
        dma = hardware.dma
        if dma.load_bytes_per_cycle is None:
            return None
        if dma.packets is None:
            return LoadPath(dma.load_bytes_per_cycle)
        return LoadPath(dma.load_bytes_per_cycle, dma.packets.beat_bytes, dma.packets.largest_bytes)

    @property
    def period(self) -> int:
        """Runs that begin so many bytes apart take the same time."""
        return self.largest_bytes or 1

    def run_cycles(self, address: int, size_bytes: int) -> int:
        """Cycles that a run of bytes takes."""
        if not self.largest_bytes:
            return -(-size_bytes // self.width)
        whole, rest = divmod(size_bytes, self.largest_bytes)  # all whole requests begin alike
        cycles = whole * self._request_cycles(address, self.largest_bytes) if whole else 0
        return cycles + self._request_cycles(address, rest)

    def _request_cycles(self, address: int, wanted: int) -> int:
        cycles = asked = 0
        while asked < wanted:
            packet, brings = self._packet(address, wanted - asked)
            cycles += self._packet_cycles(packet, address % packet, brings, asked % self.width)
            address += brings
            asked += brings
        return cycles

    def _packet(self, address: int, wanted: int) -> tuple[int, int]:
        """Size of the next packet, and how many of the wanted bytes it brings."""
        size, best, brings = self.beat_bytes, 0, 0
        while size <= self.largest_bytes:
            found = min(size - address % size, wanted)
            if found > brings:
                best, brings = size, found
            size *= 2
        return best, brings

    def _packet_cycles(self, packet: int, skipped: int, brings: int, filled: int) -> int:
        """From a packet's first beat to that of the next one; `filled`: bytes its first row has already.

        Row k waits for the beats that complete it, ⌈(skipped + k·width − filled) / beat⌉, and each later row takes a
        cycle more. If a row is at least a beat the last rows are those that wait, otherwise the first ones.
        """
        rows = -(-(brings + filled) // self.width)
        cycle = rows
        for row in {1, min(2, rows), max(1, rows - 1), rows}:
            complete = min(row * self.width - (filled if row > 1 else 0), brings)
            cycle = max(cycle, -(-(skipped + complete) // self.beat_bytes) + rows - row)
        beats = packet // self.beat_bytes
        return cycle if cycle >= beats else beats + (cycle == beats - 1)


class PathDram:
    """A DRAM behind such a path: one load after another, each as soon as the DRAM delivers it and no faster.

    The bus of the DRAM does not wait for the path: bytes that arrive meanwhile are kept in the DMA channel.
    """

    def __init__(self, dram: Dram, path: LoadPath) -> None:
        self._dram, self._path = dram, path
        self._free = 0
        self._last = -1

    def serve(self, request: Request) -> Service:
        """Have the DRAM serve it; a load passes the path as well."""
        begin, end, behind = self._dram.serve(request)
        if request.write:
            return Service(begin, end, behind)
        if self._free > begin:
            begin, behind = self._free, self._last
        self._free = end = max(end, begin + request.operand.box.over_runs(self._path.run_cycles, self._path.period))
        self._last = request.instruction
        return Service(begin, end, behind)
