"""Static addresses: every range gets bytes that no other range has while it lives.

Lives are counted in slots (one per step). The shortest lives are those in which each transfer happens at its own step.
Ranges that are loaded had better live one step longer, so that the step before can hide the transfer: everything is
packed with these wishes, each granted where there is room, the longest lives first. A range for which there is no gap
makes room for itself: those around it are packed anew behind it, in several orders, each time with what failed before
all others, at last without their wishes. Where that does not help, all is packed in other orders without any wish. Once
everything has its place, lives are stretched further, one by one, where room is left.

Ranges are filed by when they live and how long, so that only contemporaries are compared: near-linear cost.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate, product
from types import MappingProxyType

from accelsim.compiler.drafts import RangeDraft

#: A range that lives through more slots than this is not moved to another address when its life is stretched.
MOVABLE = 96
#: A life of no more slots is filed under each of them.
BRIEF = 8
#: Ranges that are packed anew, at most, to make room for another.
CROWD = 256
#: How often they are packed anew in an order, each time with what failed before all others.
RETRIES = 8
#: Ranges that cannot make room, until no more are tried to.
HOPELESS = 3
#: No range had better live longer than it must.
NO_WISHES: Mapping[RangeDraft, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Shortage:
    """A range found no gap: the slot where it comes to life, its size, and the largest gap there was."""

    slot: int
    need_bytes: int
    gap_bytes: int


def _life(draft: RangeDraft) -> int:
    return draft.last - draft.first + 1


_Order = Callable[[RangeDraft], tuple[int, int]]
#: Orders of packing, tried in turn; each packs some networks that others do not. Longest life, then who comes first:
#: buffers that take turns then do so at the same addresses. Largest; largest area.
_ORDERS: tuple[_Order, ...] = (
    lambda r: (-_life(r), r.first),
    lambda r: (-r.size_bytes, r.first),
    lambda r: (-r.size_bytes * _life(r), r.first),
)


class _Placed:
    """Ranges that have addresses, found by the slots they live in.

    Brief lives are filed under each of their slots, and once more under the first. Longer ones are kept in the order of
    their first slots, those that live about as long together: whoever lives in a slot began there, or before it by no
    more than the longest life among its kind.
    """

    def __init__(self) -> None:
        self._brief: defaultdict[int, list[RangeDraft]] = defaultdict(list)
        self._begin: defaultdict[int, list[RangeDraft]] = defaultdict(list)
        self._kinds: dict[int, tuple[list[int], list[RangeDraft]]] = {}

    def add(self, draft: RangeDraft) -> None:
        """File a range, whose life must not change while it is here."""
        first, last = draft.first, draft.last
        if last - first < BRIEF:
            self._begin[first].append(draft)
            for slot in range(first, last + 1):
                self._brief[slot].append(draft)
            return
        firsts, drafts = self._kinds.setdefault(_longest(last - first + 1), ([], []))
        index = bisect_right(firsts, first)
        firsts.insert(index, first)
        drafts.insert(index, draft)

    def remove(self, draft: RangeDraft) -> None:
        """Take a range out."""
        first, last = draft.first, draft.last
        if last - first < BRIEF:
            self._begin[first].remove(draft)
            for slot in range(first, last + 1):
                self._brief[slot].remove(draft)
            return
        firsts, drafts = self._kinds[_longest(last - first + 1)]
        index = bisect_left(firsts, first)
        while drafts[index] is not draft:
            index += 1
        del firsts[index], drafts[index]

    def contemporaries(self, first: int, last: int) -> list[RangeDraft]:
        """Ranges that live in one of the slots from `first` to `last`."""
        begin = self._begin
        found = list(self._brief.get(first, ()))
        for slot in range(first + 1, last + 1):
            if slot in begin:
                found += begin[slot]
        for longest, (firsts, drafts) in self._kinds.items():
            low, high = bisect_right(firsts, first - longest), bisect_right(firsts, last)
            if low < high:
                found += [draft for draft in drafts[low:high] if first <= draft.last]
        return found


def _longest(life: int) -> int:
    """The longest life of a kind that some life belongs to: 16, 64, 256, … slots."""
    return 1 << (((life - 1).bit_length() + 1) & ~1)


class Packing:
    """Addresses in one on-chip memory.

    Life cycle: `pack` once, then any number of `extend`.
    Invariant: two ranges whose slots overlap have disjoint addresses.
    """

    def __init__(self, ranges: Iterable[RangeDraft], memory: int, capacity: int) -> None:
        self.live = [r for r in ranges if r.memory == memory and r.first >= 0]
        self.capacity = capacity
        self._placed = _Placed()

    def pack(self, wishes: Mapping[RangeDraft, int] = NO_WISHES) -> list[Shortage]:
        """Give every range an address; returns what did not fit in the last order tried.

        Args:
            wishes: ranges that had better live from an earlier slot on. Those for which there is room do so.
        """
        shortages: list[Shortage] = []
        ways = [(_ORDERS[0], wishes), *((order, NO_WISHES) for order in (_ORDERS if wishes else _ORDERS[1:]))]
        for number, way in enumerate(ways, 1):
            shortages = self._pack_in(*way, to_the_end=number == len(ways))
            if not shortages:
                break
        return shortages

    def _pack_in(self, order: _Order, wishes: Mapping[RangeDraft, int], *, to_the_end: bool) -> list[Shortage]:
        """Give addresses to ranges in an order; what found none, with lives as they were if there is any.

        A range for which there is no gap makes room for itself. Where that fails the order is no good, and given up
        unless what else finds no gap is asked for too.
        """
        self._placed = _Placed()
        firsts = {draft: draft.first for draft in wishes}
        shortages: list[Shortage] = []
        for draft in sorted(self.live, key=order):
            if self._settle(draft, wishes) or (len(shortages) < HOPELESS and self._make_room(draft, firsts, wishes)):
                continue
            shortages.append(Shortage(draft.first, draft.size_bytes, self._largest_gap(draft)))
            if not to_the_end:
                break
        if shortages:
            for draft, first in firsts.items():
                draft.first = first
        return shortages

    def _settle(self, draft: RangeDraft, wishes: Mapping[RangeDraft, int]) -> bool:
        """Give a range an address, with its wish or without; whether there is one."""
        for first in dict.fromkeys((wishes.get(draft, draft.first), draft.first)):
            address = self._beside_those_that_stay(draft, first, draft.last)
            if address >= 0:
                draft.address, draft.first = address, first
                self._placed.add(draft)
                return True
        return False

    def _make_room(self, draft: RangeDraft, firsts: Mapping[RangeDraft, int], wishes: Mapping[RangeDraft, int]) -> bool:
        """Place a range where others leave no gap, by packing those around it anew; whether that went well.

        It goes first, and then whichever failed the time before.
        """
        around = self._placed.contemporaries(draft.first, draft.last)
        if len(around) > CROWD:
            return False
        before = [(other, other.address, other.first) for other in around]
        for other in around:
            self._placed.remove(other)
        for order, allowed in product(_ORDERS, (wishes, NO_WISHES) if wishes else (NO_WISHES,)):
            again = [draft, *sorted(around, key=order)]
            for _ in range(RETRIES):
                for other in again:
                    other.first = firsts.get(other, other.first)
                done = 0
                while done < len(again) and self._settle(again[done], allowed):
                    done += 1
                if done == len(again):
                    return True
                for other in again[:done]:
                    self._placed.remove(other)
                again.insert(0, again.pop(done))
        draft.first = firsts.get(draft, draft.first)
        for other, address, first in before:
            other.address, other.first = address, first
            self._placed.add(other)
        return False

    def spare_bytes(self) -> int:
        """Bytes that are free in every slot."""
        change: defaultdict[int, int] = defaultdict(int)
        for draft in (d for d in self.live if d.first >= 0):
            change[draft.first] += draft.size_bytes
            change[draft.last + 1] -= draft.size_bytes
        return self.capacity - max(accumulate(change[slot] for slot in sorted(change)), default=0)

    def extend(self, draft: RangeDraft, first: int, last: int) -> bool:
        """Let a placed range live from slot `first` to `last` too, moving it if need be; whether there was room."""
        address = draft.address
        grown = (first, draft.first - 1), (draft.last + 1, last)
        if not all(self._free_at(draft, address, *slots) for slots in grown if slots[0] <= slots[1]):
            if last - first > MOVABLE:
                return False
            address = self._beside_those_that_stay(draft, first, last)
            if address < 0:
                return False
        self._placed.remove(draft)
        draft.address, draft.first, draft.last = address, first, last
        self._placed.add(draft)
        return True

    def release(self, draft: RangeDraft) -> None:
        """Give up a placed range that nothing uses any more."""
        self._placed.remove(draft)
        draft.first = draft.last = -1

    def _free_at(self, draft: RangeDraft, address: int, first: int, last: int) -> bool:
        end = address + draft.size_bytes
        for other in self._placed.contemporaries(first, last):
            if other.address < end and address < other.address + other.size_bytes and other is not draft:
                return False
        return True

    def _largest_gap(self, draft: RangeDraft) -> int:
        """Bytes of the largest piece that is free for the whole life of a range."""
        free = largest = 0
        others = self._placed.contemporaries(draft.first, draft.last)
        for start, size in (*sorted((o.address, o.size_bytes) for o in others), (self.capacity, 0)):
            largest = max(largest, start - free)
            free = max(free, start + size)
        return largest

    def _beside_those_that_stay(self, draft: RangeDraft, first: int, last: int) -> int:
        """An address for a longer life, or −1: in the lowest gap, at its lower or at its upper end.

        Long lives keep to others. At the lower end of a gap whose lower neighbour goes before it does, a range would
        stand alone for the rest of its life, and part the room that the buffers of later tiles share.
        """
        others = [o for o in self._placed.contemporaries(first, last) if o is not draft]
        occupied = sorted([(o.address, o.size_bytes) for o in others])
        occupied.append((self.capacity, 0))
        free = 0
        for start, size in occupied:
            if start - free >= draft.size_bytes:
                break
            if start + size > free:
                free = start + size
        else:
            return -1
        if free == 0 or _stay([o for o in others if o.address + o.size_bytes == free], first, last):
            return free
        if start == self.capacity or _stay([o for o in others if o.address == start], first, last):
            return start - draft.size_bytes
        return free


def _stay(neighbours: Iterable[RangeDraft], first: int, last: int) -> bool:
    """Whether the first of some ranges lives through all slots from `first` to `last`."""
    nearest = min(neighbours, key=lambda o: (o.address, o.size_bytes))
    return nearest.first <= first and last <= nearest.last


def place_in_dram(ranges: Iterable[RangeDraft], memory: int, alignment: int) -> int:
    """Give every DRAM range an address of its own, aligned to bursts; returns the bytes used."""
    top = 0
    for draft in ranges:
        if draft.memory == memory:
            draft.address = top
            top += -(-draft.size_bytes // alignment) * alignment
    return top
