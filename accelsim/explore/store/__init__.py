"""Results of sweeps in one SQLite file: a row for each point, written once, shared by any number of sweeps.

>>> from accelsim.explore.store import Store
>>> with Store(":memory:") as store:
...     store.rows()
()
"""

from accelsim.explore.store.heartbeat import Heartbeat
from accelsim.explore.store.records import FAULTS, Row, Status
from accelsim.explore.store.store import Store

__all__ = ["FAULTS", "Heartbeat", "Row", "Status", "Store"]
