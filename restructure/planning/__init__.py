"""Finding plans: the default, within limits, the whole front, and why something was left alone."""

from restructure.planning.front import pareto, plan
from restructure.planning.reasons import why
from restructure.planning.request import CostFunction, Progress

__all__ = ["CostFunction", "Progress", "pareto", "plan", "why"]
