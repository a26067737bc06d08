"""Function-preserving restructuring of ONNX graphs that flattens the active-memory profile; usable alone.

>>> import restructure
>>> from restructure import zoo
>>> net = zoo.build("tiny")
>>> plan = restructure.plan(net)
>>> restructure.save(restructure.rewrite(net, plan), "small.onnx")  # doctest: +SKIP
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING

from restructure.errors import PlanError, RestructureError

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


def __getattr__(name: str) -> object:
    """Import what is heavy when it is first asked for: who only reads a graph need not wait for the planner."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(_import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
