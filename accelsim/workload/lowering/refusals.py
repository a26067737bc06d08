"""The error for a node that cannot be costed."""

from __future__ import annotations

from accelsim.errors import ModelUnsupportedError
from restructure.graph import Node


def unsupported(node: Node, what: str, remedy: str) -> ModelUnsupportedError:
    """The error for a node that cannot be costed."""
    return ModelUnsupportedError(f"node {node.name!r}: {what} cannot be simulated; {remedy}")
