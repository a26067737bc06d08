"""Which plan of a front a user gets.

The knee: of the plans within 10 times the original's nodes, the one with the lowest
log(peak) + MAC overhead · 2 + log(nodes) · 0.15, all relative to the original. So halving the peak is worth a third
more MACs, and a tenth of the peak is not worth doubling the nodes.
"""

from collections.abc import Sequence
from math import log

from restructure.planning.drafts import Outcome
from restructure.planning.request import Request
from restructure.planning.studio import Studio
from restructure.plans import BudgetError, Plan

__all__ = ["choose", "knee_cost"]

MOST_NODES = 10
_MACS_WEIGHT, _NODES_WEIGHT = 2.0, 0.15


def choose(studio: Studio, front: Sequence[Outcome], request: Request) -> Plan:
    """Return the plan a request means.

    Raises:
        BudgetError: nothing fits its budget.
    """
    if request.budget_bytes is not None:
        front = _fitting(studio, front, request.budget_bytes)
    if request.cost is not None:
        price = request.cost
        return min((studio.plan(outcome.draft) for outcome in front), key=price)
    if request.budget_bytes is not None:
        return studio.plan(min(front, key=lambda o: (o.macs, o.nodes, o.peak_bytes)).draft)
    if request.max_overhead is not None:
        return studio.plan(min(front, key=lambda o: (o.peak_bytes, o.nodes, o.macs)).draft)
    nodes = studio.baseline.nodes
    affordable = [o for o in front if o.nodes <= MOST_NODES * nodes] or list(front)
    return studio.plan(min(affordable, key=lambda o: knee_cost(studio, o)).draft)


def knee_cost(studio: Studio, outcome: Outcome) -> float:
    """Return what the knee of the front is the minimum of; see the module."""
    base = studio.baseline
    macs = outcome.macs / base.macs - 1 if base.macs else 0.0
    return (
        log(max(outcome.peak_bytes, 1) / max(base.peak_bytes, 1))
        + _MACS_WEIGHT * macs
        + _NODES_WEIGHT * log(max(outcome.nodes, 1) / max(base.nodes, 1))
    )


def _fitting(studio: Studio, front: Sequence[Outcome], budget_bytes: int) -> list[Outcome]:
    fitting = [outcome for outcome in front if outcome.peak_bytes <= budget_bytes]
    if fitting:
        return fitting
    closest = min(front, key=lambda o: (o.peak_bytes, o.macs, o.nodes))
    network, held = studio.network(closest.draft.cut_nodes), studio.at_peak(studio.measure(closest.draft)).held
    names: dict[str, int] = {}
    for tensor, size in held.items():
        names[network.tensors[tensor].name] = names.get(network.tensors[tensor].name, 0) + size
    largest = tuple(sorted(names.items(), key=lambda item: -item[1]))
    listed = ", ".join(f"{name} {size:,} B" for name, size in largest[:3])
    raise BudgetError(
        f"{studio.graph.name}: active memory must fit {budget_bytes:,} B, the closest plan needs "
        f"{closest.peak_bytes:,} B, {closest.peak_bytes - budget_bytes:,} B too many; live at its peak: {listed}; "
        "allow more MACs, nodes or parts, or a smaller element type",
        studio.plan(closest.draft),
        largest,
    )
