"""An event whose time is fixed some while after it was made: one event where a wake-up and a timeout would be two."""

from __future__ import annotations

import simpy
from simpy.events import NORMAL


class Appointment(simpy.Event):
    """May happen; once fixed it is going to happen, like a timeout; has happened when its process goes on."""

    def fix(self, delay: float) -> None:
        """Let it happen `delay` cycles from now."""
        self._ok = True
        self._value = None
        self.env.schedule(self, NORMAL, delay)
