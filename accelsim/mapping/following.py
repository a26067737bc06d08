"""Cost of operands whose axes follow the layer's loops by rules of their own (`Access.follow`).

Such an operand is loaded anew whenever the innermost loop it follows moves on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from accelsim.mapping.candidates import Candidates, Ints
from accelsim.mapping.records import ORDERS
from accelsim.workload import Follow

#: Loops of each letter of an order, outermost first: batch, columns, rows; filters; reduction.
_LOOPS = {"S": (0, 2, 1), "K": (3,), "C": (4,)}


@dataclass(frozen=True, slots=True, eq=False)
class Following:
    """Extents of a full operand tile per axis, and how often a tile is loaded in the layer."""

    extents: tuple[Ints, Ints, Ints, Ints]
    loads: Ints


def following(
    rules: Sequence[Follow], size: tuple[int, int, int, int], c: Candidates, counts: Sequence[Ints]
) -> Following:
    """Extents and loads for every candidate.

    Args:
        rules: one per axis of the operand.
        size: extents of the whole operand.
        c: the candidates.
        counts: tiles along batch, rows, columns, filters and reduction.
    """
    sizes = (c.batch, c.rows, c.columns, c.filters, c.channels)
    b, y, x, k = (_extent(rule, n, sizes) for rule, n in zip(rules, size, strict=True))
    followed = {rule.loop for rule, n in zip(rules, size, strict=True) if n > 1}
    loads = np.ones_like(c.batch)
    for index, order in enumerate(ORDERS):
        trips = reached = np.ones_like(c.batch)
        for loop in (loop for letter in order for loop in _LOOPS[letter]):
            trips = trips * counts[loop]
            if loop in followed:
                reached = np.where(counts[loop] > 1, trips, reached)
        loads = np.where(c.order == index, reached, loads)
    return Following((b, y, x, k), loads)


def _extent(rule: Follow, size: int, sizes: Sequence[Ints]) -> Ints:
    if rule.loop < 0:
        return np.full_like(sizes[0], size)
    span = (sizes[rule.loop] - 1) * rule.numerator // rule.denominator + 1 + rule.margin
    return np.minimum(span, size)
