"""The operator table: one explicit row per operator, one module per family.

Both packages look operators up here and nowhere else.
"""

from difflib import get_close_matches
from itertools import chain

from restructure.errors import UnsupportedOperatorError
from restructure.operators import (
    attention,
    constants,
    convolution,
    elementwise,
    matmul,
    movement,
    normalization,
    pooling,
    quantization,
    reduction,
    resize,
    views,
)
from restructure.operators.records import OperatorSpec

__all__ = ["CONTROL_FLOW", "ON_CONSTANTS", "TABLE", "canonical_domain", "find", "spec"]

_FAMILIES = (
    convolution,
    pooling,
    matmul,
    attention,
    elementwise,
    normalization,
    reduction,
    views,
    movement,
    resize,
    quantization,
    constants,
)

TABLE: dict[tuple[str, str], OperatorSpec] = {
    (row.domain, row.name): row for row in chain.from_iterable(family.SPECS for family in _FAMILIES)
}

CONTROL_FLOW = frozenset({"If", "Loop", "Scan", "SequenceMap"})

ON_CONSTANTS = frozenset({"Compress", "Det", "NonZero", "ReverseSequence", "Unique"})
"""Operators of the default domain without a row: they stand for what they give, which must be known beforehand."""


def canonical_domain(domain: str) -> str:
    """Return the domain's one spelling: the default domain is the empty string."""
    return "" if domain == "ai.onnx" else domain


def find(op_type: str, domain: str = "") -> OperatorSpec | None:
    """Return the operator's row, or None."""
    return TABLE.get((canonical_domain(domain), op_type))


def spec(op_type: str, domain: str = "") -> OperatorSpec:
    """Return the operator's row.

    Raises:
        UnsupportedOperatorError: the table has no such operator; the message guesses the one that was meant.
    """
    row = find(op_type, domain)
    if row is None:
        name = f"{domain}.{op_type}" if domain else op_type
        close = get_close_matches(op_type, [n for d, n in TABLE if d == canonical_domain(domain)], n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise UnsupportedOperatorError(f"operator {name!r} is not supported{hint}")
    return row
