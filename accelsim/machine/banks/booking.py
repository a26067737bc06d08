"""The time of each port, booked by instructions in the order in which they start.

An instruction spreads its accesses evenly over its duration. Where the ports it needs have too little time left beside
what was booked before, it takes until they have: who starts first keeps its pace, who comes later takes what is left.
All in whole numbers: a port's cycle is divided into `port_time` × SCALE parts, and paces are rounded up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from accelsim.machine.banks.geometry import Banking

#: Parts into which a unit of a port's time is divided, so that rounding up a pace costs less than one part in 65,536.
SCALE = 1 << 16


class _Port:
    """Booked time of one port as steps: from `since[i]` on `booked[i]` parts of each cycle are taken.

    Invariant: `booked` ends with 0, the time that nobody has asked for yet.
    """

    __slots__ = ("booked", "cycle", "since", "used")

    def __init__(self, cycle: int) -> None:
        self.cycle = cycle
        self.since, self.booked = [0], [0]
        self.used = 0

    def forget(self, before: int) -> None:
        """Drop steps that are over before a cycle."""
        place = bisect_right(self.since, before) - 1
        if place > 0:
            del self.since[:place], self.booked[:place]

    def earliest_end(self, start: int, parts: int) -> int:
        """The first cycle by which `parts` are free after `start`."""
        place, at = bisect_right(self.since, start) - 1, start
        for following in range(place + 1, len(self.since)):
            room = (self.cycle - self.booked[following - 1]) * (self.since[following] - at)
            if room >= parts:
                place = following - 1
                break
            parts -= room
            place, at = following, self.since[following]
        return at + -(-parts // (self.cycle - self.booked[place])) if parts else at

    def book(self, start: int, end: int, parts: int) -> None:
        """Take `parts` of [start, end), as evenly as what is booked allows; there is room for them."""
        if start == end or not parts:
            return
        low, high = self._cut(start), self._cut(end)
        pace = self._pace(low, high, parts)
        for place in range(low, high):
            self.booked[place] += min(self.cycle - self.booked[place], pace)
        self.used += parts

    def _cut(self, at: int) -> int:
        """The step that begins at a cycle; made if there is none."""
        place = bisect_right(self.since, at) - 1
        if self.since[place] != at:
            place += 1
            self.since.insert(place, at)
            self.booked.insert(place, self.booked[place - 1])
        return place

    def _pace(self, low: int, high: int, parts: int) -> int:
        """The lowest pace that moves `parts` during the steps [low, high), slower where less is free."""
        steps = sorted((self.cycle - self.booked[i], self.since[i + 1] - self.since[i]) for i in range(low, high))
        cycles = sum(length for _, length in steps)
        for free, length in steps:
            if free * cycles >= parts:
                return -(-parts // cycles)
            parts -= free * length
            cycles -= length
        return self.cycle


class Bookings:
    """All ports of a scratchpad. Life cycle: `book` for every instruction, in the order of their starts."""

    def __init__(self, banking: Banking) -> None:
        self._ports = [_Port(banking.port_time * SCALE) for _ in range(banking.ports)]

    def book(self, demand: Mapping[int, int], start: int, end: int, now: int) -> int:
        """Book what an instruction needs and answer when it ends.

        Args:
            demand: units of time per port.
            start, end: when its accesses begin, and when it would end if no port held it up.
            now: the current cycle; nobody asks for earlier ones again.
        """
        for port in demand:
            self._ports[port].forget(now)
            end = max(end, self._ports[port].earliest_end(start, demand[port] * SCALE))
        for port, units in demand.items():
            self._ports[port].book(start, end, units * SCALE)
        return end

    def busy_cycles(self) -> tuple[int, ...]:
        """Cycles of work of each port, rounded up."""
        return tuple(-(-port.used // port.cycle) for port in self._ports)
