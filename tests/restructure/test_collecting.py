"""The collector of cycles rests during long work, and is caught up with all the same."""

import gc
import weakref
from itertools import count

import pytest

from restructure.collecting import PATIENCE, uncollected


class Knot:
    """Refers to itself, so only the collector can free it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def collected(monkeypatch):
    monkeypatch.setattr("restructure.collecting._times", count(1))
    gc.collect()
    yield
    assert gc.isenabled()


def test_neither_meanwhile_nor_on_leaving_is_anything_looked_through():
    collections: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        collections.append(info["generation"])

    gc.callbacks.append(note)
    try:
        with uncollected():
            kept = [[number] for number in range(200_000)]
            assert not gc.isenabled()
        more = [[number] for number in range(100)]
        noted = list(collections)
    finally:
        gc.callbacks.remove(note)
    assert noted == []
    assert len(kept) + len(more) == 200_100


def test_an_inner_rest_does_not_end_the_outer_one():
    with uncollected():
        with uncollected():
            pass
        assert not gc.isenabled()


def test_cycles_made_meanwhile_are_found_in_the_end():
    with uncollected():
        knot = weakref.ref(Knot())
    for _ in range(PATIENCE):
        with uncollected():
            pass
    assert knot() is None


def test_what_is_gone_by_the_next_time_is_not_looked_through():
    looked_through: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            looked_through.append(len(gc.get_objects()))

    for _ in range(PATIENCE - 1):
        with uncollected():
            passing = [[number] for number in range(50_000)]
        del passing
    few = len(gc.get_objects())
    gc.callbacks.append(note)
    try:
        with uncollected():
            kept = [[number] for number in range(50_000)]
    finally:
        gc.callbacks.remove(note)
    assert len(kept) == 50_000
    assert looked_through
    assert max(looked_through) < few + 1000


def test_what_somebody_else_has_frozen_stays_frozen():
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        with uncollected():
            pass
        assert gc.get_freeze_count() == frozen > 0
    finally:
        gc.unfreeze()
