"""Instructions before they have addresses: operands point into ranges by offset.

Drafts are shared: tiles that read the same bytes have the same operand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from accelsim.program import ArrayWork, Opcode, Tile, VectorWork


@dataclass(slots=True, eq=False)
class RangeDraft:
    """Bytes to be reserved in a memory for (part of) a tensor; `first`/`last` are set by the schedule."""

    memory: int
    size_bytes: int
    tensor: int
    first: int = -1
    last: int = -1
    address: int = -1


@dataclass(slots=True, eq=False)
class OperandDraft:
    """An operand whose address is `range`'s plus `offset`; not changed once made."""

    tensor: int
    start: tuple[int, ...]
    shape: tuple[int, ...]
    range: RangeDraft
    offset: int
    strides: tuple[int, ...]
    element_bytes: int
    version: int = 0
    slot: str = "input"
    at: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()

    def moved(self, place: RangeDraft, offset: int, strides: tuple[int, ...]) -> OperandDraft:
        """The same region, lying somewhere else."""
        return OperandDraft(
            *(self.tensor, self.start, self.shape, place, offset, strides, self.element_bytes),
            version=self.version,
            slot=self.slot,
            at=self.at,
            steps=self.steps,
        )


@dataclass(slots=True, eq=False)
class Transfer:
    """A LOAD or STORE of a step."""

    opcode: Opcode
    source: OperandDraft
    target: OperandDraft
    bytes: int
    weights: bool = False
    slot: int = -1


@dataclass(slots=True, eq=False)
class Step:
    """One array or vector instruction with the loads it waits for and the stores it causes."""

    layer: int
    tile: Tile
    work: ArrayWork | VectorWork
    reads: list[OperandDraft]
    writes: list[OperandDraft]
    loads: list[Transfer] = field(default_factory=list)
    stores: list[Transfer] = field(default_factory=list)


@lru_cache(maxsize=1 << 14)
def compact_strides(shape: tuple[int, ...], element_bytes: int) -> tuple[int, ...]:
    """Strides in bytes of a row-major array."""
    strides = [element_bytes] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    return tuple(strides)
