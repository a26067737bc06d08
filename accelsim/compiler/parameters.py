"""The weight operands of a layer: tiles loaded when first needed, kept until replaced or until the layer ends."""

from __future__ import annotations

from math import prod

from accelsim.compiler.drafts import OperandDraft, Transfer, compact_strides
from accelsim.compiler.regions import TileIndex
from accelsim.compiler.store import Store
from accelsim.mapping import LayerMapping
from accelsim.program import Opcode
from accelsim.workload import Parameter


class Parameters:
    """What a layer knows of one parameter: filters cut by (filter, channel), or a vector cut by filter."""

    def __init__(self, store: Store, parameter: Parameter, mapping: LayerMapping) -> None:
        self.store, self.parameter, self.mapping = store, parameter, mapping
        self.pinned = parameter.storage in store.pinned
        self.loaded: dict[tuple[int, int], OperandDraft] = {}
        self._sources: dict[tuple[int, int], OperandDraft] = {}

    def wanted(self, tile: TileIndex) -> bool:
        """Whether a tile reads it: vectors are applied when the reduction is complete."""
        return self.parameter.reduced or tile.final

    def operand(self, tile: TileIndex, loads: list[Transfer]) -> OperandDraft:
        """The operand of a tile; a missing one is added to `loads`."""
        first = (tile.start[3], tile.reduction[0] if self.parameter.reduced else 0)
        if self.pinned:
            return self._source(tile, first)
        found = self.loaded.get(first)
        if found is None:
            if not self.mapping.hold_weights:
                self.loaded.clear()
            source = self._source(tile, first)
            size = prod(source.shape) * source.element_bytes
            place = self.store.reserve(self.store.weight_memory, size, source.tensor)
            found = source.moved(place, 0, compact_strides(source.shape, source.element_bytes))
            loads.append(Transfer(Opcode.LOAD, source, found, size, weights=True))
            self.loaded[first] = found
        return found

    def _source(self, tile: TileIndex, first: tuple[int, int]) -> OperandDraft:
        found = self._sources.get(first)
        if found is None:
            found = self._sources[first] = self._in_store(tile, first)
        return found

    def _in_store(self, tile: TileIndex, first: tuple[int, int]) -> OperandDraft:
        if not self.parameter.reduced:
            return self.store.vector(self.parameter.storage, first[0], tile.shape[3], self.parameter.slot)
        size = (tile.shape[3], tile.reduction[1] - tile.reduction[0])
        cut = (self.mapping.tile.filters, self.mapping.tile.channels)
        return self.store.weight_tile(self.parameter.storage, first, size, cut)
