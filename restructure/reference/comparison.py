"""How far an output is from its reference."""

from dataclasses import dataclass

import numpy as np

from restructure.operators import Array

__all__ = ["OutputError", "compare"]


@dataclass(frozen=True, slots=True)
class OutputError:
    """One output held against its reference.

    Attributes:
        max_abs_error: largest |found - expected|; not a number where either is none.
        max_rel_error: that, divided by the largest |expected|.
        tolerance: largest `max_rel_error` that passes.
    """

    name: str
    max_abs_error: float
    max_rel_error: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether the error is within the tolerance; not-a-number never is."""
        return self.max_rel_error <= self.tolerance

    def to_dict(self) -> dict[str, object]:
        """Return JSON-ready values, under the names that stay stable; None where an error is no finite number."""
        return {
            "name": self.name,
            "max_abs_error": _finite(self.max_abs_error),
            "max_rel_error": _finite(self.max_rel_error),
            "tolerance": self.tolerance,
            "passed": self.passed,
        }


def compare(name: str, found: Array | None, expected: Array, tolerance: float) -> OutputError:
    """Return the error of one output; infinite where the shapes differ or nothing was found."""
    if found is None or found.shape != expected.shape:
        return OutputError(name, float("inf"), float("inf"), tolerance)
    error = np.abs(found.astype(np.float64) - expected.astype(np.float64)).max(initial=0.0)
    largest = np.abs(expected.astype(np.float64)).max(initial=0.0)
    relative = error / largest if largest else (0.0 if error == 0 else float("inf"))
    return OutputError(name, float(error), float(relative), tolerance)


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None
