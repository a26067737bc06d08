"""The schedule: each LOAD as early as the bus is free for it and the scratchpad has room, each STORE one step late.

A *slot* is the time in which one step computes. A LOAD placed in slot h is issued before step h computes, so that it
overlaps with steps h … s−1 and is there for step s. Moving it up costs its bytes in those slots. The same pass
prefetches the next tile, the next layer's weights and reloads of spilled rows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

import numpy as np

from accelsim.compiler.drafts import RangeDraft, Step, Transfer
from accelsim.compiler.store import SCRATCHPAD
from accelsim.mapping import Machine


class Schedule:
    """Places transfers in slots.

    Life cycle: made from the steps in order, `run` once; afterwards every transfer has its slot.
    Invariant: the bytes of ranges live in a slot never exceed `capacity_bytes`, if they did not before.
    """

    def __init__(self, steps: list[Step], ranges: list[RangeDraft], machine: Machine, capacity_bytes: int) -> None:
        self.steps, self.ranges, self.machine, self.capacity = steps, ranges, machine, capacity_bytes
        self.first: dict[int, int] = {}
        self.last: dict[int, int] = {}
        self._span()
        self.occupied = self._occupancy()

    def run(self, prefetch: bool = True) -> None:
        """Give every transfer its slot; without `prefetch`, each stays at its own step."""
        self._sink_stores(prefetch)
        self._hoist_loads(prefetch)

    def _span(self) -> None:
        """First and last slot in which each range is touched, with every transfer at its own step."""
        for slot, step in enumerate(self.steps):
            for place in _touched(step):
                self.first.setdefault(place, slot)
                self.last[place] = slot

    def _occupancy(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        change = np.zeros(len(self.steps) + 1, dtype=np.int64)
        for place, first in self.first.items():
            draft = self.ranges[place]
            if draft.memory == SCRATCHPAD:
                change[first] += draft.size_bytes
                change[self.last[place] + 1] -= draft.size_bytes
        return np.cumsum(change)[:-1]

    def _sink_stores(self, allowed: bool) -> None:
        """A STORE in the next slot leaves its buffer alone for one step, so that the next tile takes another."""
        for slot, step in enumerate(self.steps):
            for transfer in step.stores:
                transfer.slot = slot
                place = transfer.source.range
                size = self.ranges[place].size_bytes
                late = slot + 1
                if allowed and late < len(self.steps) and self.last[place] == slot:
                    if self.occupied[late] + size <= self.capacity:
                        self.occupied[late] += size
                        self.last[place] = late
                        transfer.slot = late

    def _hoist_loads(self, allowed: bool) -> None:
        done: list[float] = []  # cycle at which each slot's computation ends, as estimated
        bus = 0.0
        for slot, step in enumerate(self.steps):
            ready = done[-1] if done else 0.0
            for transfer in step.loads:
                transfer.slot = self._slot_for(slot, transfer, bus, done) if allowed else slot
                issued = done[transfer.slot - 1] if transfer.slot > 0 else 0.0
                bus = max(bus, issued + self.machine.latency_cycles) + transfer.bytes / float(
                    self.machine.bytes_per_cycle
                )
                ready = max(ready, bus)
            done.append(ready + step.work.cycles + self.machine.issue_cycles)
            bus += sum(t.bytes for t in step.stores) / float(self.machine.bytes_per_cycle)

    def _slot_for(self, slot: int, transfer: Transfer, bus: float, done: list[float]) -> int:
        """The earliest slot worth moving to: the one computing when the bus gets free, if there is room from there on."""
        start = max(bus - self.machine.latency_cycles, 0.0)
        wanted = max(bisect_right(done, start, 0, slot), min(transfer.earliest, slot))
        if wanted >= slot:
            return slot
        place = transfer.target.range
        size = self.ranges[place].size_bytes
        crowded = np.flatnonzero(self.occupied[wanted:slot] + size > self.capacity)
        best = wanted + int(crowded[-1]) + 1 if len(crowded) else wanted
        if best < slot:
            self.occupied[best:slot] += size
            self.first[place] = best
        return best


def _touched(step: Step) -> Iterable[int]:
    for operand in (*step.reads, *step.writes):
        yield operand.range
    for transfer in step.loads:
        yield transfer.target.range
    for transfer in step.stores:
        yield transfer.source.range


def sequence(steps: list[Step]) -> list[tuple[int, Transfer | None]]:
    """Program order: per slot the loads placed there, the computation, the stores; (step, None) is the computation."""
    loads: list[list[tuple[int, Transfer]]] = [[] for _ in steps]
    stores: list[list[tuple[int, Transfer]]] = [[] for _ in steps]
    for index, step in enumerate(steps):
        for transfer in step.loads:
            loads[transfer.slot].append((index, transfer))
        for transfer in step.stores:
            stores[transfer.slot].append((index, transfer))
    order: list[tuple[int, Transfer | None]] = []
    for index in range(len(steps)):
        order += loads[index]
        order.append((index, None))
        order += stores[index]
    return order
