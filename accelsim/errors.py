"""What can go wrong for a reason the user can remove: one root, one exit code for each kind.

Everything a user can cause ends in a subclass of `AccelsimError`; the command line prints its text on standard error
and leaves with its `exit_code`. Any other exception is a defect of the program (exit code 1).
"""

from collections.abc import Sequence
from typing import ClassVar

__all__ = [
    "AccelsimError",
    "ConfigurationError",
    "DoesNotFitError",
    "GoalMissedError",
    "ModelUnsupportedError",
    "VerificationError",
]


class AccelsimError(Exception):
    """The root of all errors a user can cause.

    Attributes:
        exit_code: what the command line returns to the shell.
    """

    exit_code: ClassVar[int] = 1


class ConfigurationError(AccelsimError):
    """A usage, configuration or file problem: one line for each, so that all can be mended at once.

    Attributes:
        problems: the lines, each `where: path: rule, got value; remedy`.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


class ModelUnsupportedError(AccelsimError):
    """The model cannot be parsed, or asks for something that is not supported."""

    exit_code: ClassVar[int] = 3


class DoesNotFitError(AccelsimError):
    """Something needs more memory than there is.

    Attributes:
        who: the layer, tensor or buffer that needs the memory.
        need_bytes: how much it needs.
        have_bytes: how much there is.
        memory: the memory that is too small.
        remedies: what would help, each a phrase.
    """

    exit_code: ClassVar[int] = 4

    def __init__(
        self, who: str, need_bytes: int, have_bytes: int, *, memory: str = "scratchpad", remedies: Sequence[str] = ()
    ) -> None:
        super().__init__(who, need_bytes, have_bytes, memory, tuple(remedies))
        self.who = who
        self.need_bytes = need_bytes
        self.have_bytes = have_bytes
        self.memory = memory
        self.remedies = tuple(remedies)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_does_not_fit, self.args

    @property
    def gap(self) -> int:
        """The bytes that are missing."""
        return self.need_bytes - self.have_bytes

    def __str__(self) -> str:
        text = (
            f"{self.who}: must fit the {self.memory}, needs {self.need_bytes:,} B, "
            f"has {self.have_bytes:,} B, {self.gap:,} B too few"
        )
        return f"{text}; what would help: {'; '.join(self.remedies)}" if self.remedies else text


def _rebuild_does_not_fit(
    who: str, need_bytes: int, have_bytes: int, memory: str, remedies: tuple[str, ...]
) -> DoesNotFitError:
    return DoesNotFitError(who, need_bytes, have_bytes, memory=memory, remedies=remedies)


class GoalMissedError(AccelsimError):
    """No value of the range that was asked for reaches the goal."""

    exit_code: ClassVar[int] = 4


class VerificationError(AccelsimError):
    """Computed values differ from the reference, or a record contradicts itself."""

    exit_code: ClassVar[int] = 5
