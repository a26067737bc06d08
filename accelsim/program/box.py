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
        if not self.counts:
            return self.base + self.run_bytes
        return self.base + _span(self.run_bytes, self.counts, self.strides)

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
        shift = other.base - self.base
        return _meet(shift, self.run_bytes, self.counts, self.strides, other.run_bytes, other.counts, other.strides)


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
def _span(run: int, counts: tuple[int, ...], strides: tuple[int, ...]) -> int:
    return run + sum((n - 1) * s for n, s in zip(counts, strides, strict=True))


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


@lru_cache(maxsize=1 << 16)
def _meet(
    shift: int,
    run_a: int,
    counts_a: tuple[int, ...],
    strides_a: tuple[int, ...],
    run_b: int,
    counts_b: tuple[int, ...],
    strides_b: tuple[int, ...],
) -> bool:
    """Whether two boxes meet, the second `shift` bytes above the first: equal layouts elsewhere share the answer."""
    if _separated_by_phase(shift, run_a, run_b, gcd(*strides_a, *strides_b)):
        return False
    return _search(Box(0, run_a, counts_a, strides_a), Box(shift, run_b, counts_b, strides_b))


def _separated_by_phase(shift: int, run_a: int, run_b: int, pitch: int) -> bool:
    """Whether the boxes occupy disjoint residues of a common stride (two channel slices of one pixel pitch)."""
    phase = shift % pitch
    return phase >= run_a and phase + run_b <= pitch


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
