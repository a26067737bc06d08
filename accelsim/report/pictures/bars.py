"""Stacked bars: each layer's cycles by cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from accelsim.results import SimulationResult

__all__ = ["Bars", "cycles_by_layer"]


@dataclass(frozen=True, slots=True)
class Bars:
    """One bar per label, stacked of `values` by cause.

    Attributes:
        title: what is drawn.
        unit: of the values.
        labels: of the bars, in their order.
        values: cause → a value per bar; causes that are nowhere are left out.
        rest: what bars that are not drawn add up to, as a share of all, 0..1.
    """

    title: str
    unit: str
    labels: tuple[str, ...]
    values: Mapping[str, tuple[int, ...]]
    rest: float = 0.0


def cycles_by_layer(result: SimulationResult, most: int | None = None) -> Bars:
    """Cycles of the array by layer and cause, in Program order.

    Args:
        result: the run.
        most: draw that many layers only, those with most cycles.
    """
    spent = [sum(layer.array_cycles_by_cause.values()) for layer in result.layers]
    ranked = sorted(range(len(spent)), key=lambda i: -spent[i])[:most]
    shown = [result.layers[i] for i in sorted(ranked)]
    causes = [cause for cause, number in result.totals.array_cycles_by_cause.items() if number]
    drawn = sum(spent[i] for i in ranked)
    said = f"the {len(shown)} layers with most" if len(shown) < len(spent) else "all layers"
    return Bars(
        title=f"array cycles by cause, {said}: {result.model.name} on {result.hardware.name}",
        unit="cycles",
        labels=tuple(layer.name for layer in shown),
        values={cause: tuple(layer.array_cycles_by_cause[cause] for layer in shown) for cause in causes},
        rest=1 - drawn / sum(spent) if sum(spent) else 0.0,
    )
