"""Roundings that fall on a tie within float32's error follow the reference; all others stand."""

import numpy as np
import pytest

from accelsim.functional import Ties
from accelsim.program import Tile

TILE = Tile((0, 1, 0, 0), (1, 1, 1, 2))


def settled(exact: float, theirs: float, window: float = 0.01) -> tuple[float, Ties]:
    expected = np.zeros((1, 2, 1, 2), np.float32)
    expected[0, 1, 0, 0] = theirs
    ties = Ties({"y": expected}, window)
    numbers = np.array([exact, 0], np.float32).reshape(1, 1, 1, 2)
    return float(ties.settle(TILE, "y", numbers, np.rint(numbers))[0, 0, 0, 0]), ties


@pytest.mark.parametrize("exact", [2.5, 2.499, 2.501])
@pytest.mark.parametrize("theirs", [2.0, 3.0])
def test_the_reference_decides_within_the_window(exact: float, theirs: float) -> None:
    found, ties = settled(exact, theirs)
    assert found == theirs
    assert ties.different is None
    assert ties.settled == (theirs != np.rint(exact))


@pytest.mark.parametrize(("exact", "theirs"), [(2.48, 3.0), (2.0, 3.0), (2.501, 2.0 - 1), (2.5, 4.0)])
def test_a_rounding_that_is_no_tie_stands_and_is_told(exact: float, theirs: float) -> None:
    found, ties = settled(exact, theirs)
    assert found == np.rint(np.float32(exact))
    assert ties.different == ("y", abs(found - theirs))
    assert ties.settled == 0


def test_what_is_no_number_gets_the_integer_of_the_reference() -> None:
    found, ties = settled(float("nan"), 7.0)
    assert found == 7.0
    assert (ties.undefined, ties.settled, ties.different) == (1, 0, None)
    found, ties = settled(float("inf"), 7.0)
    assert found == float("inf")
    assert ties.undefined == 0


def test_what_has_no_reference_is_left_alone() -> None:
    ones = np.ones((1, 1, 1, 2), np.float32)
    assert (Ties({}, 1.0).settle(TILE, "other", ones, ones) == 1).all()
