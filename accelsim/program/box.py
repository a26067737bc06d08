"""Strided boxes of bytes: the footprint of an operand in a memory, and the exact test whether two footprints meet.

A box is a set of equal runs of consecutive bytes laid out by nested strides. Channel concatenations interleave and
grids are not contiguous, so a bounding interval is not enough: two boxes may share every bound and no byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import gcd, prod


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
        return self.base + self.run_bytes + sum((n - 1) * s for n, s in zip(self.counts, self.strides, strict=True))

    @property
    def contiguous(self) -> bool:
        """Whether the box is a single run."""
        return not self.counts

    def burst_aligned_bytes(self, burst_bytes: int) -> int:
        """Bytes moved to transfer the box when every run is rounded out to multiples of `burst_bytes`."""
        if burst_bytes == 1:
            return self.bytes
        return _burst_aligned(self.base % burst_bytes, self.run_bytes, self.counts, self.strides, burst_bytes)

    def overlaps(self, other: Box) -> bool:
        """Whether the two boxes share at least one byte, exactly."""
        if self.base >= other.end or other.base >= self.end:
            return False
        if not self.counts and not other.counts:
            return True
        return _overlap(*_relative(self, other))


def normalise(base: int, counts: tuple[int, ...], strides: tuple[int, ...], element_bytes: int) -> Box:
    """The box of a strided array: unit dimensions dropped, neighbouring dimensions merged where they touch.

    Args:
        base: address of the first element, in bytes.
        counts: elements along each axis, outermost first.
        strides: bytes between neighbours along each axis.
        element_bytes: size of one element.
    """
    return Box(base, *_layout(counts, strides, element_bytes))


@lru_cache(maxsize=1 << 14)
def _layout(
    counts: tuple[int, ...], strides: tuple[int, ...], element_bytes: int
) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    run = element_bytes
    kept: list[tuple[int, int]] = []
    for stride, count in sorted(zip(strides, counts, strict=True)):
        if count == 1:
            continue
        if not kept and stride == run:
            run *= count
        elif kept and stride == kept[-1][0] * kept[-1][1]:
            kept[-1] = (kept[-1][0], kept[-1][1] * count)
        else:
            kept.append((stride, count))
    kept.reverse()
    return run, tuple(c for _, c in kept), tuple(s for s, _ in kept)


@lru_cache(maxsize=1 << 16)
def _burst_aligned(base: int, run: int, counts: tuple[int, ...], strides: tuple[int, ...], burst: int) -> int:
    if not counts:
        return -(-(base + run) // burst) * burst - base // burst * burst
    inner, period = counts[1:], burst // gcd(strides[0], burst)
    whole, rest = divmod(counts[0], period)
    phases = (
        _burst_aligned((base + i * strides[0]) % burst, run, inner, strides[1:], burst) * (whole + (i < rest))
        for i in range(min(period, counts[0]))
    )
    return sum(phases)


def _relative(a: Box, b: Box) -> tuple[Box, Box]:
    """The pair moved so that the lower base is zero: equal layouts at other addresses share one cached answer."""
    origin = min(a.base, b.base)
    moved_a = Box(a.base - origin, a.run_bytes, a.counts, a.strides)
    moved_b = Box(b.base - origin, b.run_bytes, b.counts, b.strides)
    return moved_a, moved_b


@lru_cache(maxsize=1 << 16)
def _overlap(a: Box, b: Box) -> bool:
    if _separated_by_phase(a, b):
        return False
    return _search(a, b)


def _separated_by_phase(a: Box, b: Box) -> bool:
    """Whether the boxes occupy disjoint residues of a common stride (two channel slices of one pixel pitch)."""
    pitch = gcd(*a.strides, *b.strides)
    if a.run_bytes + b.run_bytes > pitch:
        return False
    shift = (b.base - a.base) % pitch
    return shift >= a.run_bytes and shift + b.run_bytes <= pitch


def _search(a: Box, b: Box) -> bool:
    """Exact test: split the box with the larger outer stride until runs meet or the bounds part."""
    if a.base >= b.end or b.base >= a.end:
        return False
    if not a.counts and not b.counts:
        return True
    if b.counts and (not a.counts or b.strides[0] > a.strides[0]):
        a, b = b, a
    stride, count = a.strides[0], a.counts[0]
    slice_span = Box(0, a.run_bytes, a.counts[1:], a.strides[1:]).end
    first = max(0, -((a.base + slice_span - 1 - b.base) // stride))
    last = min(count - 1, (b.end - 1 - a.base) // stride)
    return any(
        _search(Box(a.base + i * stride, a.run_bytes, a.counts[1:], a.strides[1:]), b) for i in range(first, last + 1)
    )
