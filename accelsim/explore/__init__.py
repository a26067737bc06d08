"""Questions that take more than one run: a network against its restructured twin, the smallest value that will do."""

from accelsim.explore.change import changes, quantities
from accelsim.explore.comparison import Comparison, PlanInfo, compare
from accelsim.explore.fit import fit
from accelsim.explore.goal import Goal, Outcome, share
from accelsim.explore.records import FitResult, Tried
from accelsim.explore.restructuring import KINDS, made_by, plan_for, restructured
from accelsim.explore.verdict import told

__all__ = [
    "KINDS",
    "Comparison",
    "FitResult",
    "Goal",
    "Outcome",
    "PlanInfo",
    "Tried",
    "changes",
    "compare",
    "fit",
    "made_by",
    "plan_for",
    "quantities",
    "restructured",
    "share",
    "told",
]
