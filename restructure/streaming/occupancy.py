"""What a program needs over time, however it is counted."""

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Occupancy", "Profiled"]


@dataclass(frozen=True, slots=True)
class Profiled:
    """Peaks of a program.

    Attributes:
        peak_step: first step with the peak in bytes.
        live: active bytes at every step.
    """

    peak_elements: int
    peak_bytes: int
    peak_step: int
    live: tuple[int, ...]


class Occupancy(Protocol):
    """One way of counting, applied to one program."""

    def octets(self) -> list[int]:
        """Return the active bytes at every step."""
        ...

    def elements(self) -> list[int]:
        """Return the active elements at every step."""
        ...

    def at(self, step: int) -> dict[int, int]:
        """Return what is live at a step: tensor → bytes."""
        ...

    def buffer(self, block: int) -> int:
        """Return a number that blocks in the same memory share."""
        ...

    def uses_all(self) -> bool:
        """Return whether what comes before and behind the program can be counted apart from it.

        Not so if something it received is neither read nor kept, or if what it keeps for later is partly shared.
        """
        ...
