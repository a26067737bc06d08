"""`peak <= 128 KiB and latency <= 5 ms`: conditions on quantities, with units, read and never evaluated as code."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

from accelsim.errors import ConfigurationError
from accelsim.explore.choosing.quantities import Quantity, exactly, quantity_named
from accelsim.explore.store import Row
from accelsim.hardware.units import BANDWIDTH, FREQUENCY, SIZE, TIME, WIDTH, Dimension, Refused, parse

__all__ = ["Constraint", "constraints_from"]

_COMPARISONS: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    "<=": operator.le, ">=": operator.ge, "==": operator.eq, "<": operator.lt, ">": operator.gt, "=": operator.eq,
}  # fmt: skip
_FORM = re.compile(rf"\s*([A-Za-z_][\w.]*)\s*({'|'.join(_COMPARISONS)})\s*(.+?)\s*")
_NUMBER = re.compile(r"[+-]?(\d[\d_,]*(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?\s*(%?)", re.ASCII)
_LONGEST = 500
_EXAMPLE = "write e.g. 'peak <= 128 KiB'"
_JOULES = {unit: Fraction(1000) ** power for power, unit in enumerate(("pJ", "nJ", "uJ", "mJ", "J"))}
_DIMENSIONS: Mapping[str, tuple[Dimension, Fraction]] = {
    "B": (SIZE, Fraction(1)),
    "s": (TIME, Fraction(1, 10**12)),
    "pJ": (Dimension("an energy", "pJ", _JOULES, "2 mJ"), Fraction(1)),
    "pJ*s": (
        Dimension("energy times time", "pJ*s", {f"{unit}*s": n for unit, n in _JOULES.items()}, "3 uJ*s"), Fraction(1),
    ),
    "Hz": (FREQUENCY, Fraction(1)),
    "B/s": (BANDWIDTH, Fraction(1)),
    "ps": (TIME, Fraction(1)),
    "B/cycle": (WIDTH, Fraction(1)),
}  # fmt: skip
"""Unit of a quantity → how its bounds are written, and what their base unit is worth in the quantity's."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One condition; `text` as the user wrote it, `bound` in the quantity's unit."""

    quantity: Quantity
    comparison: str
    bound: Fraction
    text: str

    def holds(self, row: Row) -> bool:
        """Whether a point meets it; one without that number does not."""
        return self._met(self.quantity.value(row))

    def holds_for(self, metrics: Mapping[str, float]) -> bool:
        """Whether a run's metrics meet it."""
        return self._met(self.quantity.of(metrics))

    def _met(self, value: float | None) -> bool:
        return value is not None and _COMPARISONS[self.comparison](exactly(value), self.bound)


def constraints_from(text: str, metrics: Collection[str] = ()) -> tuple[Constraint, ...]:
    """The conditions of a text, joined by `and`.

    Args:
        metrics: the names of the metrics there are.

    Raises:
        ConfigurationError: something is no condition, names no quantity, or bounds it in the wrong unit.

    >>> constraints_from("peak <= 128 KiB and latency < 5 ms")[0].bound
    Fraction(131072, 1)
    """
    if len(text) > _LONGEST:
        raise ConfigurationError(f"--subject-to: must be at most {_LONGEST} characters, got {len(text)}; shorten it")
    return tuple(_constraint(part, metrics) for part in re.split(r"\s+and\s+", text.strip()))


def _constraint(text: str, metrics: Collection[str]) -> Constraint:
    match = _FORM.fullmatch(text)
    if match is None:
        rule = f"must be QUANTITY {'|'.join(_COMPARISONS)} VALUE"
        raise ConfigurationError(f"--subject-to: {rule}, got {text!r}; {_EXAMPLE}")
    try:
        quantity = quantity_named(match[1], metrics)
    except ConfigurationError as error:
        raise ConfigurationError(f"--subject-to: {text!r}: {error}") from None
    try:
        bound = _bound(match[3], quantity)
    except Refused as refused:
        raise ConfigurationError(
            f"--subject-to: {quantity.name}: {refused.rule}, got {match[3]!r}; {refused.remedy}"
        ) from None
    return Constraint(quantity, match[2], bound, " ".join(text.split()))


def _bound(text: str, quantity: Quantity) -> Fraction:
    if quantity.unit in _DIMENSIONS:
        dimension, worth = _DIMENSIONS[quantity.unit]
        return parse(text, dimension) * worth
    number = text.removesuffix(quantity.unit).strip() if quantity.unit else text
    match = _NUMBER.fullmatch(number)
    if match is None:
        unit = f" of {quantity.unit}" if quantity.unit else ""
        raise Refused(f"must be a number{unit}", "write e.g. 5000000" if quantity.unit else "write e.g. 0.5, or 50%")
    plain = Fraction(match[0].rstrip("% ").replace("_", "").replace(",", ""))
    return plain / 100 if match[4] else plain
