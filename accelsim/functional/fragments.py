"""Logical operands from their fragments: pieces of one slot, put together by position; results taken apart again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from accelsim.functional.errors import ExecutionError
from accelsim.functional.shadow import Values
from accelsim.program import Operand

Position = tuple[int, ...]


def gather(operands: Sequence[Operand], read: Callable[[Operand], Values]) -> dict[str, Values]:
    """The logical operands of an instruction by slot."""
    slots: dict[str, list[Operand]] = {}
    for operand in operands:
        slots.setdefault(operand.slot, []).append(operand)
    return {slot: _assemble(pieces, read) for slot, pieces in slots.items()}


def _assemble(pieces: Sequence[Operand], read: Callable[[Operand], Values]) -> Values:
    if len(pieces) == 1:
        return read(pieces[0])
    origin, shape = extent(pieces)
    whole = np.empty(shape, dtype=np.float32)
    seen = np.zeros(shape, dtype=np.bool_)
    for piece in pieces:
        where = _within(piece, origin)
        whole[where] = read(piece)
        seen[where] = True
    if not seen.all():
        hole = tuple(int(a) + b for a, b in zip(np.argwhere(~seen)[0], origin, strict=True))
        raise ExecutionError(f"the {len(pieces)} fragments of {pieces[0].slot} leave out element {list(hole)}")
    return whole


def extent(pieces: Sequence[Operand]) -> tuple[Position, Position]:
    """Origin and shape of the bounding region of fragments."""
    origin = tuple(min(axis) for axis in zip(*(p.position for p in pieces), strict=True))
    ends = ([a + n for a, n in zip(p.position, p.shape, strict=True)] for p in pieces)
    return origin, tuple(max(axis) - o for axis, o in zip(zip(*ends, strict=True), origin, strict=True))


def scatter(pieces: Sequence[Operand], result: Values) -> list[tuple[Operand, Values]]:
    """Which values go to which write operand: the fragments of every slot make up one whole result."""
    slots: dict[str, list[Operand]] = {}
    for piece in pieces:
        slots.setdefault(piece.slot, []).append(piece)
    return [part for same in slots.values() for part in _split(same, result)]


def _split(pieces: Sequence[Operand], result: Values) -> list[tuple[Operand, Values]]:
    origin, shape = extent(pieces)
    if shape != result.shape or sum(prod(p.shape) for p in pieces) != result.size:
        shapes = " + ".join(str(p.shape) for p in pieces)
        raise ExecutionError(f"a result of shape {result.shape} does not fit its write operands {shapes}")
    return [(piece, result[_within(piece, origin)]) for piece in pieces]


def _within(piece: Operand, origin: Position) -> tuple[slice, ...]:
    return tuple(slice(p - o, p - o + n) for p, o, n in zip(piece.position, origin, piece.shape, strict=True))
