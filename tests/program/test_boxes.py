"""Boxes against the plain set of their bytes."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.program import Box, normalise


def byte_set(box: Box) -> set[int]:
    starts = [
        box.base + sum(i * s for i, s in zip(index, box.strides, strict=True))
        for index in product(*(range(n) for n in box.counts))
    ]
    return {start + i for start in starts for i in range(box.run_bytes)}


def element_bytes(base: int, counts: tuple[int, ...], strides: tuple[int, ...], size: int) -> set[int]:
    return {
        base + sum(i * s for i, s in zip(index, strides, strict=True)) + byte
        for index in product(*(range(n) for n in counts))
        for byte in range(size)
    }


@st.composite
def arrays(draw: st.DrawFn) -> tuple[int, tuple[int, ...], tuple[int, ...], int]:
    """A strided array whose elements do not collide: every stride holds what lies inside it, plus a gap."""
    size = draw(st.integers(1, 4))
    counts = draw(st.lists(st.integers(1, 4), min_size=0, max_size=4))
    strides, pitch = [], size
    for count in reversed(counts):
        pitch += draw(st.sampled_from([0, 0, 1, 2, 5]))
        strides.append(pitch)
        pitch *= count
    return draw(st.integers(0, 40)), tuple(counts), tuple(reversed(strides)), size


@given(arrays())
def test_normalising_keeps_the_bytes(array: tuple[int, tuple[int, ...], tuple[int, ...], int]) -> None:
    assert byte_set(normalise(*array)) == element_bytes(*array)


@given(arrays())
def test_a_normal_box_has_no_unit_counts_and_no_touching_runs(
    array: tuple[int, tuple[int, ...], tuple[int, ...], int],
) -> None:
    box = normalise(*array)
    assert all(count >= 2 for count in box.counts)
    assert all(stride > box.run_bytes for stride in box.strides)
    assert list(box.strides) == sorted(box.strides, reverse=True)


@given(arrays())
def test_size_runs_and_end_are_those_of_the_bytes(array: tuple[int, tuple[int, ...], tuple[int, ...], int]) -> None:
    box = normalise(*array)
    found = byte_set(box)
    assert (box.bytes, box.end) == (len(found), max(found) + 1)
    assert box.runs == sum(1 for byte in found if byte - 1 not in found)
    assert box.contiguous == (box.runs == 1)


@settings(max_examples=400)
@given(arrays(), arrays())
def test_boxes_overlap_exactly_when_they_share_a_byte(
    first: tuple[int, tuple[int, ...], tuple[int, ...], int], second: tuple[int, tuple[int, ...], tuple[int, ...], int]
) -> None:
    a, b = normalise(*first), normalise(*second)
    assert a.overlaps(b) == b.overlaps(a) == bool(byte_set(a) & byte_set(b))


@given(arrays(), st.sampled_from([1, 2, 3, 8, 64]))
def test_every_run_is_rounded_out_to_bursts_on_its_own(
    array: tuple[int, tuple[int, ...], tuple[int, ...], int], burst: int
) -> None:
    box = normalise(*array)
    starts = [byte for byte in byte_set(box) if byte - 1 not in byte_set(box)]
    moved = sum(len({byte // burst for byte in range(start, start + box.run_bytes)}) * burst for start in starts)
    assert box.burst_aligned_bytes(burst) == moved


def test_channel_slices_of_one_pixel_pitch_never_meet() -> None:
    left = normalise(0, (56, 56, 32), (56 * 128, 128, 1), 1)
    right = normalise(32, (56, 56, 32), (56 * 128, 128, 1), 1)
    assert not left.overlaps(right)
    assert left.overlaps(normalise(31, (56, 56, 32), (56 * 128, 128, 1), 1))


def test_a_contiguous_range_meets_only_runs_and_not_gaps() -> None:
    comb = normalise(0, (4, 8), (32, 1), 1)
    assert [comb.overlaps(Box(base, 1)) for base in (7, 8, 31, 32, 39, 40)] == [True, False, False, True, True, False]
