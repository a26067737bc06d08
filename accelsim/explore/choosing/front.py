"""The points that no other beats in everything at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from accelsim.explore.choosing.quantities import Quantity
from accelsim.explore.store import Row

__all__ = ["front", "pareto"]

Item = TypeVar("Item")


def front(costs: Sequence[tuple[Item, tuple[float, ...]]]) -> list[Item]:
    """The items that no other equals or beats in every cost and beats in one, by rising costs; of equals the first.

    O(n log n) for sorting and O(n · front) for comparing.

    >>> front([("a", (1, 5)), ("b", (2, 5)), ("c", (2, 1))])
    ['a', 'c']
    """
    kept: list[tuple[Item, tuple[float, ...]]] = []
    for item, cost in sorted(costs, key=lambda pair: pair[1]):
        # Whoever beats it comes earlier in this order, or is beaten itself by one that does.
        if not any(all(a <= b for a, b in zip(other, cost, strict=True)) for _, other in kept):
            kept.append((item, cost))
    return [item for item, _ in kept]


def pareto(rows: Sequence[Row], quantities: Sequence[Quantity]) -> tuple[Row, ...]:
    """The front of the rows that have all the quantities; see `Quantity.more_is_better` for directions."""
    costs: list[tuple[Row, tuple[float, ...]]] = []
    for row in rows:
        values = [quantity.value(row) for quantity in quantities]
        known = [q.cost(value) for q, value in zip(quantities, values, strict=True) if value is not None]
        if len(known) == len(values):
            costs.append((row, tuple(known)))
    return tuple(front(costs))
