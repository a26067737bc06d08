"""When no plan fits."""

from restructure.errors import RestructureError
from restructure.plans.records import Plan

__all__ = ["BudgetError"]


class BudgetError(RestructureError):
    """No plan fits the memory budget.

    Attributes:
        plan: the closest one found.
        binding: what is live at its peak, largest first: (tensor or part, bytes).
    """

    exit_code = 4

    def __init__(self, message: str, plan: Plan, binding: tuple[tuple[str, int], ...] = ()) -> None:
        super().__init__(message)
        self.plan = plan
        self.binding = binding
