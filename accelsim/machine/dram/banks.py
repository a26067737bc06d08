"""Channels of banks with row buffers: one event per transfer, the state of the banks advanced arithmetically."""

from __future__ import annotations

from accelsim.machine.dram.addresses import AddressMap
from accelsim.machine.dram.channel import Channel
from accelsim.machine.dram.interface import Request, Service
from accelsim.machine.dram.timing import BankTiming


class BankedDram:
    """Open-page DRAM; see `channel` for the rules and `addresses` for the mapping.

    A channel serves transfers in the order of requests. Within a transfer rows are visited in the order of its runs;
    each bank is prepared as early as the rules allow, while data of earlier rows still move.
    """

    def __init__(self, timing: BankTiming) -> None:
        self._ticks_per_cycle = timing.ticks_per_cycle
        self._latency = timing.ticks(timing.latency_ps)
        self._addresses = AddressMap(timing)
        self._channels = [Channel(timing) for _ in range(timing.channels)]

    def serve(self, request: Request) -> Service:
        """Move the request's bursts on all channels they lie on."""
        ready = request.issued * self._ticks_per_cycle + self._latency
        begin, end, behind = -1, 0, -1
        for number, visits in self._addresses.visits(request.operand.box):
            channel = self._channels[number]
            first, last, waited = channel.serve(visits, ready, request.write)
            if begin < 0 or first < begin:
                begin, behind = first, channel.last if waited else -1
            end = max(end, last)
            channel.last = request.instruction
        return Service(begin // self._ticks_per_cycle, -(-end // self._ticks_per_cycle), behind)
