"""Who assigns offsets: one interface, one file each, one table."""

from restructure.placement.allocators.base import Allocator, Item, Life, Run, check, peak_bytes
from restructure.placement.allocators.table import ALLOCATORS, DEFAULT, allocator_of

__all__ = ["ALLOCATORS", "DEFAULT", "Allocator", "Item", "Life", "Run", "allocator_of", "check", "peak_bytes"]
