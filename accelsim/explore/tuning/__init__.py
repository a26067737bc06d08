"""Plans and hardware chosen by the simulator's own figures."""

from accelsim.explore.tuning.records import Attempt, Tuned
from accelsim.explore.tuning.tune import tune

__all__ = ["Attempt", "Tuned", "tune"]
