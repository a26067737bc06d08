"""Emission: a layer's tiles as steps (loads, one computing instruction, stores) whose operands lie in ranges."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from accelsim.compiler.activations import Activations
from accelsim.compiler.drafts import OperandDraft, RangeDraft, Step, Transfer, compact_strides
from accelsim.compiler.lifetimes import storages_of
from accelsim.compiler.parameters import Parameters
from accelsim.compiler.regions import TileIndex, input_region, tiles
from accelsim.compiler.residency import Plan
from accelsim.compiler.store import SCRATCHPAD, Store
from accelsim.compiler.work import WorkModel
from accelsim.mapping import LayerMapping
from accelsim.program import Opcode, Tile
from accelsim.workload import Layer, Workload


@dataclass(frozen=True, slots=True, eq=False)
class Emitted:
    """The steps of a layer, in order, and the ranges they touch, in the order of first touch."""

    steps: list[Step]
    ranges: tuple[RangeDraft, ...]


class Emission:
    """Emits the layers of a network under one plan after another.

    A layer whose mapping and whose tensors' places are those of the plan before keeps its steps.
    """

    def __init__(self, workload: Workload, store: Store, work: WorkModel) -> None:
        self.store, self._work = store, work
        self._layers = workload.layers
        self._stored = [storages_of(layer) for layer in workload.layers]
        self._emitted: dict[int, tuple[object, Emitted]] = {}

    def follow(self, plan: Plan) -> list[Emitted]:
        """Every layer as the plan wants it."""
        self.store.follow(plan)
        return [self._layer(layer, choice.mapping) for layer, choice in zip(self._layers, plan.choices, strict=True)]

    def _layer(self, layer: Layer, mapping: LayerMapping) -> Emitted:
        key = (mapping, tuple(map(self.store.placing, self._stored[layer.index])))
        known = self._emitted.get(layer.index)
        if known is not None and known[0] == key:
            return known[1]
        self.store.touched = {}
        steps = _LayerEmitter(self.store, self._work, layer, mapping).steps()
        found = Emitted(steps, tuple(self.store.touched))
        self._emitted[layer.index] = key, found
        return found


class _LayerEmitter:
    """Turns one layer into steps. Made per layer; holds what the layer has loaded so far."""

    def __init__(self, store: Store, work: WorkModel, layer: Layer, mapping: LayerMapping) -> None:
        self.store, self.layer, self.mapping = store, layer, mapping
        self.work = work.of_layer(layer)
        self.inputs = [
            Activations(store, access, mapping.hold_input and i == 0) for i, access in enumerate(layer.inputs)
        ]
        self.late = [access.slot.startswith("residual") for access in layer.inputs]
        self.parameters = [Parameters(store, p, mapping) for p in layer.parameters]
        self.sums_outside = layer.on_array and work.needs_sums(layer, mapping)
        self.sums: dict[tuple[int, ...], RangeDraft] = {}

    def steps(self) -> list[Step]:
        """The steps of the layer, in order."""
        return [self._step(tile) for tile in tiles(self.layer, self.mapping)]

    def _step(self, tile: TileIndex) -> Step:
        reads: list[OperandDraft] = []
        loads: list[Transfer] = []
        for parameter in self.parameters:
            if parameter.wanted(tile):
                reads.append(parameter.operand(tile, loads))
        for access, held, late in zip(self.layer.inputs, self.inputs, self.late, strict=True):
            if late and not tile.final:
                continue
            start, shape = input_region(self.layer, access, tile)
            if all(shape):
                reads += held.operands(start, shape, loads)
        writes: list[OperandDraft] = []
        stores: list[Transfer] = []
        if self.sums_outside:
            self._partial_sums(tile, reads, writes)
        if tile.final:
            self._output(tile, writes, stores)
        return Step(
            layer=self.layer.index,
            tile=Tile(tile.start, tile.shape, tile.reduction, tile.final),
            work=self.work.of(tile, reads),
            reads=reads,
            writes=writes,
            loads=loads,
            stores=stores,
        )

    def _partial_sums(self, tile: TileIndex, reads: list[OperandDraft], writes: list[OperandDraft]) -> None:
        """The accumulators of a tile: read where an earlier reduction tile left off, written for the next."""
        store, tensor = self.store, self.store.partial_tensor(self.layer)
        width = store.partial_bytes
        if tile.part == 0:
            self.sums[tile.start] = store.reserve(store.partial_memory, prod(tile.shape) * width, tensor)
        place = self.sums[tile.start]
        region = (tensor, tile.start, tile.shape, place, 0, compact_strides(tile.shape, width), width)
        if tile.part > 0:
            reads.append(OperandDraft(*region, tile.part, "partial"))
        writes.append(OperandDraft(*region, tile.part + 1, "partial"))

    def _output(self, tile: TileIndex, writes: list[OperandDraft], stores: list[Transfer]) -> None:
        """Rows that stay go to their blocks; the others to a buffer and from there to DRAM."""
        storage, store = self.layer.output, self.store
        (first, y, x, c), (batches, rows, columns, channels) = tile.start, tile.shape
        for part in store.parts(storage, first, y, batches, rows):
            start, shape = (part.batch, part.row, x, c), (part.batches, part.rows, columns, channels)
            if part.block is None:
                self._spill(start, shape, writes, stores)
            else:
                block = part.block
                writes.append(in_block(store, storage, block.range, block.first, start, shape, "output"))

    def _spill(
        self, start: tuple[int, ...], shape: tuple[int, ...], writes: list[OperandDraft], stores: list[Transfer]
    ) -> None:
        storage = self.layer.output
        width = self.store.tensors[storage].element_bytes
        size = prod(shape) * width
        place = self.store.reserve(SCRATCHPAD, size, storage)
        buffer = OperandDraft(storage, start, shape, place, 0, compact_strides(shape, width), width, slot="output")
        writes.append(buffer)
        home = self.store.at_home(storage, start, shape, "output")
        stores.append(Transfer(Opcode.STORE, buffer, home, size))


def in_block(
    store: Store,
    storage: int,
    place: RangeDraft,
    first_row: int,
    start: tuple[int, ...],
    shape: tuple[int, ...],
    slot: str,
) -> OperandDraft:
    """A region inside a resident block that begins at `first_row` (counted over all batches)."""
    tensor = store.tensors[storage]
    strides = compact_strides(tensor.shape, tensor.element_bytes)
    row = start[0] * tensor.shape[1] + start[1] - first_row
    offset = row * strides[1] + start[2] * strides[2] + start[3] * strides[3]
    return OperandDraft(storage, start, shape, place, offset, strides, tensor.element_bytes, slot=slot)
