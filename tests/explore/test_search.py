"""The search finds the first position of a monotone predicate, and notices when it is not monotone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from accelsim.explore.search import smallest


@given(st.data(), st.integers(1, 5000))
def test_a_monotone_predicate_is_answered_exactly_with_few_questions(data: st.DataObject, size: int) -> None:
    first = data.draw(st.integers(0, size - 1))
    asked: list[int] = []
    found = smallest(lambda position: not asked.append(position) and position >= first, size)  # type: ignore[func-returns-value]
    assert (found.position, found.monotone, found.scanned, found.certain) == (first, True, False, True)
    assert len(asked) == len(set(asked))
    assert all(0 <= position < size for position in asked)
    assert len(asked) <= size.bit_length() + 16


@given(st.lists(st.booleans(), min_size=1, max_size=40).map(lambda held: [*held, True]))
def test_a_small_predicate_of_any_kind_is_answered_exactly_or_looked_monotone(held: list[bool]) -> None:
    asked: set[int] = set()
    found = smallest(lambda position: not asked.add(position) and held[position], len(held))  # type: ignore[func-returns-value]
    assert found.position is not None
    assert held[found.position]
    if found.scanned:
        assert (found.position, found.certain, found.monotone) == (held.index(True), True, False)
    else:
        assert all(held[position] == (position >= found.position) for position in asked)


def test_a_predicate_that_fails_at_the_last_position_has_no_answer() -> None:
    assert smallest(lambda position: position < 5, 10).position is None


def test_a_hole_right_above_the_answer_is_seen_and_everything_below_is_tried() -> None:
    found = smallest(lambda position: position in (13, *range(20, 25), *range(26, 64)), 64)
    assert (found.position, found.monotone, found.certain) == (13, False, True)


def test_a_scan_that_leaves_positions_out_says_so() -> None:
    found = smallest(lambda position: position >= 5000 or position == 4997, 10_000)
    assert found.position in (4997, 5000)
    assert not found.monotone
    assert not found.certain
