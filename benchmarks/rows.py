"""One line of a benchmark's table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Row", "print_rows"]


@dataclass(frozen=True, slots=True)
class Row:
    """A measured figure and the most it should be (0: exactly that)."""

    name: str
    value: float
    target: float
    unit: str

    @property
    def ratio(self) -> float:
        """Measured / target: at most 1 where the target is met."""
        return self.value / self.target if self.target else float(self.value != 0) * 2


def print_rows(title: str, rows: Iterable[Row]) -> bool:
    """Print a table; whether all targets are met."""
    print(f"\n{title}\n{'':52} {'measured':>12} {'target':>12} {'ratio':>6}")
    met = True
    for row in rows:
        ok = row.ratio <= 1
        met &= ok
        measured, target = f"{row.value:.3f} {row.unit}", f"{row.target:.4g} {row.unit}"
        print(f"{row.name:52} {measured:>12} {target:>12} {row.ratio:6.2f}{'' if ok else '  missed'}", flush=True)
    return met
