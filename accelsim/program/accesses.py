"""The accesses to one memory that later ones may still have to wait for, found by address.

An access is forgotten once later accesses stand for it: writes that cover its bytes (whoever meets the old bytes
meets the writes), or a later read of the same bytes by the same unit (units complete in order). So the number kept
follows from what lies in the memory, not from the length of the Program.
"""

from __future__ import annotations

from accelsim.program.box import Box, normalise

_FINEST_SHIFT = 6
_STEP = 3


class Access:
    """An access to the bytes of `box` in [low, high); what lay outside has been covered by later writes."""

    __slots__ = ("box", "high", "instruction", "low", "unit")

    def __init__(self, low: int, high: int, box: Box, instruction: int, unit: int) -> None:
        self.low = low
        self.high = high
        self.box = box
        self.instruction = instruction
        self.unit = unit


class Shelf:
    """Accesses by address: an access lies in the cell of its first byte, on the level whose cells hold its length.

    To find those near an interval, two cells are looked at on every level of cells larger than the interval; on
    the others, those inside it, or all there are if they are fewer.
    """

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        self._levels: dict[int, dict[int, list[Access]]] = {}

    def add(self, access: Access) -> None:
        """Put an access on the shelf."""
        shift = _level(access.high - access.low)
        self._levels.setdefault(shift, {}).setdefault(access.low >> shift, []).append(access)

    def remove(self, access: Access) -> None:
        """Take an access off the shelf."""
        shift = _level(access.high - access.low)
        cells, key = self._levels[shift], access.low >> shift
        cells[key].remove(access)
        if not cells[key]:
            del cells[key]

    def near(self, low: int, high: int) -> list[Access]:
        """Accesses whose interval meets [low, high)."""
        found = []
        for shift, cells in self._levels.items():
            first, last = ((low + 1) >> shift) - 1, (high - 1) >> shift
            keys = range(first, last + 1) if last - first < len(cells) else list(cells)
            for key in keys:
                for access in cells.get(key, ()):
                    if access.low < high and low < access.high:
                        found.append(access)
        return found

    def same(self, box: Box, low: int, high: int, unit: int) -> Access | None:
        """A unit's access to exactly this box, of which nothing has been covered."""
        shift = _level(high - low)
        cells = self._levels.get(shift)
        if cells is None:
            return None
        for access in cells.get(low >> shift, ()):
            if access.unit == unit and access.low == low and access.high == high and access.box == box:
                return access
        return None


def _level(span: int) -> int:
    return max(_FINEST_SHIFT, ((span - 1).bit_length() + _STEP - 1) // _STEP * _STEP)


class Region:
    """The live accesses of one memory (on chip) or of one range (DRAM, whose ranges are disjoint)."""

    __slots__ = ("_reads", "_unions", "_writes")

    def __init__(self) -> None:
        self._reads = Shelf()
        self._writes = Shelf()
        self._unions: dict[tuple[int, tuple[int, ...], tuple[int, ...]], tuple[Box, int]] = {}

    def readers(self, box: Box, low: int, high: int) -> list[Access]:
        """Live reads that share a byte with `box`."""
        return _sharing(self._reads.near(low, high), box)

    def writers(self, box: Box, low: int, high: int) -> list[Access]:
        """Live writes that share a byte with `box`."""
        return _sharing(self._writes.near(low, high), box)

    def read(self, access: Access) -> None:
        """Note a read."""
        earlier = self._reads.same(access.box, access.low, access.high, access.unit)
        if earlier is not None:
            earlier.instruction = access.instruction
        else:
            self._reads.add(access)

    def write(self, access: Access) -> None:
        """Note a write, and forget what it or a union it completes has covered."""
        box = access.box
        if box.counts:
            self._forget_same(access)
            box, first = self._join(box, access.instruction)
        else:
            first = access.instruction + 1
        if not box.counts:
            self._cover(box.base, box.base + box.run_bytes, first)
        self._writes.add(access)

    def _forget_same(self, access: Access) -> None:
        for shelf in (self._reads, self._writes):
            for old in shelf.near(access.low, access.high):
                if old.box == access.box:
                    shelf.remove(old)

    def _join(self, box: Box, first: int) -> tuple[Box, int]:
        """The union of a strided write with earlier ones side by side, and the first instruction of that series."""
        while box.counts:
            left = self._unions.pop((box.base, box.counts, box.strides), None)
            if left is None:
                self._unions[box.base + box.run_bytes, box.counts, box.strides] = (box, first)
                break
            start, first = left[0], min(first, left[1])
            counts, strides = (*box.counts, 1), (*box.strides, 1)
            box = normalise(start.base, counts, strides, start.run_bytes + box.run_bytes)
        return box, first

    def _cover(self, low: int, high: int, first: int) -> None:
        """Trim the accesses from before instruction `first` to what lies outside [low, high)."""
        for shelf in (self._reads, self._writes):
            for old in shelf.near(low, high):
                if old.instruction < first:
                    shelf.remove(old)
                    if old.low < low:
                        shelf.add(Access(old.low, low, old.box, old.instruction, old.unit))
                    if high < old.high:
                        shelf.add(Access(high, old.high, old.box, old.instruction, old.unit))


def _sharing(candidates: list[Access], box: Box) -> list[Access]:
    if box.counts:
        return [a for a in candidates if a.box.overlaps(box)]
    return [a for a in candidates if not a.box.counts or a.box.overlaps(box)]
