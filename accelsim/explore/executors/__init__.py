"""Where runs take place: here, in processes of this machine, on the workers of a Dask scheduler; behind one interface.

>>> from accelsim.explore.executors import executor
>>> with executor("inline") as here:
...     sorted(answer for _, answer in here.run(abs, [[-2, 1], [-3]]))
[1, 2, 3]
"""

from accelsim.explore.executors.base import Batches, Executor, Lost
from accelsim.explore.executors.table import EXECUTORS, executor

__all__ = ["EXECUTORS", "Batches", "Executor", "Lost", "executor"]
