"""Orders of work that need the least active memory: exact where that is feasible, never worse than the given one."""

from restructure.ordering.exact import MOST_STATES, flattest_order
from restructure.ordering.graphs import Ordering, flattened, order
from restructure.ordering.tasks import Task, Tasks
from restructure.ordering.windows import settle

__all__ = ["MOST_STATES", "Ordering", "Task", "Tasks", "flattened", "flattest_order", "order", "settle"]
