"""What a Program may not be."""

from __future__ import annotations

from collections.abc import Sequence

from accelsim.errors import VerificationError

_SHOWN = 10


class ProgramError(VerificationError):
    """A Program that contradicts itself.

    Attributes:
        problems: all of them, each `where: rule, got value`.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        rest = len(self.problems) - _SHOWN
        return "\n".join([*self.problems[:_SHOWN], *([f"… and {rest} more"] if rest > 0 else [])])
