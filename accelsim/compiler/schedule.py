"""The schedule: each LOAD as early as the bus is free for it and the scratchpad has room, each STORE one step late.

A *slot* is the time in which one step computes. A LOAD placed in slot h is issued before step h computes, so that it
overlaps with steps h … s−1 and is there for step s. Moving it up needs its bytes in those slots. The same pass
prefetches the next tile, the next layer's weights and reloads of spilled rows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from accelsim.compiler.allocate import Packing
from accelsim.compiler.drafts import RangeDraft, Step, Transfer
from accelsim.mapping import Machine

Order = list[tuple[int, Transfer | None]]

#: How many slots ahead a LOAD may be issued: enough to bridge a layer's tail, and it bounds the search.
LOOKAHEAD = 48


def mark_lives(steps: Sequence[Step], ranges: Iterable[RangeDraft], always: Iterable[RangeDraft]) -> None:
    """Set first and last slot of every on-chip range, with each transfer at its own step; `always` live throughout."""
    for draft in ranges:
        draft.first = draft.last = -1
    for slot, step in enumerate(steps):
        for draft in _touched(step):
            if draft.first < 0:
                draft.first = slot
            draft.last = slot
    for draft in always:
        draft.first, draft.last = 0, len(steps) - 1


def early_loads(steps: Sequence[Step], ready: Mapping[int, int]) -> dict[RangeDraft, int]:
    """Ranges that come to life with a LOAD, and the slot before, in which it would better run already."""
    return {
        transfer.target.range: slot - 1
        for slot, step in enumerate(steps)
        for transfer in step.loads
        if transfer.target.range.first == slot > ready.get(transfer.source.tensor, 0)
    }


def _touched(step: Step) -> list[RangeDraft]:
    return [
        *(operand.range for operand in step.reads),
        *(operand.range for operand in step.writes),
        *(transfer.target.range for transfer in step.loads),
        *(transfer.source.range for transfer in step.stores),
    ]


class Schedule:
    """Places transfers in slots.

    Life cycle: made from packed steps in order, `run` once; afterwards every transfer has its slot.
    """

    def __init__(
        self, steps: Sequence[Step], ready: Mapping[int, int], packings: Mapping[int, Packing], machine: Machine
    ) -> None:
        """`packings`: the addresses of every on-chip memory.

        `ready`: per tensor, the first slot into which its LOADs may be moved up (0 if not named).
        """
        self.steps, self.ready, self.packings = steps, ready, packings
        self.latency, self.issue = machine.latency_cycles, machine.issue_cycles
        self.bytes_per_cycle = float(machine.bytes_per_cycle)

    def run(self) -> float:
        """Give every transfer its slot; returns the estimated latency in cycles."""
        for slot, step in enumerate(self.steps):
            for transfer in step.stores:
                transfer.slot = self._sunk(slot, transfer)
        return self._hoist_loads()

    def _sunk(self, slot: int, transfer: Transfer) -> int:
        """The slot after its own, if its buffer can wait: then the next tile is computed into another buffer.

        Never beyond its layer: the next one may reload the bytes at once.
        """
        draft = transfer.source.range
        late = slot + 1
        if late == len(self.steps) or self.steps[late].layer != self.steps[slot].layer or draft.last != slot:
            return slot
        return late if self.packings[draft.memory].extend(draft, draft.first, late) else slot

    def _hoist_loads(self) -> float:
        done: list[float] = []  # estimated cycle at which each slot's computation ends
        bus = 0.0
        for slot, step in enumerate(self.steps):
            ready = done[-1] if done else 0.0
            for transfer in step.loads:
                transfer.slot = self._slot_for(slot, transfer, bus, done)
                issued = done[transfer.slot - 1] if transfer.slot > 0 else 0.0
                bus = max(bus, issued + self.latency) + transfer.bytes / self.bytes_per_cycle
                ready = max(ready, bus)
            done.append(ready + step.work.cycles + self.issue)
            bus += sum(t.bytes for t in step.stores) / self.bytes_per_cycle
        return max(bus, done[-1]) if done else bus

    def _slot_for(self, slot: int, transfer: Transfer, bus: float, done: list[float]) -> int:
        """The slot computing when the bus gets free (earlier is no use), or as near it as there is room."""
        start = max(bus - self.latency, 0.0)
        earliest = self.ready.get(transfer.source.tensor, 0)
        wanted = max(bisect_right(done, start, 0, slot), min(earliest, slot), slot - LOOKAHEAD)
        draft = transfer.target.range
        for tried in dict.fromkeys((wanted, (wanted + slot) // 2, slot - 1)):
            if wanted <= tried < slot and self.packings[draft.memory].extend(draft, tried, draft.last):
                return tried
        return slot


def sequence(steps: Sequence[Step]) -> Order:
    """Program order: per slot the loads placed there, the computation, the stores; (step, None) is the computation."""
    loads: list[list[tuple[int, Transfer]]] = [[] for _ in steps]
    stores: list[list[tuple[int, Transfer]]] = [[] for _ in steps]
    for index, step in enumerate(steps):
        for transfer in step.loads:
            loads[transfer.slot].append((index, transfer))
        for transfer in step.stores:
            stores[transfer.slot].append((index, transfer))
    order: Order = []
    for index in range(len(steps)):
        order += loads[index]
        order.append((index, None))
        order += stores[index]
    return order
