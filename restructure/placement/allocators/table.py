"""The allocators by name."""

from collections.abc import Mapping

from restructure.placement.allocators import cp_sat, online, whole
from restructure.placement.allocators.base import Allocator, PlacementError

__all__ = ["ALLOCATORS", "DEFAULT", "allocator_of"]

ALLOCATORS: Mapping[str, Allocator] = {
    "split": online.allocate,
    "whole": whole.allocate,
    "cp-sat": cp_sat.allocate,
}
DEFAULT = "split"


def allocator_of(name: str) -> Allocator:
    """Return an allocator by its name; raises PlacementError."""
    if name not in ALLOCATORS:
        raise PlacementError(f"allocator: must be one of {', '.join(ALLOCATORS)}, got {name!r}; leave it out")
    return ALLOCATORS[name]
