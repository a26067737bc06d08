"""What can go wrong, one class per kind, under one root.

Every message has the same anatomy: path, rule, value, remedy. `exit_code` is what a command line returns for it:
2 for a file that is missing or cannot be read, 3 for a model that cannot be parsed or is not supported, 4 for a memory
budget that cannot be met.
"""

__all__ = [
    "ControlFlowError",
    "DimensionArgumentError",
    "ModelError",
    "ModelFileError",
    "OpenDimensionError",
    "OperatorError",
    "PlanError",
    "RestructureError",
    "UnknownNetworkError",
    "UnsupportedOperatorError",
    "WeightFileError",
    "printable",
]


def printable(text: object) -> str:
    """Return text from a file such that it cannot break a line, a table or a terminal."""
    plain = text if isinstance(text, str) else repr(text)
    return plain if plain.isprintable() else ascii(plain)[1:-1]


class RestructureError(Exception):
    """Root of all errors a user of this package can cause."""

    exit_code = 1


class ModelFileError(RestructureError):
    """A file is missing, unreadable or cannot be written."""

    exit_code = 2


class DimensionArgumentError(RestructureError):
    """A size was given for a dimension that is not open, or is no size."""

    exit_code = 2


class UnknownNetworkError(RestructureError):
    """The zoo has no network of that name, or not in that form."""

    exit_code = 2


class WeightFileError(ModelFileError):
    """An external weight is missing, too short, or lies outside the model's folder."""


class ModelError(RestructureError):
    """The file is not a model this package can analyse."""

    exit_code = 3


class UnsupportedOperatorError(ModelError):
    """The model uses operators that the operator table does not hold."""


class ControlFlowError(ModelError):
    """The model branches or loops (If, Loop, Scan): its schedule depends on data."""


class OpenDimensionError(ModelError):
    """A dimension of an input is symbolic or unknown and was not pinned."""


class OperatorError(ModelError):
    """An operator's operands or attributes contradict its definition."""


class PlanError(RestructureError):
    """A plan is damaged, of another version, or was made for another graph."""

    exit_code = 2
