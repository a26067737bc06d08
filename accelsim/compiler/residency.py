"""Residency: which rows of which activation stay in the scratchpad, and which tiling each layer gets in what is left.

Every intermediate starts out resident as a whole. Where a layer does not fit, rows leave: first of the tensor whose
next use is furthest away, never more than needed; the rows that stay are a tensor's last ones, because a layer that
works row by row has freed most of its input by the time it writes them. A second pass lets tensors go that cost more
as residents (small tiles) than as spills.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from types import MappingProxyType

import numpy as np

from accelsim.compiler.choice import Choice, Chooser, Shortfall
from accelsim.compiler.lifetimes import Lifetime, lifetimes, may_stay, storages_of
from accelsim.compiler.ranked import Ranked
from accelsim.compiler.situation import Rows, Situation
from accelsim.errors import DoesNotFitError
from accelsim.hardware import Hardware
from accelsim.mapping import SHARED, CostGrid, Machine, Pin, Pins, Places, Problem, Tables, problem_of, storage_bytes
from accelsim.program import MemoryKind
from accelsim.workload import Along, Layer, Workload

#: A tensor kept in part is released in about this many blocks of rows.
BLOCKS = 12
#: Share of the scratchpad that is planned with: packing ranges of many sizes without a gap rarely works out.
MARGIN = 0.9
#: What remains of a layer's capacity each time its ranges find no addresses.
SHRINK = 0.9
#: How many of a layer's smallest tiles a memory holds that is large beside them.
ROOM = 8
#: A layer whose score is this much worse than without residents is worth giving residents up for.
HURT = 1.01
#: Sums of scores in another order differ by no more than this factor.
ROUNDED_UP = 1 + 1e-9
#: Nothing is known of what layers cost at least.
NO_BOUNDS: Mapping[int, float] = MappingProxyType({})


@dataclass(slots=True)
class Plan:
    """Rows kept per storage (the last ones, batch after batch), block height per storage, choice per layer."""

    kept_rows: list[int]
    block_rows: list[int]
    choices: list[Choice] = field(default_factory=list)


class Planner:
    """Finds plans for one workload on one accelerator.

    Life cycle: `plan`, and where its addresses do not fit, `tighten` and `plan` again; every plan keeps fewer rows.
    `capacity`: scratchpad bytes each layer may plan with; `weight_capacity` likewise of a separate memory of weights;
    `resident`: bytes of rows kept while it runs.
    """

    def __init__(self, workload: Workload, hardware: Hardware, pins: Pins, tables: Tables = SHARED) -> None:
        self.workload, self.hardware = workload, hardware
        full = hardware.scratchpad.capacity_bytes
        # Who fixes a tile has found out what fits; a margin would only forbid to have it twice.
        self.capacity = [full if pins.of(layer.name).tile else int(full * MARGIN) for layer in workload.layers]
        buffer = hardware.weight_buffer
        self.weight_capacity = [buffer.capacity_bytes] * len(workload.layers) if buffer else None
        outputs_stay = not hardware.dram.writable
        self.lives: tuple[Lifetime, ...] = lifetimes(workload, outputs_stay=outputs_stay)
        machine = Machine.of(hardware)
        self.chooser = Chooser(machine)
        self.ranked = _ranked(workload, hardware, pins, tables)
        self.rows = [prod(s.shape[:2]) for s in workload.storages]
        self.row_bytes = [prod(s.shape[2:]) * storage_bytes(s, hardware) for s in workload.storages]
        self.kept = [0] * len(workload.storages)
        self.resident = np.zeros(len(workload.layers), dtype=np.int64)
        self.improved = False
        self.tightened: set[int] = set()
        for storage, rows in enumerate(self.rows):
            if may_stay(workload, storage, outputs_stay=outputs_stay):
                self._keep(storage, rows)
        self.live = self._live_sets()
        self._own = [storages_of(layer) for layer in workload.layers]
        self._floors = [float(ranked.floor[0]) for ranked in self.ranked]
        self._situations: dict[tuple[int | None, ...], Situation] = {}
        self._chosen: dict[tuple[int | None, ...], Choice | Shortfall] = {}

    def plan(self) -> Plan:
        """The plan.

        Raises:
            DoesNotFitError: a layer does not fit even with everything else in DRAM and its smallest tile.
        """
        while self._evict_where_needed():
            pass
        if self.hardware.dram.writable:
            if not self.improved:
                self._improve()
                self.improved = True
            elif self.tightened:
                self._let_go(self.tightened)
        self.tightened.clear()
        choices = [self._require(layer.index) for layer in self.workload.layers]
        return Plan(self.kept, self._block_rows(choices), choices)

    def tighten(self, layers: Iterable[int], *, in_weights: bool = False) -> None:
        """Take bytes from some layers and their neighbours, because addresses did not fit there.

        `in_weights`: bytes of the separate memory of weights instead of the scratchpad's.
        """
        shrinking = self.weight_capacity if in_weights and self.weight_capacity else self.capacity
        near = {layer + step for layer in layers for step in (-1, 0, 1)}.intersection(range(len(shrinking)))
        for index in near:
            shrinking[index] = int(shrinking[index] * SHRINK)
        self.tightened |= near

    def choose(self, index: int) -> Choice | Shortfall:
        """The best tiling of a layer beside what is resident, or what is missing for any."""
        resident = int(self.resident[index])
        known = self._known_by(index)
        found = self._chosen.get((*known, resident))
        if found is None:
            situation = self._situations.get(known)
            if situation is None:
                situation = self._situations[known] = self._situation(self.workload.layers[index])
            found = self._chosen[*known, resident] = self.chooser.choose(self.ranked[index], situation, resident)
        return found

    def _known_by(self, index: int) -> tuple[int | None, ...]:
        """What a layer's situation depends on, but for the bytes of residents."""
        weights = self.weight_capacity[index] if self.weight_capacity else None
        return (index, self.capacity[index], weights, *[self.kept[storage] for storage in self._own[index]])

    def ranking(self, index: int, count: int) -> list[Choice]:
        """The tilings of a layer with the best estimates beside what is resident, the best first."""
        situation = self._situation(self.workload.layers[index])
        return self.chooser.ranking(self.ranked[index], situation, int(self.resident[index]), count)

    def _life(self, storage: int) -> slice:
        """The layers during which a storage matters."""
        life = self.lives[storage]
        return slice(max(life.producer, 0), life.last + 1)

    def _keep(self, storage: int, rows: int) -> None:
        self.resident[self._life(storage)] += (rows - self.kept[storage]) * self.row_bytes[storage]
        self.kept[storage] = rows

    def _live_sets(self) -> list[list[int]]:
        """Per layer, the storages that may be resident while it runs."""
        sets: list[list[int]] = [[] for _ in self.workload.layers]
        for storage in range(len(self.kept)):
            if self.kept[storage]:
                for live in sets[self._life(storage)]:
                    live.append(storage)
        return sets

    def _evict_where_needed(self) -> bool:
        changed = False
        for layer in self.workload.layers:
            while isinstance(found := self.choose(layer.index), Shortfall):
                if found.memory is not MemoryKind.SCRATCHPAD:
                    raise self._does_not_fit_beside(layer, found)
                self._evict(layer, found.missing_bytes)
                changed = True
        return changed

    def _evict(self, layer: Layer, missing: int) -> None:
        """Give back at least `missing` bytes at `layer`.

        The tensor whose next use is furthest away goes first; of two, the one that is read less often.
        """
        own = {p.storage for a in layer.inputs for p in a.view.pieces}
        held = [s for s in self.live[layer.index] if self.kept[s]]
        if not held or not self.hardware.dram.writable:
            self._use_margin(layer, missing)
            return

        def urgency(storage: int) -> tuple[int, int]:
            life = self.lives[storage]
            return (layer.index if storage in own else life.next_use(layer.index)), -len(life.readers)

        victim = max(held, key=urgency)
        rows = max(1, self.rows[victim] // 16, -(-missing // self.row_bytes[victim]))
        self._keep(victim, max(0, self.kept[victim] - rows))

    def _use_margin(self, layer: Layer, missing: int) -> None:
        """Plan with every byte of the scratchpad where nothing can be given back any more."""
        full = self.hardware.scratchpad.capacity_bytes
        missing -= full - self.capacity[layer.index]
        if missing > 0 or self.capacity[layer.index] == full:
            raise self._does_not_fit(layer, max(missing, 1))
        self.capacity[layer.index] = full

    def _improve(self) -> None:
        """Let go of residents whose bytes are worth more as working buffers; then fill what room is left."""
        by_size = self._by_size()
        self._let_go(range(len(self.capacity)))
        for storage in sorted(by_size, key=lambda s: -len(self.lives[s].readers)):
            missing = self.rows[storage] - self.kept[storage]
            if missing and may_stay(self.workload, storage):
                steps = (missing, *(missing * share // 16 for share in (12, 8, 5, 3, 2, 1)))
                self._try_rows(storage, [self.kept[storage] + rows for rows in steps if rows])

    def _let_go(self, layers: Collection[int]) -> None:
        """Let go of residents of some layers whose bytes are worth more there as working buffers."""
        hurt = [index in layers and self._is_hurt(index) for index in range(len(self.capacity))]
        for storage in self._by_size():
            if self.kept[storage] and any(hurt[self._life(storage)]):
                self._try_rows(storage, (0, self.kept[storage] // 2))

    def _by_size(self) -> list[int]:
        """Storages, the one with most bytes kept first."""
        return sorted(range(len(self.kept)), key=lambda s: -self.kept[s] * self.row_bytes[s])

    def _try_rows(self, storage: int, options: Iterable[int]) -> None:
        """Keep as many rows of a storage as makes the layers of its life fastest."""
        affected = range(len(self.capacity))[self._life(storage)]
        before, score = self.kept[storage], self._score(affected)
        # Beside more residents no layer becomes faster, unless it is the residents it works with.
        others = {layer: self._score([layer]) for layer in affected if storage not in self._own[layer]}
        best = before
        for rows in options:
            self._keep(storage, rows)
            after = self._score(affected, score * 0.9995, others if rows > before else NO_BOUNDS)
            if after < score * 0.9995:
                best, score = rows, after
        self._keep(storage, best)

    def _is_hurt(self, index: int) -> bool:
        """Whether a layer would be faster if nothing but its own operands were resident."""
        alone = replace(
            self._situation(self.workload.layers[index]),
            leaving=(),
            arriving=None,
            capacity_bytes=self.hardware.scratchpad.capacity_bytes,
        )
        now, then = self.choose(index), self.chooser.choose(self.ranked[index], alone, 0)
        return isinstance(now, Shortfall) or (isinstance(then, Choice) and now.score > HURT * then.score)

    def _score(
        self, layers: Sequence[int], limit: float = float("inf"), bounds: Mapping[int, float] = NO_BOUNDS
    ) -> float:
        """Scores of some layers; infinite if one does not fit, or where they are sure not to be under a limit.

        Args:
            layers: which.
            limit: what the sum is wanted to be below.
            bounds: what some of the layers cost at least, if more is known than what each costs in any situation.
        """
        least = {layer: bounds.get(layer, self._floors[layer]) for layer in layers}
        sum_at_least, scores = sum(least.values()), dict.fromkeys(layers, 0.0)
        for layer in sorted(layers, key=bounds.__contains__):
            choice = self.choose(layer)
            if isinstance(choice, Shortfall):
                return float("inf")
            scores[layer] = choice.score
            sum_at_least += choice.score - least[layer]
            if sum_at_least > limit * ROUNDED_UP:
                return float("inf")
        return sum(scores.values())

    def _require(self, layer: int) -> Choice:
        choice = self.choose(layer)
        if isinstance(choice, Shortfall):
            raise self._does_not_fit(self.workload.layers[layer], choice.missing_bytes)
        return choice

    def _situation(self, layer: Layer) -> Situation:
        """What a layer finds, but for the bytes of residents."""
        out = layer.output
        streams = layer.shape[0] == 1
        arriving = None
        if streams and self.kept[out]:
            arriving = Rows(self.kept[out], self.rows[out], self.row_bytes[out], self._block(out))
        return Situation(
            input_shares=tuple(self._dram_share(layer, i) for i in range(len(layer.inputs))),
            output_share=1.0 - self.kept[out] / self.rows[out],
            leaving=tuple(self._leaving(layer)) if streams else (),
            arriving=arriving,
            rows=layer.shape[1],
            capacity_bytes=self.capacity[layer.index],
            weight_capacity_bytes=self.weight_capacity[layer.index] if self.weight_capacity else None,
        )

    def _dram_share(self, layer: Layer, operand: int) -> float:
        """Share of an operand's bytes that lies in DRAM."""
        view = layer.inputs[operand].view
        outside = 0.0
        for piece in view.pieces:
            outside += prod(piece.shape) * (1.0 - self.kept[piece.storage] / self.rows[piece.storage])
        return outside / view.elements

    def _leaving(self, layer: Layer) -> Iterable[Rows]:
        """Resident inputs that nobody reads after this layer and whose rows it reads in order."""
        stored = [piece.storage for access in layer.inputs for piece in access.view.pieces]
        window = layer.kernel.window
        for access in layer.inputs:
            pieces = access.view.pieces
            storage = pieces[0].storage
            whole = len(pieces) == 1 and pieces[0].shape == access.view.shape and stored.count(storage) == 1
            if not whole or access.space is Along.ALL or not self.kept[storage]:
                continue
            if self.lives[storage].last == layer.index:
                moves = (window.strides[0], window.pads[0]) if access.space is Along.WINDOW else (1, 0)
                yield Rows(
                    self.kept[storage], self.rows[storage], self.row_bytes[storage], self._block(storage), *moves
                )

    def _block(self, storage: int) -> int:
        return max(1, -(-self.rows[storage] // BLOCKS))

    def _block_rows(self, choices: list[Choice]) -> list[int]:
        """Block height per storage: the whole tensor where nothing is tight while it lives."""
        tight = [
            int(resident) + choice.working_bytes + choice.spare_bytes > capacity
            for resident, choice, capacity in zip(self.resident, choices, self.capacity, strict=True)
        ]
        return [
            self._block(storage) if any(tight[self._life(storage)]) else max(1, self.rows[storage])
            for storage in range(len(self.kept))
        ]

    def _does_not_fit(self, layer: Layer, missing: int) -> DoesNotFitError:
        have = self.hardware.scratchpad.capacity_bytes
        remedies = [f"a scratchpad of at least {have + missing} B (--set scratchpad.capacity=…)"]
        if not self.hardware.dram.writable:
            remedies += ["restructuring the model", "memory that can be spilled to (--set dram.writable=true)"]
        else:
            remedies += ["a mapping file that pins smaller tiles, if one pins this layer", "narrower number formats"]
        return DoesNotFitError(f"layer {layer.name!r}", have + missing, have, remedies=remedies)

    def _does_not_fit_beside(self, layer: Layer, found: Shortfall) -> DoesNotFitError:
        """What is missing in one of the memories beside the scratchpad, where nothing can be given back."""
        what = {MemoryKind.ACCUMULATOR: "partial sums", MemoryKind.WEIGHT_BUFFER: "weights"}[found.memory]
        section = self.hardware.accumulator if found.memory is MemoryKind.ACCUMULATOR else self.hardware.weight_buffer
        have = section.capacity_bytes if section else 0
        return DoesNotFitError(
            f"layer {layer.name!r}: {what} of its smallest tile",
            have + found.missing_bytes,
            have,
            memory=found.memory.value,
            remedies=[f"a larger {found.memory} (--set {found.memory}.capacity=…)", "smaller pinned tiles"],
        )


def _ranked(workload: Workload, hardware: Hardware, pins: Pins, tables: Tables) -> list[Ranked]:
    """Every layer's candidates; layers of equal shape have the same."""
    machine = Machine.of(hardware)
    found: dict[tuple[Problem, Pin], Ranked] = {}
    keys = [(problem_of(layer, workload.storages, hardware), pins.of(layer.name)) for layer in workload.layers]
    for problem, pin in keys:
        if (problem, pin) not in found:
            grid = tables.of(problem, machine.tiling, pin, slivers=False)
            if not _roomy(grid, hardware):
                grid = tables.of(problem, machine.tiling, pin)
            found[problem, pin] = Ranked(grid, _fitting(grid, hardware), machine)
    return [found[key] for key in keys]


def _roomy(grid: CostGrid, hardware: Hardware) -> bool:
    """Whether memory is so large beside the smallest tile that smaller ones, which leave the array idle, are no use."""
    pad, sums, weights = hardware.scratchpad, hardware.accumulator, hardware.weight_buffer
    if not hardware.dram.writable:  # Whatever fits is wanted.
        return False
    least = int(grid.least_bytes(weights=weights is None, sums=sums is None).min())
    return (
        least * ROOM <= pad.capacity_bytes
        and (sums is None or int(grid.accumulator_bytes.min()) * ROOM <= sums.capacity_bytes)
        and (weights is None or int(grid.weight_bytes.min()) * ROOM <= weights.capacity_bytes)
    )


def _fitting(grid: CostGrid, hardware: Hardware) -> Places:
    """The candidates that fit the scratchpad at all: the others need not be ranked."""
    capacity = hardware.scratchpad.capacity_bytes
    return grid.fitting(capacity, weights=hardware.weight_buffer is None, sums=hardware.accumulator is None)
