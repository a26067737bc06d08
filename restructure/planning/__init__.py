"""Finding plans: the default, within limits, the whole front, and why something was left alone."""

from restructure.planning.editing import neighbours, remade, uncut
from restructure.planning.front import pareto, plan
from restructure.planning.reasons import why
from restructure.planning.request import CostFunction, Progress

__all__ = ["CostFunction", "Progress", "neighbours", "pareto", "plan", "remade", "uncut", "why"]
