"""Banks of the scratchpad: which of them an instruction needs, and how long it takes to get at its bytes."""

from accelsim.machine.banks.booking import Bookings
from accelsim.machine.banks.geometry import Banking
from accelsim.machine.banks.traffic import Demand, demands

__all__ = ["Banking", "Bookings", "Demand", "demands"]
