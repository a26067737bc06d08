"""Static addresses: every range gets bytes that no other range has while it lives.

Ranges are placed in the order in which they come to life. Long-lived ones are packed from the bottom of the memory,
short-lived buffers from the top, each into the smallest gap that takes it, so that buffers do not cut the room of
residents to pieces.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass

from accelsim.compiler.drafts import RangeDraft


@dataclass(frozen=True, slots=True)
class Shortage:
    """A range found no gap: the position in the Program, its size, and the largest gap there was."""

    position: int
    need_bytes: int
    gap_bytes: int


class _Gaps:
    """The free intervals of a memory, sorted by address, never touching."""

    def __init__(self, capacity: int) -> None:
        self.gaps: list[tuple[int, int]] = [(0, capacity)] if capacity else []

    def take(self, size: int, from_top: bool) -> int | None:
        """Bytes from the smallest gap that is large enough, at its lower or upper end; None if there is none."""
        fitting = [(end - start, start, end) for start, end in self.gaps if end - start >= size]
        if not fitting:
            return None
        tightest = min(length for length, _, _ in fitting)
        equal = [(start, end) for length, start, end in fitting if length == tightest]
        start, end = equal[-1] if from_top else equal[0]
        self.gaps.remove((start, end))
        address = end - size if from_top else start
        if address > start:
            insort(self.gaps, (start, address))
        if address + size < end:
            insort(self.gaps, (address + size, end))
        return address

    def give(self, start: int, size: int) -> None:
        """Return bytes, merging with free neighbours."""
        end = start + size
        at = bisect_left(self.gaps, (start, end))
        if at < len(self.gaps) and self.gaps[at][0] == end:
            end = self.gaps.pop(at)[1]
        if at > 0 and self.gaps[at - 1][1] == start:
            at -= 1
            start = self.gaps.pop(at)[0]
        self.gaps.insert(at, (start, end))

    def largest(self) -> int:
        """Size of the largest gap."""
        return max((end - start for start, end in self.gaps), default=0)


def place(ranges: Sequence[RangeDraft], memory: int, capacity: int, long_lived: int) -> Shortage | None:
    """Give addresses to the live ranges of one on-chip memory; returns what did not fit, or None.

    Args:
        ranges: all ranges; `first` and `last` are their positions in the Program.
        memory: index of the memory.
        capacity: its bytes.
        long_lived: positions from which on a range counts as long-lived.
    """
    born = sorted((r for r in ranges if r.memory == memory and r.first >= 0), key=lambda r: (r.first, -r.size_bytes))
    dying: list[tuple[int, int, int]] = []  # (last, address, size), sorted
    gaps = _Gaps(capacity)
    for draft in born:
        while dying and dying[0][0] < draft.first:
            _, address, size = dying.pop(0)
            gaps.give(address, size)
        found = gaps.take(draft.size_bytes, from_top=draft.last - draft.first < long_lived)
        if found is None:
            return Shortage(draft.first, draft.size_bytes, gaps.largest())
        draft.address = found
        insort(dying, (draft.last, found, draft.size_bytes))
    return None


def place_in_dram(ranges: Sequence[RangeDraft], memory: int, alignment: int) -> int:
    """Give every DRAM range an address of its own, aligned to bursts; returns the bytes used."""
    top = 0
    for draft in ranges:
        if draft.memory == memory:
            draft.address = top
            top += -(-draft.size_bytes // alignment) * alignment
    return top
