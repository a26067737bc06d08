"""What a caller asks of a plan."""

from collections.abc import Callable
from dataclasses import dataclass

from restructure.plans import Plan
from restructure.profile import Definition, Dtype

__all__ = ["CostFunction", "Progress", "Request"]

CostFunction = Callable[[Plan], float]
"""What a plan costs, from outside (a simulator, say); lower is better."""

Progress = Callable[[float, str], None]
"""Called now and then with the share done (0..1) and what is being done."""


@dataclass(frozen=True, slots=True)
class Request:
    """Limits and wishes; see `restructure.plan` for what each means."""

    max_overhead: float | None = None
    budget_bytes: int | None = None
    dtype: Dtype | None = None
    max_parts: int | None = None
    max_nodes: int | None = None
    allow_reassociation: bool = False
    robust: bool = False
    time_limit_s: float | None = None
    cost: CostFunction | None = None
    progress: Progress | None = None
    definition: Definition | None = None
