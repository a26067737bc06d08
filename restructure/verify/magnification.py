"""How much a network magnifies a small change of its inputs; rounding errors are magnified likewise.

An output may be far smaller than what it is made of: a Tanh that saturates nearly everywhere, or large values that are
clipped or cancel, leave outputs of usual size and errors of the large numbers before them.
"""

from collections.abc import Callable, Mapping

import numpy as np

from restructure.operators import Array

__all__ = ["MOST", "magnification"]

_CHANGE = 2.0**-12
"""Relative change of the inputs: far above float32's rounding."""

MOST = 64.0
"""No output is said to be magnified more, so that a wrong value is not taken for rounding."""

Arrays = Mapping[str, Array]


def magnification(run: Callable[[Arrays], Arrays], feeds: Arrays, outputs: Arrays) -> dict[str, float]:
    """Return how much larger the relative change of each output is than that of the inputs, from 1 to 64.

    Args:
        run: computes the network's outputs.
        outputs: what it gives for these feeds.
    """
    changed = run({name: _changed(values) for name, values in feeds.items()})
    return {name: _ratio(changed[name], expected) for name, expected in outputs.items()}


def _changed(values: Array) -> Array:
    """A little more and a little less in turn; integers stay, since no change of theirs is small."""
    if values.dtype.kind != "f":
        return values
    signs = np.where(np.arange(values.size).reshape(values.shape) % 2, 1, -1)
    return np.asarray(values * (1 + _CHANGE * signs)).astype(values.dtype)


def _ratio(changed: Array, expected: Array) -> float:
    before, after = expected.astype(np.float64), changed.astype(np.float64)
    both = np.isfinite(before) & np.isfinite(after)
    largest = np.abs(before[both]).max(initial=0.0)
    ratio = np.abs(after[both] - before[both]).max(initial=0.0) / largest / _CHANGE if largest else 1.0
    return float(min(max(ratio, 1.0), MOST))
