"""Layouts: boxes without a base. Equal layouts are one object, so that what is known of a pair is found quickly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import gcd


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Runs of `run_bytes`, repeated by `counts` with `strides` (outermost first); made by `intern` and `layout_of`.

    Attributes:
        span_bytes: from the first byte to one past the last.
    """

    run_bytes: int
    counts: tuple[int, ...]
    strides: tuple[int, ...]
    span_bytes: int


@lru_cache(maxsize=1 << 16)
def intern(run_bytes: int, counts: tuple[int, ...], strides: tuple[int, ...]) -> Layout:
    """The one layout with these runs."""
    span = run_bytes + sum((n - 1) * s for n, s in zip(counts, strides, strict=True))
    return Layout(run_bytes, counts, strides, span)


@lru_cache(maxsize=1 << 14)
def layout_of(counts: tuple[int, ...], strides: tuple[int, ...], element_bytes: int) -> Layout:
    """The layout of a strided array: unit dimensions dropped, neighbouring dimensions merged where they touch."""
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
    return intern(run, tuple(c for _, c in kept), tuple(s for s, _ in kept))


@lru_cache(maxsize=1 << 16)
def meet(a: Layout, b: Layout, shift: int) -> bool:
    """Whether two boxes share a byte, the base of the second `shift` bytes above that of the first."""
    if not -b.span_bytes < shift < a.span_bytes:
        return False
    if not a.counts and not b.counts:
        return True
    if _separated_by_phase(shift, a.run_bytes, b.run_bytes, gcd(*a.strides, *b.strides)):
        return False
    return _search(a, b, shift)


def _separated_by_phase(shift: int, run_a: int, run_b: int, pitch: int) -> bool:
    """Whether the boxes occupy disjoint residues of a common stride (two channel slices of one pixel pitch)."""
    phase = shift % pitch
    return phase >= run_a and phase + run_b <= pitch


def _search(a: Layout, b: Layout, shift: int) -> bool:
    """Exact test: take the box with the larger outer stride apart until runs meet or the bounds part."""
    if b.counts and (not a.counts or b.strides[0] > a.strides[0]):
        a, b, shift = b, a, -shift
    stride, part = a.strides[0], intern(a.run_bytes, a.counts[1:], a.strides[1:])
    first = max(0, -((part.span_bytes - 1 - shift) // stride))
    last = min(a.counts[0] - 1, (shift + b.span_bytes - 1) // stride)
    return any(meet(part, b, shift - i * stride) for i in range(first, last + 1))
