"""What points are judged by: objectives by short names, any metric of a run, any field of the hardware."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from accelsim.errors import ConfigurationError
from accelsim.explore.configuration import field_unit
from accelsim.explore.store import Row
from accelsim.explore.values import field_rule
from accelsim.hardware.guess import closest
from accelsim.hardware.units import Refused

__all__ = ["OBJECTIVES", "Quantity", "objective_named", "quantity_named"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number of every point.

    Attributes:
        name: as the user says it.
        key: in the row's metrics, or the dotted field of its configuration.
        unit: of its values; empty for counts and shares.
        of_hardware: whether it is a field of the configuration.
        more_is_better: whether fronts and searches look for the largest; otherwise for the smallest.
    """

    name: str
    key: str
    unit: str = ""
    of_hardware: bool = False
    more_is_better: bool = False

    def value(self, row: Row) -> float | None:
        """The row's number; None where it has none."""
        return self.of(row.configuration if self.of_hardware else row.metrics)

    def of(self, numbers: Mapping[str, Any]) -> float | None:
        """The number in a table of metrics, or of fields."""
        found = numbers.get(self.key)
        return found if isinstance(found, int | float) and not isinstance(found, bool) else None

    def cost(self, value: float) -> float:
        """The value turned so that less is better."""
        return -value if self.more_is_better else value


OBJECTIVES: Mapping[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity("latency", "latency_s", "s"),
        Quantity("energy", "energy_pj", "pJ"),
        Quantity("edp", "edp_pj_s", "pJ*s"),
        Quantity("dram", "dram_bytes", "B"),
        Quantity("peak", "peak_occupancy_bytes", "B"),
        Quantity("spills", "spills.bytes_written", "B"),
        Quantity("utilisation", "pe_utilisation", more_is_better=True),
    )
}
"""What a run can be best at: time, energy, their product, DRAM traffic, peak occupancy of the scratchpad, spills."""

_ENDINGS = {"_bytes": "B", "_cycles": "cycles", "_pj": "pJ", "_s": "s", "_pj_s": "pJ*s"}
_STEMS = {
    "dram_bytes": "B",
    "spills.bytes": "B",
    "array_cycles": "cycles",
    "energy_pj": "pJ",
    "spills.cycles": "cycles",
}


def objective_named(name: str) -> Quantity:
    """The objective of a short name.

    Raises:
        ConfigurationError: there is none.
    """
    if name in OBJECTIVES:
        return OBJECTIVES[name]
    guess = closest(name, OBJECTIVES)
    remedy = f"did you mean {guess}?" if guess else "write e.g. latency"
    raise ConfigurationError(f"objective: must be one of {', '.join(OBJECTIVES)}, got {name!r}; {remedy}")


def quantity_named(name: str, metrics: Collection[str] = ()) -> Quantity:
    """An objective, a metric or a hardware field.

    Args:
        metrics: the names of the metrics there are.

    Raises:
        ConfigurationError: it is none of them.
    """
    if name in OBJECTIVES:
        return OBJECTIVES[name]
    if name in metrics:
        return Quantity(name, name, _unit(name))
    try:
        field_rule(name)
    except Refused as refused:
        guess = closest(name, [*OBJECTIVES, *metrics])
        remedy = f"did you mean {guess}?" if guess else refused.remedy
        rule = f"must be one of {', '.join(OBJECTIVES)}, a metric, or a field of the hardware"
        raise ConfigurationError(f"quantity: {rule}, got {name!r}; {remedy}") from None
    return Quantity(name, name, field_unit(name), of_hardware=True)


def _unit(metric: str) -> str:
    for stem, unit in _STEMS.items():
        if metric.startswith(stem):
            return unit
    fitting = [ending for ending in _ENDINGS if metric.endswith(ending)]
    return _ENDINGS[max(fitting, key=len)] if fitting else ""


def exactly(value: float) -> Fraction:
    """A number as a fraction, floats by their shortest decimal text."""
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
