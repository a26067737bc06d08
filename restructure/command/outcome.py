"""What one run of the command found: data first, drawn later."""

from dataclasses import dataclass

from restructure.graph import Graph
from restructure.placement import MemoryPlan
from restructure.plans import Plan
from restructure.profile import Profile
from restructure.verify import Verification

__all__ = ["Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A plan, what became of it and what was checked.

    Attributes:
        before, after: active memory over time of the original and of the restructured model.
        reasons: (nodes, why they were left whole), if that was asked for.
        budget_bytes: the active memory that must suffice, if that was asked for.
        shortage: why no plan fits the budget; the plan is then the closest one.
        verified: None where it was not asked for.
        written: the file, if one was written.
        memory: where every byte lies, if that was asked for; `misplaced` what executing it showed to be wrong.
    """

    graph: Graph
    plan: Plan
    before: Profile
    after: Profile
    reasons: tuple[tuple[tuple[str, ...], str], ...] = ()
    budget_bytes: int | None = None
    shortage: str | None = None
    verified: Verification | None = None
    written: str | None = None
    memory: MemoryPlan | None = None
    misplaced: tuple[str, ...] = ()
