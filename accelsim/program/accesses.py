"""The accesses to one memory that later ones may still have to wait for, found by address.

An access is forgotten once later accesses stand for it: writes that cover its bytes (whoever meets the old bytes
meets the writes), or a later read of the same bytes by the same unit (units complete in order). So the number kept
follows from what lies in the memory, not from the length of the Program.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from accelsim.program.layout import Layout, layout_of

_SHORT_BYTES, _STEP = 4096, 6


class Access:
    """An access to the bytes of a box in [low, high); what lay outside has been covered by later writes.

    The box is a `layout` at `base`. The access is on a shelf as long as it is `live`.
    """

    __slots__ = ("base", "high", "instruction", "layout", "live", "low", "unit")

    def __init__(self, base: int, layout: Layout, instruction: int, unit: int) -> None:
        self.base = base
        self.layout = layout
        self.low = base
        self.high = base + layout.span_bytes
        self.instruction = instruction
        self.unit = unit
        self.live = False

    def part(self, low: int, high: int) -> Access:
        """The same access, of which only [low, high) still matters."""
        part = Access(self.base, self.layout, self.instruction, self.unit)
        part.low, part.high = low, high
        return part


class Shelf:
    """Accesses in the order of their first bytes, long ones apart from short ones.

    To find those near an interval, only those are looked at that begin inside it, or before it by no more than the
    longest of their kind.
    """

    __slots__ = ("_kinds",)

    def __init__(self) -> None:
        self._kinds: dict[int, tuple[list[int], list[Access]]] = {}

    def add(self, access: Access) -> None:
        """Put an access on the shelf."""
        lows, items = self._kinds.setdefault(_longest(access.high - access.low), ([], []))
        index = bisect_right(lows, access.low)
        lows.insert(index, access.low)
        items.insert(index, access)
        access.live = True

    def remove(self, access: Access) -> None:
        """Take an access off the shelf."""
        lows, items = self._kinds[_longest(access.high - access.low)]
        index = bisect_left(lows, access.low)
        while items[index] is not access:
            index += 1
        del lows[index], items[index]
        access.live = False

    def near(self, low: int, high: int) -> list[Access]:
        """Accesses whose interval meets [low, high)."""
        found: list[Access] = []
        for longest, (lows, items) in self._kinds.items():
            first, last = bisect_right(lows, low - longest), bisect_left(lows, high)
            if first < last:
                found += [access for access in items[first:last] if low < access.high]
        return found

    def same(self, wanted: Access) -> Access | None:
        """An access by the same unit to exactly the same box, of which nothing has been covered."""
        lows, items = self._kinds.get(_longest(wanted.high - wanted.low), ((), ()))
        for index in range(bisect_left(lows, wanted.low), bisect_right(lows, wanted.low)):
            found = items[index]
            if found.unit == wanted.unit and found.high == wanted.high and found.layout is wanted.layout:
                return found
        return None


def _longest(span: int) -> int:
    longest = _SHORT_BYTES
    while span > longest:
        longest <<= _STEP
    return longest


class Region:
    """The live accesses of one memory (on chip) or of one range (DRAM, whose ranges are disjoint).

    Attributes:
        reads, writes: what is live.
    """

    __slots__ = ("_unions", "reads", "writes")

    def __init__(self) -> None:
        self.reads = Shelf()
        self.writes = Shelf()
        self._unions: dict[tuple[int, tuple[int, ...], tuple[int, ...]], tuple[int, Layout, int]] = {}

    def read(self, access: Access) -> None:
        """Note a read."""
        earlier = self.reads.same(access)
        if earlier is not None:
            earlier.instruction = access.instruction
        else:
            self.reads.add(access)

    def write(self, access: Access, reads: list[Access], writes: list[Access]) -> None:
        """Note a write, and forget what it, or a union it completes, has covered.

        Args:
            access: the write.
            reads, writes: what is, or just was, live near it.
        """
        base, layout = access.base, access.layout
        if not layout.counts:
            self._cover(base, access.high, reads, writes)
        else:
            _forget(self.reads, [a for a in reads if a.layout is layout and a.base == base])
            _forget(self.writes, [a for a in writes if a.layout is layout and a.base == base])
            start, union, first = self._join(base, layout, access.instruction)
            if not union.counts:
                end = start + union.run_bytes
                near = (shelf.near(start, end) for shelf in (self.reads, self.writes))
                self._cover(start, end, *([a for a in old if a.instruction < first] for old in near))
        self.writes.add(access)

    def _join(self, base: int, layout: Layout, first: int) -> tuple[int, Layout, int]:
        """The union of a strided write with earlier ones side by side, and the first instruction of that series."""
        while layout.counts:
            left = self._unions.pop((base, layout.counts, layout.strides), None)
            if left is None:
                self._unions[base + layout.run_bytes, layout.counts, layout.strides] = (base, layout, first)
                break
            run = left[1].run_bytes + layout.run_bytes
            base, first = left[0], min(first, left[2])
            layout = layout_of((*layout.counts, 1), (*layout.strides, 1), run)
        return base, layout, first

    def _cover(self, low: int, high: int, reads: list[Access], writes: list[Access]) -> None:
        """Keep of live accesses only what lies outside [low, high)."""
        _trim(self.reads, reads, low, high)
        _trim(self.writes, writes, low, high)


def _forget(shelf: Shelf, old: list[Access]) -> None:
    for access in old:
        if access.live:
            shelf.remove(access)


def _trim(shelf: Shelf, old: list[Access], low: int, high: int) -> None:
    for access in old:
        if access.live:
            shelf.remove(access)
            if access.low < low:
                shelf.add(access.part(access.low, low))
            if high < access.high:
                shelf.add(access.part(high, access.high))
