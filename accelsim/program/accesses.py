"""The accesses to one memory that later ones may still have to wait for, found by address.

An access is forgotten once later accesses stand for it: writes that cover its bytes (whoever meets the old bytes
meets the writes), or a later read of the same bytes by the same unit (units complete in order). So the number kept
follows from what lies in the memory, not from the length of the Program.

Most memory is buffers: a tile is written, read, and written over by the next one, always the same bytes. As long as
nothing else touches them they are a `_Buffer`, found at once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from accelsim.program.layout import Layout, layout_of

_SHORT_BYTES, _STEP = 4096, 6


class Access:
    """An access to the bytes of a box in [low, high); what lay outside has been covered by later writes.

    The box is a `layout` at `base`. The access is on a shelf as long as it is `live`, or one of a buffer.
    """

    __slots__ = ("base", "buffer", "high", "instruction", "layout", "live", "low", "unit")

    def __init__(self, base: int, layout: Layout, instruction: int, unit: int) -> None:
        self.base = base
        self.layout = layout
        self.low = base
        self.high = base + layout.span_bytes
        self.instruction = instruction
        self.unit = unit
        self.live = False
        self.buffer: _Buffer | None = None

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

    def same(self, base: int, layout: Layout, unit: int) -> Access | None:
        """An access by a unit to exactly a box, of which nothing has been covered."""
        span = layout.span_bytes
        lows, items = self._kinds.get(_longest(span), ((), ()))
        for index in range(bisect_left(lows, base), bisect_right(lows, base)):
            found = items[index]
            if found.unit == unit and found.high == base + span and found.layout is layout:
                return found
        return None


def _longest(span: int) -> int:
    longest = _SHORT_BYTES
    while span > longest:
        longest <<= _STEP
    return longest


class _Buffer:
    """Bytes in a row that were written at once and that nothing but accesses to all of them has touched since.

    Attributes:
        write: the last write.
        reads: the last read by each unit; live if it came after that write.
    """

    __slots__ = ("reads", "write")

    def __init__(self, write: Access) -> None:
        self.write = write
        self.reads: dict[int, Access] = {}
        write.buffer = self


class Region:
    """The live accesses of one memory (on chip) or of one range (DRAM, whose ranges are disjoint).

    All accesses of an instruction are first asked about (`before_read`, `before_write`), then noted (`read`, `write`).
    """

    __slots__ = ("_buffers", "_reads", "_unions", "_writes")

    def __init__(self) -> None:
        self._reads = Shelf()
        self._writes = Shelf()
        self._buffers: dict[tuple[int, Layout], _Buffer] = {}
        self._unions: dict[tuple[int, tuple[int, ...], tuple[int, ...]], tuple[int, Layout, int]] = {}

    def before_read(self, base: int, layout: Layout) -> list[Access]:
        """The live writes near a box."""
        buffer = self._buffers.get((base, layout))
        return self._near_writes(base, base + layout.span_bytes) if buffer is None else [buffer.write]

    def before_write(self, base: int, layout: Layout) -> tuple[list[Access], list[Access]]:
        """The live reads and the live writes near a box."""
        buffer = self._buffers.get((base, layout))
        if buffer is None:
            return self._near(base, base + layout.span_bytes)
        return [read for read in buffer.reads.values() if read.live], [buffer.write]

    def read(self, base: int, layout: Layout, instruction: int, unit: int) -> None:
        """Note a read of a box."""
        buffer = self._buffers.get((base, layout))
        earlier = self._reads.same(base, layout, unit) if buffer is None else buffer.reads.get(unit)
        if earlier is not None:
            earlier.instruction, earlier.live = instruction, True
            return
        access = Access(base, layout, instruction, unit)
        self._reads.add(access)
        if buffer is not None:
            buffer.reads[unit] = access

    def write(
        self,
        base: int,
        layout: Layout,
        instruction: int,
        unit: int,
        reads: list[Access],
        writes: list[Access],
        *,
        alone: bool,
    ) -> None:
        """Note a write of a box, and forget what it, or a union it completes, has covered.

        Args:
            base, layout: the box.
            instruction, unit: who writes.
            reads, writes: what was live near it before the instruction.
            alone: whether the instruction accesses none of these bytes by another operand.
        """
        buffer = self._buffers.get((base, layout))
        if buffer is not None:
            buffer.write.instruction, buffer.write.unit = instruction, unit
            for read in buffer.reads.values():
                read.live = False
            return
        access = Access(base, layout, instruction, unit)
        if not layout.counts:
            self._cover(base, access.high, reads, writes)
            if alone:
                self._buffers[base, layout] = _Buffer(access)
        else:
            _forget(self._reads, [a for a in reads if a.layout is layout and a.base == base])
            _forget(self._writes, [a for a in writes if a.layout is layout and a.base == base])
            start, union, first = self._join(base, layout, instruction)
            if not union.counts:
                end = start + union.run_bytes
                self._cover(start, end, *([a for a in old if a.instruction < first] for old in self._near(start, end)))
        self._writes.add(access)

    def _near(self, low: int, high: int) -> tuple[list[Access], list[Access]]:
        """The live reads and writes whose interval meets [low, high)."""
        writes = self._near_writes(low, high)
        return self._reads.near(low, high), writes

    def _near_writes(self, low: int, high: int) -> list[Access]:
        """The live writes whose interval meets [low, high), where no buffers are any more."""
        writes = self._writes.near(low, high)
        for access in writes:
            if access.buffer is not None:
                del self._buffers[access.base, access.layout]
                for read in access.buffer.reads.values():
                    if not read.live:
                        self._reads.remove(read)
                access.buffer = None
        return writes

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
        _trim(self._reads, reads, low, high)
        _trim(self._writes, writes, low, high)


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
