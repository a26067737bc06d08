"""From result rows to operand rows.

All ranges are half-open. `need(start, stop)` is the least range of operand rows, inside the operand, from which an
operator can make the result rows start..stop−1; it grows with both ends, and never shrinks when the range moves down.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

__all__ = ["Padded", "RowMap", "Same", "Scaled", "Shifted", "Transposed", "Whole", "Windowed", "first_needed"]


class RowMap(Protocol):
    """The receptive field of one operand.

    `slack` further rows below what is needed change nothing (a strided window leaves them unused).
    """

    def __hash__(self) -> int: ...

    @property
    def slack(self) -> int: ...

    def need(self, start: int, stop: int) -> tuple[int, int]:
        """Return the operand rows that result rows start..stop−1 need."""
        ...


@dataclass(frozen=True, slots=True)
class Same:
    """Each row needs its own: element-wise operators, Add, Concat of channels."""

    @property
    def slack(self) -> int:
        return 0

    def need(self, start: int, stop: int) -> tuple[int, int]:
        return start, stop


@dataclass(frozen=True, slots=True)
class Whole:
    """Any row needs the whole operand of `rows` rows, or what follows its row `first`."""

    rows: int
    first: int = 0

    @property
    def slack(self) -> int:
        return 0

    def need(self, start: int, stop: int) -> tuple[int, int]:
        return self.first, self.rows


@dataclass(frozen=True, slots=True)
class Windowed:
    """A window of `extent` rows (holes included) slides by `stride`, starting `begin` rows above the operand."""

    rows: int
    extent: int
    stride: int
    begin: int

    @property
    def slack(self) -> int:
        return self.stride - 1

    def need(self, start: int, stop: int) -> tuple[int, int]:
        low, high = self.reach(start, stop)
        return max(low, 0), min(high, self.rows)

    def reach(self, start: int, stop: int) -> tuple[int, int]:
        """Return the rows the windows span, padding included: may leave the operand at both ends."""
        low = start * self.stride - self.begin
        return low, low + (stop - 1 - start) * self.stride + self.extent

    def pads(self, start: int, stop: int) -> tuple[int, int]:
        """Return the rows of padding above and below that a part start..stop−1 must add to what it needs."""
        low, high = self.reach(start, stop)
        return max(-low, 0), max(high - self.rows, 0)


@dataclass(frozen=True, slots=True)
class Transposed:
    """A transposed convolution: operand row i reaches result rows i·stride − begin … + extent − 1."""

    rows: int
    extent: int
    stride: int
    begin: int

    @property
    def slack(self) -> int:
        return 0

    def need(self, start: int, stop: int) -> tuple[int, int]:
        low = max(-((self.extent - 1 - start - self.begin) // self.stride), 0)
        high = min((stop - 1 + self.begin) // self.stride + 1, self.rows)
        # Rows that nothing reaches hold the bias alone; an operand is never empty.
        low = min(low, self.rows - 1)
        return low, max(high, low + 1)

    def crops(self, start: int, stop: int) -> tuple[int, int]:
        """Return the rows to crop above and below what the needed operand rows give; negative: rows to add below."""
        low, high = self.need(start, stop)
        first = low * self.stride - self.begin
        last = (high - 1) * self.stride - self.begin + self.extent
        return start - first, last - stop


@dataclass(frozen=True, slots=True)
class Scaled:
    """`up` result rows stand for `down` operand rows: nearest resize, depth-to-space, space-to-depth."""

    up: int
    down: int = 1

    @property
    def slack(self) -> int:
        return 0

    def need(self, start: int, stop: int) -> tuple[int, int]:
        return start // self.up * self.down, -(-stop // self.up) * self.down


@dataclass(frozen=True, slots=True)
class Shifted:
    """A slice: result row i is operand row first + i·step."""

    first: int
    step: int

    @property
    def slack(self) -> int:
        return 0

    def need(self, start: int, stop: int) -> tuple[int, int]:
        return self.first + start * self.step, self.first + (stop - 1) * self.step + 1


@dataclass(frozen=True, slots=True)
class Padded:
    """A constant Pad: result row i is operand row i − before where there is one."""

    rows: int
    before: int

    @property
    def slack(self) -> int:
        return 0

    def need(self, start: int, stop: int) -> tuple[int, int]:
        low = min(max(start - self.before, 0), self.rows - 1)
        return low, max(min(stop - self.before, self.rows), low + 1)

    def pads(self, start: int, stop: int) -> tuple[int, int]:
        """Return the rows to add above and below what is needed; negative where it must be cropped."""
        low, high = self.need(start, stop)
        return low + self.before - start, stop - (high + self.before)


@lru_cache(maxsize=4096)
def first_needed(field: RowMap, rows: int) -> tuple[int, ...]:
    """Return, for each of the first `rows` result rows, the first operand row it needs."""
    return tuple(field.need(row, row + 1)[0] for row in range(rows))
