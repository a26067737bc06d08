"""Residency: which rows of which activation stay in the scratchpad, and which tiling each layer gets in what is left.

Every intermediate starts out resident as a whole. Where a layer does not fit, rows leave: first of the tensor whose
next use is furthest away, never more than needed; the rows that stay are a tensor's last ones, because a layer that
works row by row has freed most of its input by the time it writes them. A second pass lets tensors go that cost more
as residents (small tiles) than as spills.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod

import numpy as np
from numpy.typing import NDArray

from accelsim.compiler.lifetimes import Lifetime, lifetimes, may_stay
from accelsim.errors import DoesNotFitError
from accelsim.hardware import Hardware
from accelsim.mapping import CostTable, LayerMapping, Machine, Pin, Pins, Problem, candidates, cost_table, problem_of
from accelsim.workload import Along, Layer, Workload

#: A tensor kept in part is released in about this many blocks of rows.
BLOCKS = 12
#: Share of the scratchpad that is planned with: packing ranges of many sizes without a gap rarely works out.
MARGIN = 0.9
#: What remains of a layer's capacity each time its ranges find no addresses.
SHRINK = 0.9
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


@dataclass(slots=True)
class Plan:
    """Rows kept per storage (the last ones, batch after batch), block height per storage, choice per layer."""

    kept_rows: list[int]
    block_rows: list[int]
    choices: list[Choice] = field(default_factory=list)


@lru_cache(maxsize=4096)
def _table(problem: Problem, machine: Machine, pin: Pin) -> CostTable:
    found = candidates(problem, machine.array.rows, machine.array.columns, pin)
    return cost_table(problem, found, machine)


class Planner:
    """Finds plans for one workload on one accelerator.

    Life cycle: `plan`, and where its addresses do not fit, `tighten` and `plan` again; every plan keeps fewer rows.
    `capacity` holds the scratchpad bytes that each layer may plan with.
    """

    def __init__(self, workload: Workload, hardware: Hardware, pins: Pins) -> None:
        self.workload, self.hardware = workload, hardware
        self.capacity = [int(hardware.scratchpad.capacity_bytes * MARGIN)] * len(workload.layers)
        self.machine = Machine.of(hardware)
        self.lives: tuple[Lifetime, ...] = lifetimes(workload)
        self.tables = [
            _table(problem_of(layer, workload.storages, hardware), self.machine, pins.of(layer.name))
            for layer in workload.layers
        ]
        self.rows = [prod(s.shape[:2]) for s in workload.storages]
        width = hardware.precision.activations_bytes
        self.row_bytes = [prod(s.shape[2:]) * width for s in workload.storages]
        self.kept = [self.rows[i] if may_stay(workload, i) else 0 for i in range(len(workload.storages))]
        self.live = self._live_sets()
        self.cache: dict[tuple[int, ...], Choice | int] = {}
        self.improved = False

    def plan(self) -> Plan:
        """The plan.

        Raises:
            DoesNotFitError: a layer does not fit even with everything else in DRAM and its smallest tile.
        """
        while self._evict_where_needed():
            pass
        if not self.improved:
            self._improve()
            self.improved = True
        choices = [self._require(layer.index) for layer in self.workload.layers]
        return Plan(self.kept, self._block_rows(choices), choices)

    def tighten(self, layer: int) -> None:
        """Take bytes from a layer and its neighbours, because addresses did not fit there."""
        for near in range(max(0, layer - 1), min(len(self.capacity), layer + 2)):
            self._set_capacity(near, int(self.capacity[near] * SHRINK))

    def _live_sets(self) -> list[list[int]]:
        sets: list[list[int]] = [[] for _ in self.workload.layers]
        for storage, life in enumerate(self.lives):
            if self.kept[storage]:
                for layer in range(max(life.producer, 0), life.last + 1):
                    sets[layer].append(storage)
        return sets

    # -- evicting ------------------------------------------------------------------------------------------------

    def _evict_where_needed(self) -> bool:
        changed = False
        for layer in self.workload.layers:
            while isinstance(shortage := self.choose(layer.index), int):
                self._evict(layer, shortage)
                changed = True
        return changed

    def _evict(self, layer: Layer, shortage: int) -> None:
        """Give back at least `shortage` bytes at `layer`: the tensor whose next use is furthest away goes first."""
        own = {p.storage for a in layer.inputs for p in a.view.pieces}
        held = [s for s in self.live[layer.index] if self.kept[s]]
        if not held or not self.hardware.dram.writable:
            self._use_margin(layer, shortage)
            return

        def urgency(storage: int) -> int:
            return layer.index if storage in own else self.lives[storage].next_use(layer.index)

        victim = max(held, key=urgency)
        quantum = max(1, self.rows[victim] // 16)
        rows = max(quantum, -(-shortage // self.row_bytes[victim]))
        self.kept[victim] = max(0, self.kept[victim] - rows)

    def _use_margin(self, layer: Layer, shortage: int) -> None:
        """Plan with every byte of the scratchpad where nothing can be given back any more."""
        full = self.hardware.scratchpad.capacity_bytes
        missing = shortage - (full - self.capacity[layer.index])
        if missing > 0 or self.capacity[layer.index] == full:
            raise self._does_not_fit(layer, max(missing, 1))
        self._set_capacity(layer.index, full)

    def _set_capacity(self, layer: int, capacity_bytes: int) -> None:
        self.capacity[layer] = capacity_bytes
        for key in [key for key in self.cache if key[0] == layer]:
            del self.cache[key]

    def _does_not_fit(self, layer: Layer, shortage: int) -> DoesNotFitError:
        have = self.hardware.scratchpad.capacity_bytes
        remedies = [f"a scratchpad of at least {have + shortage} B (--set scratchpad.capacity=…)"]
        if not self.hardware.dram.writable:
            remedies += ["restructuring the model", "memory that can be spilled to (--set dram.writable=true)"]
        else:
            remedies += ["a mapping file that pins smaller tiles, if one pins this layer", "narrower number formats"]
        return DoesNotFitError(f"layer {layer.name!r}", have + shortage, have, remedies=remedies)

    # -- improving -----------------------------------------------------------------------------------------------

    def _improve(self) -> None:
        """Let go of residents whose bytes are worth more as working buffers."""
        if not self.hardware.dram.writable:
            return
        order = sorted(
            (s for s in range(len(self.kept)) if self.kept[s]), key=lambda s: -self.kept[s] * self.row_bytes[s]
        )
        for storage in order:
            affected = range(max(self.lives[storage].producer, 0), self.lives[storage].last + 1)
            before, kept = self._score(affected), self.kept[storage]
            for fewer in (0, kept // 2):
                self.kept[storage] = fewer
                after = self._score(affected)
                if after < before * 0.999:
                    before, kept = after, fewer
            self.kept[storage] = kept

    def _score(self, layers: Iterable[int]) -> float:
        total = 0.0
        for layer in layers:
            choice = self.choose(layer)
            if isinstance(choice, int):
                return float("inf")
            total += choice.cycles
        return total

    def _require(self, layer: int) -> Choice:
        choice = self.choose(layer)
        if isinstance(choice, int):
            raise self._does_not_fit(self.workload.layers[layer], choice)
        return choice

    # -- one layer -----------------------------------------------------------------------------------------------

    def choose(self, index: int) -> Choice | int:
        """The best tiling of a layer beside what is resident, or how many bytes are missing for any."""
        layer = self.workload.layers[index]
        shares = [self._dram_share(layer, i) for i in range(len(layer.inputs))]
        out_share = 1.0 - self.kept[layer.output] / self.rows[layer.output]
        key = (index, *(self.kept[s] for s in self.live[index]))
        if key not in self.cache:
            self.cache[key] = self._search(layer, np.array(shares), out_share)
        return self.cache[key]

    def _dram_share(self, layer: Layer, operand: int) -> float:
        """Share of an operand's bytes that lies in DRAM."""
        view = layer.inputs[operand].view
        outside = 0.0
        for piece in view.pieces:
            outside += prod(piece.shape) * (1.0 - self.kept[piece.storage] / self.rows[piece.storage])
        return outside / view.elements

    def _search(self, layer: Layer, shares: NDArray[np.float64], out_share: float) -> Choice | int:
        table = self.tables[layer.index]
        outside = shares > 0
        unified = self.machine.accumulator_capacity is None
        working = outside @ table.input_bytes + table.weight_bytes + (table.accumulator_bytes if unified else 0)
        working = working + (table.output_bytes if out_share > 0 else 0)
        spare = outside @ table.input_spare + table.weight_spare + (table.output_spare if out_share > 0 else 0)
        resident = self._resident_bytes(layer, table)
        need = working + resident
        legal = need <= self.capacity[layer.index]
        if not unified:
            legal &= table.accumulator_bytes <= (self.machine.accumulator_capacity or 0)
        if not legal.any():
            return self._shortage(layer, need, table)
        traffic = shares @ table.input_cycles + table.weight_cycles + out_share * table.output_cycles
        rounds = np.maximum(table.weight_loads, (outside[:, None] * table.input_loads).max(axis=0))
        rounds = np.maximum(rounds, table.output_stores if out_share > 0 else 0)
        moving = traffic + self.machine.latency_cycles * rounds
        roomy = need + spare <= self.capacity[layer.index]
        overlapped = _overlapped(table, shares[0] * table.input_cycles[0], moving)
        first = moving / np.maximum(table.steps, 1)
        time = np.where(roomy, overlapped + first, table.array_cycles + moving)
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

    def _shortage(self, layer: Layer, need: NDArray[np.int64], table: CostTable) -> int:
        capacity = self.machine.accumulator_capacity
        if capacity is not None:
            fits = table.accumulator_bytes <= capacity
            if not fits.any():
                raise DoesNotFitError(
                    f"layer {layer.name!r}: partial sums of its smallest tile",
                    int(table.accumulator_bytes.min()),
                    capacity,
                    memory="accumulator",
                    remedies=["a larger accumulator (--set accumulator.capacity=…)", "smaller pinned tiles"],
                )
            need = need[fits]
        return int(need.min()) - self.capacity[layer.index]

    # -- residents while a layer runs ------------------------------------------------------------------------------

    def _resident_bytes(self, layer: Layer, table: CostTable) -> NDArray[np.int64]:
        """Bytes of resident rows at the worst moment of a layer, for each candidate."""
        static = sum(self.kept[s] * self.row_bytes[s] for s in self.live[layer.index])
        result = np.full(len(table), static, dtype=np.int64)
        dying = self._dying(layer)
        if not dying and self.lives[layer.output].producer != layer.index:
            return result
        if layer.shape[0] != 1 or not table.streams_rows.any():
            return result
        heights = table.candidates.rows
        for height in np.unique(heights[table.streams_rows]):
            peak = static - self._released(layer, dying, int(height))
            result[table.streams_rows & (heights == height)] = peak
        return result

    def _dying(self, layer: Layer) -> list[tuple[int, bool]]:
        """Resident inputs that nobody reads after this layer and whose rows it reads in order: (storage, windowed)."""
        found = []
        for access in layer.inputs:
            pieces = access.view.pieces
            if len(pieces) != 1 or access.space is Along.ALL:
                continue
            storage, whole = pieces[0].storage, pieces[0].shape == access.view.shape
            once = sum(p.storage == storage for a in layer.inputs for p in a.view.pieces) == 1
            if whole and once and self.kept[storage] and self.lives[storage].last == layer.index:
                found.append((storage, access.space is Along.WINDOW))
        return found

    def _released(self, layer: Layer, dying: list[tuple[int, bool]], height: int) -> int:
        """Bytes of rows freed or not yet written at the worst step, when rows are finished `height` at a time."""
        rows = layer.shape[1]
        first = np.arange(0, rows, height)
        last = np.minimum(first + height, rows)
        out = layer.output
        unwritten = np.minimum(self.kept[out], rows - last)
        freed = np.maximum(0, unwritten - self._block(out)) * self.row_bytes[out] if self.kept[out] else 0 * first
        window = layer.kernel.window
        for storage, windowed in dying:
            low = first * window.strides[0] - window.pads[0] if windowed else first
            gone = np.maximum(0, np.minimum(low, self.rows[storage]) - (self.rows[storage] - self.kept[storage]))
            freed = freed + np.maximum(0, gone - self._block(storage)) * self.row_bytes[storage]
        return int(freed.min())

    def _block(self, storage: int) -> int:
        return max(1, -(-self.rows[storage] // BLOCKS))

    def _block_rows(self, choices: list[Choice]) -> list[int]:
        """Block height per storage: the whole tensor where nothing is tight while it lives."""
        tight = []
        for layer, choice in zip(self.workload.layers, choices, strict=True):
            static = sum(self.kept[s] * self.row_bytes[s] for s in self.live[layer.index])
            tight.append(static + choice.working_bytes + choice.spare_bytes > self.capacity[layer.index])
        blocks = []
        for storage, life in enumerate(self.lives):
            pressed = any(tight[max(life.producer, 0) : life.last + 1])
            blocks.append(self._block(storage) if pressed else max(1, self.rows[storage]))
        return blocks


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
