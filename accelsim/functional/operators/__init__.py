"""What instructions compute: one file per family of operators, one table."""

from accelsim.functional.operators.call import Call, Settle, Values, as_rounded
from accelsim.functional.operators.elementwise import finish
from accelsim.functional.operators.matrix import accumulate
from accelsim.functional.operators.table import OPERATORS

__all__ = ["OPERATORS", "Call", "Settle", "Values", "accumulate", "as_rounded", "finish"]
