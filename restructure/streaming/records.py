"""Memory that is made at once and released bit by bit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

__all__ = ["Placed", "Storage"]


@dataclass(frozen=True, slots=True)
class Storage:
    """Memory that one step makes and later steps release bit by bit.

    Attributes:
        tensor: that it holds some rows of.
        start: the step that makes it.
        unit_bytes, unit_elements: of one unit (a row, or a cell); 0 if it is not counted.
        released: (last step that reads them, units); −1: nobody does.
    """

    tensor: int
    start: int
    unit_bytes: int
    unit_elements: int
    released: tuple[tuple[int, int], ...]


class Placed:
    """What the storages of a program hold over time; an `Occupancy`.

    Args:
        overlapping: whether blocks that are kept for later share some of their bytes.
    """

    def __init__(self, storages: Sequence[Storage], steps: int, overlapping: bool = False) -> None:
        self.storages, self.steps, self.overlapping = storages, steps, overlapping

    def octets(self) -> list[int]:
        return self._curve(lambda storage: storage.unit_bytes)

    def elements(self) -> list[int]:
        return self._curve(lambda storage: storage.unit_elements)

    def _curve(self, unit: Callable[[Storage], int]) -> list[int]:
        change = [0] * (self.steps + 3)
        for storage in self.storages:
            size = unit(storage)
            for last, count in storage.released:
                if last >= 0:
                    change[storage.start] += size * count
                    change[last + 1] -= size * count
        return list(accumulate(change[: self.steps]))

    def at(self, step: int) -> dict[int, int]:
        found: dict[int, int] = {}
        for storage in self.storages:
            units = sum(count for last, count in storage.released if storage.start <= step <= last)
            if units:
                found[storage.tensor] = found.get(storage.tensor, 0) + storage.unit_bytes * units
        return found

    def buffer(self, block: int) -> int:
        return block

    def uses_all(self) -> bool:
        return not self.overlapping and not any(last < 0 for s in self.storages for last, _ in s.released)
