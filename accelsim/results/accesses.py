"""Operand accesses of a Program as columns: what the vectorised metrics work on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from accelsim.program import Operand

__all__ = ["Accesses", "Bools", "Ints", "table_of"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Accesses:
    """One row per operand access.

    Attributes:
        instruction: position of the instruction.
        write: whether it writes.
        memory, range, tensor: indices into the Program's tables.
        element_bytes: bytes per element.
        start, stop: the region in tensor coordinates, one column per axis; missing axes are [0, 1).
    """

    instruction: Ints
    write: Bools
    memory: Ints
    range: Ints
    tensor: Ints
    element_bytes: Ints
    start: Ints
    stop: Ints

    def __len__(self) -> int:
        return len(self.instruction)

    @property
    def bytes(self) -> Ints:
        """Bytes of each region."""
        size: Ints = np.prod(self.stop - self.start, axis=1) * self.element_bytes
        return size

    def take(self, which: Bools | Ints) -> Accesses:
        """The rows that a mask or an index selects."""
        return Accesses(*(getattr(self, item.name)[which] for item in fields(self)))


def table_of(rows: Sequence[tuple[int, bool, Operand]]) -> Accesses:
    """The columns of (position, whether it writes, operand) rows."""
    numbers, operands = _distinct([row[2] for row in rows])
    rank = max((len(operand.shape) for operand in operands), default=1)
    pad = [(0,) * missing for missing in range(rank + 1)]
    memory, range_, tensor, size = _columns(((o.memory, o.range, o.tensor, o.element_bytes) for o in operands), 4).T
    start = _columns(((*o.start, *pad[rank - len(o.start)]) for o in operands), rank)[numbers]
    shape = _columns(((*o.shape, *((1,) * (rank - len(o.shape)))) for o in operands), rank)[numbers]
    return Accesses(
        np.fromiter((row[0] for row in rows), np.int64, len(rows)),
        np.fromiter((row[1] for row in rows), np.bool_, len(rows)),
        memory[numbers],
        range_[numbers],
        tensor[numbers],
        size[numbers],
        start,
        start + shape,
    )


def _distinct(operands: Sequence[Operand]) -> tuple[Ints, list[Operand]]:
    """Each operand's number among the distinct objects (compilers share them), and those objects."""
    numbers: dict[int, int] = {}
    distinct: list[Operand] = []
    order = np.empty(len(operands), np.int64)
    for place, operand in enumerate(operands):
        number = numbers.setdefault(id(operand), len(distinct))
        if number == len(distinct):
            distinct.append(operand)
        order[place] = number
    return order, distinct


def _columns(rows: Iterable[tuple[int, ...]], width: int) -> Ints:
    return np.fromiter(chain.from_iterable(rows), np.int64).reshape(-1, width)
