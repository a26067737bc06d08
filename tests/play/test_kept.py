"""Runs that are kept: what was asked for lately stays, and all together they take no more bytes than they may."""

from __future__ import annotations

import pytest

from accelsim.hardware import load
from accelsim.play import work
from accelsim.play.kept import KeptRuns, packed, unpacked
from accelsim.play.work import Refused, Timed


def test_an_answer_comes_out_as_it_went_in() -> None:
    timed = work.timed("tiny", load("edge_npu"), None, None)
    assert isinstance(timed, Timed)
    again = unpacked(packed(timed))
    assert isinstance(again, Timed)
    assert again.result == timed.result
    assert unpacked(packed(Refused("why not", fits=False))) == Refused("why not", fits=False)


def test_the_one_that_nobody_asked_for_longest_goes_first() -> None:
    kept = KeptRuns(30)
    for name in "abc":
        kept.keep(name, name.encode() * 10)
    assert kept.get("a") == b"a" * 10
    kept.keep("d", b"d" * 10)
    assert "b" not in kept
    assert kept.get("b") is None
    assert [name in kept for name in "acd"] == [True, True, True]


def test_bytes_are_what_is_counted_and_an_answer_given_again_counts_once() -> None:
    kept = KeptRuns(30)
    for size in (10, 20, 10):
        kept.keep("same", b"x" * size)
    kept.keep("other", b"y" * 20)
    assert "same" in kept
    kept.keep("more", b"z" * 11)
    assert [name in kept for name in ("same", "other", "more")] == [False, False, True]


@pytest.mark.parametrize("size", [31, 1000])
def test_the_newest_is_kept_however_large(size: int) -> None:
    kept = KeptRuns(30)
    kept.keep("small", b"s")
    kept.keep("large", b"l" * size)
    assert kept.get("large") == b"l" * size
    assert "small" not in kept
    kept.keep("small", b"s")
    assert "large" not in kept
