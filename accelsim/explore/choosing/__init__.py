"""Which of many results: objectives, constraints with units, Pareto fronts, the best few, and all of it as a table."""

from accelsim.explore.choosing.best import best
from accelsim.explore.choosing.constraints import Constraint, constraints_from
from accelsim.explore.choosing.files import require_format, write_table
from accelsim.explore.choosing.front import front, pareto
from accelsim.explore.choosing.metrics import metrics_of
from accelsim.explore.choosing.quantities import OBJECTIVES, Quantity, objective_named, quantity_named
from accelsim.explore.choosing.table import Table, table_of, varied_fields

__all__ = [
    "OBJECTIVES",
    "Constraint",
    "Quantity",
    "Table",
    "best",
    "constraints_from",
    "front",
    "metrics_of",
    "objective_named",
    "pareto",
    "quantity_named",
    "require_format",
    "table_of",
    "varied_fields",
    "write_table",
]
