"""The values an instruction writes, from those it reads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from accelsim.functional.errors import ExecutionError
from accelsim.functional.operators import OPERATORS, Call, Settle, Values, accumulate, as_rounded, finish
from accelsim.functional.ties import Ties
from accelsim.program import Instruction, MatrixKernel, Program, Tile, VectorKernel


def compute(
    program: Program, instruction: Instruction, slots: Mapping[str, Values], ties: Ties | None = None
) -> Values:
    """The result tile of an ARRAY or VECTOR instruction.

    Args:
        program: for kernels.
        instruction: what to compute.
        slots: its logical operands.
        ties: what a reference rounds to, where that may decide.

    Raises:
        ExecutionError: an operand is missing or does not belong to the tile, or the operator is unknown.
    """
    kernel, tile = program.kernels[instruction.kernel], instruction.tile
    if instruction.kernel < 0 or tile is None:
        raise ExecutionError("no kernel or no tile: nothing to compute")
    settle: Settle = as_rounded if ties is None else partial(ties.settle, tile)
    try:
        if isinstance(kernel, MatrixKernel):
            return _matrix(kernel, tile, slots, settle)
        return _vector(instruction, kernel, slots, settle)
    except KeyError as missing:
        raise ExecutionError(f"{kernel.operator}: no operand or operator {missing}") from None


def _matrix(kernel: MatrixKernel, tile: Tile, slots: Mapping[str, Values], settle: Settle) -> Values:
    total = accumulate(kernel, tile, slots)
    if not tile.final:
        return total
    if "bias" in slots:
        total = total + slots["bias"]
    return finish(total, kernel.post, slots, settle)


def _vector(instruction: Instruction, kernel: VectorKernel, slots: Mapping[str, Values], settle: Settle) -> Values:
    tile = instruction.tile
    assert tile is not None  # the caller has looked
    inputs = [slots[name] for name in kernel.inputs if name in slots]
    result = OPERATORS[kernel.operator](Call(kernel, tile, inputs, slots, _origins(instruction), settle))
    return np.asarray(finish(result, kernel.post, slots, settle), dtype=np.float32)


def _origins(instruction: Instruction) -> dict[str, tuple[int, ...]]:
    """Where each logical operand begins: the lowest position of its fragments."""
    positions: dict[str, list[tuple[int, ...]]] = {}
    for operand in instruction.reads:
        positions.setdefault(operand.slot, []).append(operand.position)
    return {slot: tuple(map(min, zip(*found, strict=True))) for slot, found in positions.items()}
