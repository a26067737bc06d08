"""Function-preserving restructuring of ONNX graphs that flattens the active-memory profile; usable alone.

>>> import restructure
>>> from restructure import zoo
>>> net = zoo.build("tiny")
>>> plan = restructure.plan(net)
>>> restructure.save(restructure.rewrite(net, plan), "small.onnx")  # doctest: +SKIP
"""

from restructure.errors import PlanError, RestructureError
from restructure.graph import load, save
from restructure.planning import pareto, plan, why
from restructure.plans import BudgetError, Plan
from restructure.rewriting import rewrite

__all__ = ["BudgetError", "Plan", "PlanError", "RestructureError", "load", "pareto", "plan", "rewrite", "save", "why"]
