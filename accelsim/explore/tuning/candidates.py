"""Plans worth simulating: the original, what a user gets without tuning, and a front of plans."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from accelsim.explore.restructuring import KINDS, activation_dtype
from restructure import BudgetError, Plan, pareto

if TYPE_CHECKING:
    from accelsim.hardware import Hardware
    from restructure.graph import Graph

__all__ = ["ORIGINAL", "defaults", "front", "spread"]

ORIGINAL = "original"
_MOST_PARTS = 16
_MOST_NODES = 10


def defaults(graph: Graph, hardware: Hardware, tell: Callable[[str], None]) -> Iterator[tuple[str, Plan]]:
    """The plans that have a name; those that do not exist for a network are left out."""
    dtype = activation_dtype(hardware)
    for name, make in KINDS.items():
        tell(f"planning {name}")
        try:
            yield name, make(graph, dtype=dtype, max_parts=None, progress=None)
        except BudgetError:
            continue


def front(graph: Graph, hardware: Hardware, tell: Callable[[str], None]) -> list[tuple[str, Plan]]:
    """Plans that no other beats in active memory, MACs and nodes; few parts and many."""
    dtype, most = activation_dtype(hardware), _MOST_NODES * len(graph.nodes)
    found: list[Plan] = []
    for parts in (None, _MOST_PARTS):
        tell(f"planning a front of {'any number' if parts is None else f'at most {parts}'} parts")
        found += [plan for plan in pareto(graph, dtype=dtype, max_parts=parts, max_nodes=most) if plan.regions]
    different = {(plan.peak_bytes, plan.macs, plan.nodes): plan for plan in found}
    ordered = sorted(different.values(), key=lambda plan: (plan.peak_bytes, plan.macs, plan.nodes))
    return [(f"front {number}", plan) for number, plan in enumerate(ordered, 1)]


def spread(items: list[tuple[str, Plan]], most: int) -> list[tuple[str, Plan]]:
    """At most so many of the items, evenly spread, both ends among them.

    >>> [name for name, _ in spread([(str(n), None) for n in range(9)], 3)]
    ['0', '4', '8']
    """
    if len(items) <= most:
        return items
    if most < 2:
        return items[:most]
    return [items[round(index * (len(items) - 1) / (most - 1))] for index in range(most)]
