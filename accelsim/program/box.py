"""Strided boxes of bytes: the footprint of an operand in a memory, and the exact test whether two footprints meet.

A box is a set of equal runs of consecutive bytes laid out by nested strides. Channel concatenations interleave and
grids are not contiguous, so a bounding interval is not enough: two boxes may share every bound and no byte.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from math import gcd, prod

from accelsim.program.layout import Layout, intern, layout_of, meet


@dataclass(frozen=True, slots=True)
class Box:
    """`run_bytes` consecutive bytes at `base`, repeated by `counts` with `strides` (outermost first, in bytes).

    Invariants: every count is at least 2, and every stride is larger than the run (``normalise`` merges the others).
    """

    base: int
    run_bytes: int
    counts: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()

    @property
    def runs(self) -> int:
        """Number of contiguous runs."""
        return prod(self.counts)

    @property
    def bytes(self) -> int:
        """Number of bytes in the box."""
        return self.run_bytes * self.runs

    @property
    def end(self) -> int:
        """One past the highest byte."""
        return self.base + self.layout.span_bytes

    @property
    def layout(self) -> Layout:
        """The box without its base."""
        return intern(self.run_bytes, self.counts, self.strides)

    @property
    def contiguous(self) -> bool:
        """Whether the box is a single run."""
        return not self.counts

    def burst_aligned_bytes(self, burst_bytes: int) -> int:
        """Bytes moved to transfer the box when every run is rounded out to multiples of `burst_bytes`."""
        if burst_bytes == 1:
            return self.bytes
        return self.over_runs(_rounded_out(burst_bytes), burst_bytes)

    def over_runs(self, cost: Callable[[int, int], int], period: int) -> int:
        """The sum over all runs of a cost of their address and bytes, which repeats after `period` bytes."""
        return _over_runs(self.base % period, self.run_bytes, self.counts, self.strides, cost, period)

    def overlaps(self, other: Box) -> bool:
        """Whether the two boxes share at least one byte, exactly."""
        if self.base >= other.end or other.base >= self.end:
            return False
        return meet(self.layout, other.layout, other.base - self.base)


def normalise(base: int, counts: tuple[int, ...], strides: tuple[int, ...], element_bytes: int) -> Box:
    """The box of a strided array: unit dimensions dropped, neighbouring dimensions merged where they touch.

    Args:
        base: address of the first element, in bytes.
        counts: elements along each axis, outermost first.
        strides: bytes between neighbours along each axis.
        element_bytes: size of one element.
    """
    layout = layout_of(counts, strides, element_bytes)
    return Box(base, layout.run_bytes, layout.counts, layout.strides)


@cache
def _rounded_out(burst: int) -> Callable[[int, int], int]:
    return lambda base, run: -(-(base + run) // burst) * burst - base // burst * burst


@lru_cache(maxsize=1 << 16)
def _over_runs(
    base: int,
    run: int,
    counts: tuple[int, ...],
    strides: tuple[int, ...],
    cost: Callable[[int, int], int],
    period: int,
) -> int:
    if not counts:
        return cost(base, run)
    different = period // gcd(strides[0], period)
    whole, rest = divmod(counts[0], different)
    phases = (
        _over_runs((base + i * strides[0]) % period, run, counts[1:], strides[1:], cost, period) * (whole + (i < rest))
        for i in range(min(different, counts[0]))
    )
    return sum(phases)
