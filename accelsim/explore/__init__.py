"""Questions about many machines at once: the smallest value of a field that reaches a goal."""

from accelsim.explore.fit import fit
from accelsim.explore.goal import Goal, Outcome, share
from accelsim.explore.records import FitResult, Tried
from accelsim.explore.restructuring import restructured

__all__ = ["FitResult", "Goal", "Outcome", "Tried", "fit", "restructured", "share"]
