"""Static addresses: every range gets bytes that no other range has while it lives.

Lives are counted in slots (one per step). The shortest lives are those in which each transfer happens at its own step.
Ranges that are loaded had better live one step longer, so that the step before can hide the transfer: everything is
packed with these wishes where there is room. Whether a plan fits at all is told by packing the shortest lives, each
range at the lowest address that is free for its whole life; wishes are then left out where it is narrow. So a plan that
fits is never refused because of prefetching. At last lives are stretched further, one by one, where room is left.

Ranges are filed by when they live and how long, so that only contemporaries are compared: near-linear cost.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType

from accelsim.compiler.drafts import RangeDraft

#: A range that lives through more slots than this is not moved to another address when its life is stretched.
MOVABLE = 96
#: How often packing is tried with fewer and fewer wishes, once it is known to be possible without.
EARLY_ROUNDS = 3
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
#: Orders of packing, tried in turn: longest life, largest, largest area. Each packs some networks that others do not.
_ORDERS: tuple[_Order, ...] = (
    lambda r: (-_life(r), -r.size_bytes),
    lambda r: (-r.size_bytes, r.first),
    lambda r: (-r.size_bytes * _life(r), r.first),
)

#: Longest life, then who comes first: buffers that take turns then do so at the same addresses.
_IN_TURN: _Order = lambda r: (-_life(r), r.first)  # noqa: E731


class _Placed:
    """Ranges that have addresses, found by the slots they live in.

    They are kept in the order of their first slots, those that live about as long together: whoever lives in a slot
    began there, or before it by no more than the longest life among its kind.
    """

    def __init__(self) -> None:
        self._kinds: dict[int, tuple[list[int], list[RangeDraft]]] = {}

    def add(self, draft: RangeDraft) -> None:
        """File a range, whose life must not change while it is here."""
        firsts, drafts = self._kinds.setdefault(_longest(_life(draft)), ([], []))
        index = bisect_right(firsts, draft.first)
        firsts.insert(index, draft.first)
        drafts.insert(index, draft)

    def remove(self, draft: RangeDraft) -> None:
        """Take a range out."""
        firsts, drafts = self._kinds[_longest(_life(draft))]
        index = bisect_left(firsts, draft.first)
        while drafts[index] is not draft:
            index += 1
        del firsts[index], drafts[index]

    def contemporaries(self, first: int, last: int) -> list[RangeDraft]:
        """Ranges that live in one of the slots from `first` to `last`."""
        found: list[RangeDraft] = []
        for longest, (firsts, drafts) in self._kinds.items():
            low, high = bisect_right(firsts, first - longest), bisect_right(firsts, last)
            if low < high:
                found += [draft for draft in drafts[low:high] if first <= draft.last]
        return found


def _longest(life: int) -> int:
    """The longest life of a kind that some life belongs to: 1, 4, 16, … slots."""
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

        Where no order packs all, each is tried again with what found no place in it before all others.

        Args:
            wishes: ranges that had better live from an earlier slot on. Those for which there is room do so; the
                others are near what found no place with all of them.
        """
        failed: list[dict[RangeDraft, Shortage]] = []
        for order, hard in self._ways(failed):
            failed.append(dict(self._pack_in(order, hard)))
            if not failed[-1]:
                break
        else:
            return list(failed[-1].values())
        narrow = self._pack_early(_IN_TURN, (), wishes)
        for _ in range(EARLY_ROUNDS):
            if not narrow:
                return []
            wishes = _away_from(narrow, wishes)
            narrow = self._pack_early(order, hard, wishes)
        if not narrow:
            return []
        return [shortage for _, shortage in self._pack_in(order, hard)]  # none, as before

    @staticmethod
    def _ways(failed: Sequence[Collection[RangeDraft]]) -> Iterator[tuple[_Order, Collection[RangeDraft]]]:
        """Every order alone, then with what failed in it before all others; `failed` grows meanwhile."""
        yield from ((order, ()) for order in _ORDERS)
        yield from zip(_ORDERS, failed[: len(_ORDERS)], strict=True)

    def _pack_early(
        self, order: _Order, hard: Collection[RangeDraft], wishes: Mapping[RangeDraft, int]
    ) -> list[RangeDraft]:
        """Give addresses beside those that stay, and wishes where there is room; returns what did not fit.

        If anything did not, all lives are as they were.
        """
        self._placed = _Placed()
        firsts = {draft: draft.first for draft in wishes}
        failed: list[RangeDraft] = []
        for draft in self._in_order(order, hard):
            for first in dict.fromkeys((wishes.get(draft, draft.first), draft.first)):
                draft.address = self._beside_those_that_stay(draft, first, draft.last)
                if draft.address >= 0:
                    draft.first = first
                    self._placed.add(draft)
                    break
            else:
                failed.append(draft)
        if failed:
            for draft, first in firsts.items():
                draft.first = first
        return failed

    def _pack_in(self, order: _Order, hard: Collection[RangeDraft]) -> Iterator[tuple[RangeDraft, Shortage]]:
        """Give the lowest addresses to the hard ones, then to the others in some order; what fails is left out."""
        self._placed = _Placed()
        for draft in self._in_order(order, hard):
            address, largest = self._find(draft, draft.first, draft.last)
            if address < 0:
                yield draft, Shortage(draft.first, draft.size_bytes, largest)
                continue
            draft.address = address
            self._placed.add(draft)

    def _in_order(self, order: _Order, hard: Collection[RangeDraft]) -> list[RangeDraft]:
        return [*hard, *(r for r in sorted(self.live, key=order) if r not in hard)]

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

    def _find(self, draft: RangeDraft, first: int, last: int) -> tuple[int, int]:
        """(lowest free address for the whole life or −1, largest gap seen)."""
        others = self._placed.contemporaries(first, last)
        occupied = sorted([(o.address, o.size_bytes) for o in others if o is not draft])
        occupied.append((self.capacity, 0))
        free = largest = 0
        for start, size in occupied:
            gap = start - free
            if gap >= draft.size_bytes:
                return free, largest
            if gap > largest:
                largest = gap
            if start + size > free:
                free = start + size
        return -1, largest

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


def _away_from(narrow: Iterable[RangeDraft], wishes: Mapping[RangeDraft, int]) -> dict[RangeDraft, int]:
    """The wishes for slots in which none of some ranges lives."""
    begins: list[int] = []
    ends: list[int] = []
    for begin, end in sorted((draft.first, draft.last) for draft in narrow):
        if ends and begin <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            begins.append(begin)
            ends.append(end)
    kept = {}
    for draft, first in wishes.items():
        before = bisect_right(begins, draft.last) - 1
        if before < 0 or ends[before] < first:
            kept[draft] = first
    return kept


def place_in_dram(ranges: Iterable[RangeDraft], memory: int, alignment: int) -> int:
    """Give every DRAM range an address of its own, aligned to bursts; returns the bytes used."""
    top = 0
    for draft in ranges:
        if draft.memory == memory:
            draft.address = top
            top += -(-draft.size_bytes // alignment) * alignment
    return top
