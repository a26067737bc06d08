"""What a verification found."""

from __future__ import annotations

from dataclasses import dataclass

from restructure.reference import OutputError

__all__ = ["OrderCheck", "Verification"]


@dataclass(frozen=True, slots=True)
class OrderCheck:
    """One execution of the Program.

    Attributes:
        order: ``trace``, or ``random`` with its seed.
        outputs: every network output against its reference.
        failure: why the execution broke off, naming instruction, tensor and address; empty if it did not.
    """

    order: str
    outputs: tuple[OutputError, ...]
    failure: str = ""

    @property
    def passed(self) -> bool:
        """Whether it ran to its end and every output is within the tolerance."""
        return not self.failure and all(output.passed for output in self.outputs)


@dataclass(frozen=True, slots=True)
class Verification:
    """A Program executed in several orders.

    Attributes:
        model, hardware: names of what ran on what.
        orders: the executions.
        instructions: of the Program.
        random_weights: how many of the model's weights had no values of their own and got seeded random ones.
    """

    model: str
    hardware: str
    orders: tuple[OrderCheck, ...]
    instructions: int
    random_weights: int

    @property
    def passed(self) -> bool:
        """Whether every execution passed."""
        return all(order.passed for order in self.orders)

    @property
    def outputs(self) -> tuple[OutputError, ...]:
        """Every network output as its worst execution left it."""
        return tuple(max(found, key=_badness) for found in zip(*(order.outputs for order in self.orders), strict=True))

    def to_dict(self) -> dict[str, object]:
        """The JSON document as plain values."""
        return {
            "model": self.model,
            "hardware": self.hardware,
            "instructions": self.instructions,
            "random_weights": self.random_weights,
            "outputs": [output.to_dict() for output in self.outputs],
            "orders": [
                {
                    "order": check.order,
                    "outputs": [output.to_dict() for output in check.outputs],
                    "failure": check.failure,
                    "passed": check.passed,
                }
                for check in self.orders
            ],
            "passed": self.passed,
        }


def _badness(output: OutputError) -> tuple[bool, float]:
    return not output.passed, output.max_rel_error
