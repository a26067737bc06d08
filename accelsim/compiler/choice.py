"""The tiling of one layer beside what is resident while it runs.

Layers of equal shape in equal situations get the same answer, which is worked out once: a restructured network has
thousands of layers and few distinct situations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accelsim.mapping import CostTable, LayerMapping, Machine

#: Weight of DRAM time in a layer's score beside its latency: of two equally fast tilings the one that moves less wins.
TRAFFIC_WEIGHT = 0.05


@dataclass(frozen=True, slots=True)
class Choice:
    """What a layer was given: its mapping, and the numbers that decided (cycles; bytes of working buffers)."""

    mapping: LayerMapping
    cycles: float
    working_bytes: int
    spare_bytes: int
    resident_bytes: int
    accumulator_bytes: int
    considered: int


@dataclass(frozen=True, slots=True)
class Shortfall:
    """No tiling fits: bytes missing for the smallest one, and in which memory."""

    missing_bytes: int
    in_accumulator: bool = False


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
    """What a layer finds: where its operands lie, and what else is in the scratchpad.

    Attributes:
        input_shares, output_share: share of each activation operand, and of the output, that lies in DRAM.
        resident_bytes: bytes of all resident rows, as if none came or went.
        leaving: residents that this layer is the last to read, row after row.
        arriving: its own output, if rows of it are kept.
        rows: output rows.
        capacity_bytes: bytes of the scratchpad to plan with.
    """

    input_shares: tuple[float, ...]
    output_share: float
    resident_bytes: int
    leaving: tuple[Rows, ...]
    arriving: Rows | None
    rows: int
    capacity_bytes: int


class Chooser:
    """Answers for one accelerator; remembers every situation it was asked about."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._answers: dict[tuple[int, Situation], Choice | Shortfall] = {}

    def choose(self, table: CostTable, situation: Situation) -> Choice | Shortfall:
        """The best tiling of a layer in a situation, or what is missing for any."""
        key = (id(table), situation)
        if key not in self._answers:
            self._answers[key] = self._search(table, situation)
        return self._answers[key]

    def _search(self, table: CostTable, situation: Situation) -> Choice | Shortfall:
        shares = np.array(situation.input_shares)
        outside, stored = shares > 0, situation.output_share > 0
        unified = self.machine.accumulator_capacity is None
        working = outside @ table.input_bytes + table.weight_bytes + (table.accumulator_bytes if unified else 0)
        working = working + (table.output_bytes if stored else 0)
        spare = outside @ table.input_spare + table.weight_spare + (table.output_spare if stored else 0)
        resident = _resident_bytes(table, situation)
        need = working + resident
        legal = need <= situation.capacity_bytes
        if self.machine.accumulator_capacity is not None:
            fits = table.accumulator_bytes <= self.machine.accumulator_capacity
            if not fits.any():
                missing = int(table.accumulator_bytes.min()) - self.machine.accumulator_capacity
                return Shortfall(missing, in_accumulator=True)
            legal, need = legal & fits, np.where(fits, need, np.iinfo(np.int64).max)
        if not legal.any():
            return Shortfall(int(need.min()) - situation.capacity_bytes)
        roomy = working + resident + spare <= situation.capacity_bytes
        traffic = shares @ table.input_cycles + table.weight_cycles + situation.output_share * table.output_cycles
        time = self._cycles(table, situation, traffic, roomy)
        score = np.where(legal, time + TRAFFIC_WEIGHT * traffic + table.steps, np.inf)
        best = int(np.argmin(score))
        return Choice(
            mapping=table.mapping(best, bool(roomy[best])),
            cycles=float(time[best] + TRAFFIC_WEIGHT * traffic[best]),
            working_bytes=int(working[best]),
            spare_bytes=int(spare[best]),
            resident_bytes=int(resident[best]),
            accumulator_bytes=int(table.accumulator_bytes[best]),
            considered=len(table),
        )

    def _cycles(
        self, table: CostTable, situation: Situation, traffic: NDArray[np.float64], roomy: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Estimated latency: transfers overlap with computing where there is room for double buffers."""
        outside = np.array(situation.input_shares) > 0
        rounds = np.maximum(table.weight_loads, (outside[:, None] * table.input_loads).max(axis=0))
        rounds = np.maximum(rounds, table.output_stores if situation.output_share > 0 else 0)
        moving = traffic + self.machine.latency_cycles * rounds
        overlapped = _overlapped(table, situation.input_shares[0] * table.input_cycles[0], moving)
        first = moving / np.maximum(table.steps, 1)
        return np.asarray(np.where(roomy, overlapped + first, table.array_cycles + moving))


def _overlapped(
    table: CostTable, input_cycles: NDArray[np.float64], moving: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Cycles of a layer whose transfers overlap with computing, apart from the very first tile.

    Tiles of held operands all arrive during the first pass, which has only its share of the computation to hide them.
    """
    c, share = table.candidates, table.first_pass
    early = np.where(c.hold_weights, table.weight_cycles, 0.0) + np.where(c.hold_input, input_cycles, 0.0)
    late = moving - early
    first = np.maximum(table.array_cycles * share, early + late * share)
    return np.asarray(first + (1.0 - share) * np.maximum(table.array_cycles, late))


def _resident_bytes(table: CostTable, situation: Situation) -> NDArray[np.int64]:
    """Bytes of resident rows at the worst moment of a layer, for each candidate."""
    result = np.full(len(table), situation.resident_bytes, dtype=np.int64)
    if not situation.leaving and situation.arriving is None:
        return result
    heights = table.candidates.rows
    for height in table.streamed_heights:
        peak = situation.resident_bytes - _absent_bytes(situation, height)
        result[table.streams_rows & (heights == height)] = peak
    return result


def _absent_bytes(situation: Situation, height: int) -> int:
    """Bytes of rows already freed or not yet written at the worst step, when rows are finished `height` at a time."""
    first = np.arange(0, situation.rows, height)
    absent = np.zeros(len(first), dtype=np.int64)
    if situation.arriving is not None:
        out = situation.arriving
        unwritten = np.minimum(out.kept, situation.rows - np.minimum(first + height, situation.rows))
        absent += np.maximum(0, unwritten - out.block) * out.row_bytes
    for tensor in situation.leaving:
        low = first * tensor.stride - tensor.pad
        gone = np.maximum(0, np.minimum(low, tensor.total) - (tensor.total - tensor.kept))
        absent += np.maximum(0, gone - tensor.block) * tensor.row_bytes
    return int(absent.min())
