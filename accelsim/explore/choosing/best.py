"""The best points by one quantity, among those that meet conditions."""

from __future__ import annotations

from collections.abc import Sequence

from accelsim.explore.choosing.constraints import Constraint
from accelsim.explore.choosing.quantities import Quantity
from accelsim.explore.store import Row

__all__ = ["best"]


def best(
    rows: Sequence[Row], quantity: Quantity, subject_to: Sequence[Constraint] = (), most: int | None = None
) -> tuple[Row, ...]:
    """The rows that have the quantity and meet all conditions, best first; of equals the first stays first."""
    meeting = [row for row in rows if all(constraint.holds(row) for constraint in subject_to)]
    known = [(quantity.cost(value), row) for row in meeting if (value := quantity.value(row)) is not None]
    return tuple(row for _, row in sorted(known, key=lambda pair: pair[0]))[:most]
