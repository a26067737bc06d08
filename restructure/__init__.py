"""Function-preserving restructuring of ONNX graphs that flattens the active-memory profile; usable alone.

>>> import restructure
>>> from restructure import zoo
>>> net = zoo.build("tiny")
>>> plan = restructure.plan(net)
>>> restructure.save(restructure.rewrite(net, plan), "small.onnx")  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

from restructure.errors import PlanError, RestructureError
from restructure.on_demand import on_demand as _on_demand

if TYPE_CHECKING:
    from restructure.graph import load, save
    from restructure.planning import pareto, plan, why
    from restructure.plans import BudgetError, Plan
    from restructure.rewriting import rewrite

__all__ = ["BudgetError", "Plan", "PlanError", "RestructureError", "load", "pareto", "plan", "rewrite", "save", "why"]

_HOMES = {
    "BudgetError": "restructure.plans",
    "Plan": "restructure.plans",
    "load": "restructure.graph",
    "pareto": "restructure.planning",
    "plan": "restructure.planning",
    "rewrite": "restructure.rewriting",
    "save": "restructure.graph",
    "why": "restructure.planning",
}
# Who only reads a graph need not wait for the planner.
__getattr__, __dir__ = _on_demand(__name__, __all__, _HOMES)
