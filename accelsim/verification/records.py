"""What a verification found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from restructure.operators import Array

__all__ = ["OrderCheck", "OutputCheck", "Verification", "compare"]


@dataclass(frozen=True, slots=True)
class OutputCheck:
    """One output held against its reference.

    Attributes:
        name: the network output.
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
        """Plain values for JSON; None where an error is no finite number."""
        return {
            "name": self.name,
            "max_abs_error": _finite(self.max_abs_error),
            "max_rel_error": _finite(self.max_rel_error),
            "tolerance": self.tolerance,
            "passed": self.passed,
        }


@dataclass(frozen=True, slots=True)
class OrderCheck:
    """One execution of the Program.

    Attributes:
        order: ``trace``, or ``random`` with its seed.
        outputs: every network output against its reference.
        failure: why the execution broke off, naming instruction, tensor and address; empty if it did not.
    """

    order: str
    outputs: tuple[OutputCheck, ...]
    failure: str = ""

    @property
    def passed(self) -> bool:
        """Whether it ran to its end and every output is within the tolerance."""
        return not self.failure and all(output.passed for output in self.outputs)

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        outputs = [output.to_dict() for output in self.outputs]
        return {"order": self.order, "outputs": outputs, "failure": self.failure, "passed": self.passed}


@dataclass(frozen=True, slots=True)
class Verification:
    """A Program executed in several orders.

    Attributes:
        model, hardware: names of what ran on what.
        orders: the executions.
        instructions: of the Program.
        synthetic_weights: whether the weights are seeded random ones instead of the model's own.
        notes: what else the comparison rests on, a sentence each.
    """

    model: str
    hardware: str
    orders: tuple[OrderCheck, ...]
    instructions: int
    synthetic_weights: bool
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every execution passed."""
        return all(order.passed for order in self.orders)

    @property
    def outputs(self) -> tuple[OutputCheck, ...]:
        """Every network output as its worst execution left it."""
        return tuple(max(found, key=_badness) for found in zip(*(order.outputs for order in self.orders), strict=True))

    def to_dict(self) -> dict[str, object]:
        """The JSON document as plain values."""
        return {
            "model": self.model,
            "hardware": self.hardware,
            "instructions": self.instructions,
            "synthetic_weights": self.synthetic_weights,
            "notes": list(self.notes),
            "outputs": [output.to_dict() for output in self.outputs],
            "orders": [order.to_dict() for order in self.orders],
            "passed": self.passed,
        }


def compare(name: str, found: Array | None, expected: Array, tolerance: float) -> OutputCheck:
    """The error of one output; infinite where the shapes differ or nothing was found."""
    if found is None or found.shape != expected.shape:
        return OutputCheck(name, float("inf"), float("inf"), tolerance)
    error = np.abs(found.astype(np.float64) - expected.astype(np.float64)).max(initial=0.0)
    largest = np.abs(expected.astype(np.float64)).max(initial=0.0)
    relative = error / largest if largest else (0.0 if error == 0 else float("inf"))
    return OutputCheck(name, float(error), float(relative), tolerance)


def _badness(output: OutputCheck) -> tuple[bool, float]:
    return not output.passed, output.max_rel_error


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None
