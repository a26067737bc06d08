"""What a layer finds when it begins: where its operands lie, and which bytes of the scratchpad are taken meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from accelsim.mapping import CostGrid, CostTable


@dataclass(frozen=True, slots=True)
class Rows:
    """A resident tensor whose rows come or go while a layer works through its output row by row.

    Attributes:
        kept, total: rows resident (the last ones) and rows in all.
        row_bytes: bytes of one row.
        block: rows that are reserved or freed together.
        stride, pad: first input row of output row r is r·stride − pad (1 and 0 for the output itself).
    """

    kept: int
    total: int
    row_bytes: int
    block: int
    stride: int = 1
    pad: int = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """What a layer finds: where its operands lie, and how much room there is.

    Attributes:
        input_shares, output_share: share of each activation operand, and of the output, that lies in DRAM.
        leaving: residents that this layer is the last to read, row after row.
        arriving: its own output, if rows of it are kept.
        rows: output rows.
        capacity_bytes: bytes of the scratchpad to plan with.
        weight_capacity_bytes: bytes of the memory of weights to plan with; None: they live in the scratchpad.
    """

    input_shares: tuple[float, ...]
    output_share: float
    leaving: tuple[Rows, ...]
    arriving: Rows | None
    rows: int
    capacity_bytes: int
    weight_capacity_bytes: int | None = None


def resident_bytes(columns: CostTable | CostGrid, situation: Situation, resident: int) -> NDArray[np.int64]:
    """Bytes of resident rows at the worst moment of a layer: a column, or one number where all have the same.

    `resident`: bytes of all of them, as if none came or went.
    """
    if not situation.leaving and situation.arriving is None:
        return np.asarray(resident)
    absent = _absent_bytes(situation.leaving, situation.arriving, situation.rows, columns.heights)
    return np.asarray(resident - absent[columns.rows] * columns.streams_rows)


@lru_cache(maxsize=1 << 12)
def _absent_bytes(
    leaving: tuple[Rows, ...], arriving: Rows | None, rows: int, heights: tuple[int, ...]
) -> NDArray[np.int64]:
    """Bytes of rows already freed or not yet written at the worst step, when rows are finished so many at a time.

    One entry per number of rows up to the largest of `heights`; those that are none of them are not filled in.
    """
    height, first, begins = _steps(rows, heights)
    absent = np.zeros(len(first), dtype=np.int64)
    if arriving is not None:
        unwritten = np.minimum(arriving.kept, rows - np.minimum(first + height, rows))
        absent += np.maximum(0, unwritten - arriving.block) * arriving.row_bytes
    for tensor in leaving:
        low = first * tensor.stride - tensor.pad
        gone = np.maximum(0, np.minimum(low, tensor.total) - (tensor.total - tensor.kept))
        absent += np.maximum(0, gone - tensor.block) * tensor.row_bytes
    worst = np.zeros(heights[-1] + 1, dtype=np.int64)
    worst[list(heights)] = np.minimum.reduceat(absent, begins)
    return worst


@lru_cache(maxsize=1 << 8)
def _steps(rows: int, heights: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Height and first row of every step, for all heights one after another, and where each begins."""
    each = np.array(heights)
    steps = -(-rows // each)
    begins = np.cumsum(steps) - steps
    height = np.repeat(each, steps)
    return height, (np.arange(len(height)) - np.repeat(begins, steps)) * height, begins
