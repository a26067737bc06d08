"""The functional executor: runs the Program that was timed with real numbers, on a memory that knows what it holds."""

from accelsim.functional.errors import ExecutionError
from accelsim.functional.execute import execute
from accelsim.functional.order import Step, random_order, trace_order
from accelsim.functional.ties import Ties

__all__ = ["ExecutionError", "Step", "Ties", "execute", "random_order", "trace_order"]
