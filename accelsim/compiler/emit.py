"""Emission: a layer's tiles as steps (loads, one computing instruction, stores) whose operands lie in ranges."""

from __future__ import annotations

from math import prod

from accelsim.compiler.activations import Activations
from accelsim.compiler.choice import Choice
from accelsim.compiler.drafts import OperandDraft, Step, Transfer, compact_strides
from accelsim.compiler.parameters import Parameters
from accelsim.compiler.regions import TileIndex, input_region, tiles
from accelsim.compiler.store import SCRATCHPAD, Store
from accelsim.compiler.work import WorkModel
from accelsim.mapping import LayerMapping
from accelsim.program import Opcode, Tile
from accelsim.workload import Layer


class LayerEmitter:
    """Turns one layer into steps. Made per layer; holds what the layer has loaded so far."""

    def __init__(self, store: Store, work: WorkModel, layer: Layer, choice: Choice, ready: list[int]) -> None:
        """`ready`: per storage, the first step whose slot may reload it from DRAM (after its spills)."""
        self.store, self.work, self.layer = store, work, layer
        self.mapping: LayerMapping = choice.mapping
        self.inputs = [
            Activations(store, access, self.mapping.hold_input and i == 0, ready)
            for i, access in enumerate(layer.inputs)
        ]
        self.parameters = [Parameters(store, p, self.mapping) for p in layer.parameters]
        self.partial = -1
        self.sums: dict[tuple[int, ...], int] = {}

    def steps(self) -> list[Step]:
        """The steps of the layer, in order."""
        return [self._step(tile) for tile in tiles(self.layer, self.mapping)]

    def _step(self, tile: TileIndex) -> Step:
        reads: list[OperandDraft] = []
        loads: list[Transfer] = []
        for parameter in self.parameters:
            if parameter.wanted(tile):
                reads += parameter.operands(tile, loads)
        for access, held in zip(self.layer.inputs, self.inputs, strict=True):
            if access.slot.startswith("residual") and not tile.final:
                continue
            start, shape = input_region(self.layer, access, tile)
            if all(shape):
                reads += held.operands(start, shape, loads)
        writes: list[OperandDraft] = []
        stores: list[Transfer] = []
        if self.layer.on_array and self.work.needs_sums(self.layer, self.mapping):
            self._partial_sums(tile, reads, writes)
        if tile.final:
            self._output(tile, writes, stores)
        return Step(
            layer=self.layer.index,
            kernel=self.layer.index,
            tile=Tile(tile.start, tile.shape, tile.reduction, tile.final),
            work=self.work.of(self.layer, tile, sum(r.element_bytes and prod(r.shape) for r in reads)),
            reads=reads,
            writes=writes,
            loads=loads,
            stores=stores,
        )

    def _partial_sums(self, tile: TileIndex, reads: list[OperandDraft], writes: list[OperandDraft]) -> None:
        """The accumulators of a tile: read where an earlier reduction tile left off, written for the next."""
        if self.partial < 0:
            self.partial = self.store.partial_tensor(self.layer)
        if tile.part == 0:
            size = prod(tile.shape) * self.store.partial_bytes
            self.sums[tile.start] = self.store.reserve(self.store.partial_memory, size, self.partial)
        place = self.sums[tile.start]
        strides = compact_strides(tile.shape, self.store.partial_bytes)
        width = self.store.partial_bytes
        if tile.part > 0:
            reads.append(
                OperandDraft(self.partial, tile.start, tile.shape, place, 0, strides, width, tile.part, "partial")
            )
        writes.append(
            OperandDraft(self.partial, tile.start, tile.shape, place, 0, strides, width, tile.part + 1, "partial")
        )

    def _output(self, tile: TileIndex, writes: list[OperandDraft], stores: list[Transfer]) -> None:
        """Rows that stay go to their blocks; the others to a buffer and from there to DRAM."""
        storage = self.layer.output
        tensor = self.store.tensors[storage]
        border = self.store.resident_from(storage)
        height = tensor.shape[1]
        if border >= tensor.shape[0] * height:
            self._spill(tile.start, tile.shape, writes, stores)
            return
        for batch in range(tile.start[0], tile.start[0] + tile.shape[0]):
            first = batch * height + tile.start[1]
            end = first + tile.shape[1]
            if first < border:
                rows = min(end, border) - first
                start = (batch, tile.start[1], tile.start[2], tile.start[3])
                self._spill(start, (1, rows, tile.shape[2], tile.shape[3]), writes, stores)
            for block in self.store.blocks(storage):
                low, high = max(first, block.first, border), min(end, block.end)
                if low < high:
                    start = (batch, low - batch * height, tile.start[2], tile.start[3])
                    shape = (1, high - low, tile.shape[2], tile.shape[3])
                    writes.append(in_block(self.store, storage, block.range, block.first, start, shape, "output"))

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
    store: Store, storage: int, place: int, first_row: int, start: tuple[int, ...], shape: tuple[int, ...], slot: str
) -> OperandDraft:
    """A region of one batch inside a resident block that begins at `first_row` (counted over all batches)."""
    tensor = store.tensors[storage]
    strides = compact_strides(tensor.shape, tensor.element_bytes)
    row = start[0] * tensor.shape[1] + start[1] - first_row
    offset = row * strides[1] + start[2] * strides[2] + start[3] * strides[3]
    return OperandDraft(storage, start, shape, place, offset, strides, tensor.element_bytes, slot=slot)
