"""What one process keeps between points, so that what they share is done once."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from accelsim.explore.restructuring import made_by
from accelsim.network import open_network
from accelsim.simulation import compile_model, time_run
from restructure import Plan

if TYPE_CHECKING:
    from accelsim.hardware import Hardware
    from accelsim.results import SimulationResult
    from accelsim.workload import Workload
    from restructure.graph import Graph

__all__ = ["Workshop", "workshop"]

_MOST_GRAPHS = 8
Kept = TypeVar("Kept")


class Workshop:
    """Graphs, and what was lowered from them, by what they were made of; the least recently used ones go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Any, Any] = OrderedDict()

    def _once(self, key: Any, make: Callable[[], Kept]) -> Kept:
        if key not in self._kept:
            self._kept[key] = make()
            while len(self._kept) > _MOST_GRAPHS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        found: Kept = self._kept[key]
        return found

    def graph(self, model: str, dims: Mapping[str, int], plan: str = "") -> Graph:
        """The analysed network, restructured if there is a plan (as JSON)."""
        key = (model, tuple(sorted(dims.items())), plan)
        if not plan:
            return self._once(key, lambda: open_network(model, dims).graph)
        return self._once(key, lambda: made_by(self.graph(model, dims), Plan.from_dict(json.loads(plan))))

    def workload(self, model: str, dims: Mapping[str, int], plan: str) -> Workload:
        """The same as layers."""
        from accelsim.workload import build

        key = ("workload", model, tuple(sorted(dims.items())), plan)
        return self._once(key, lambda: build(self.graph(model, dims, plan)))

    def run(self, model: str, dims: Mapping[str, int], plan: str, hardware: Hardware, warm: bool) -> SimulationResult:
        """The result of a point.

        Raises:
            AccelsimError, RestructureError: as `simulate`.
        """
        graph, workload = self.graph(model, dims, plan), self.workload(model, dims, plan)
        return time_run(compile_model(graph, hardware, warm=warm, workload=workload), warm).result


@cache
def workshop() -> Workshop:
    """This process's own."""
    return Workshop()
