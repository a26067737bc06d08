"""Which layers no tiling makes small enough, because of the axes they look along as a whole."""

from __future__ import annotations

from math import prod

from accelsim.compiler.regions import TileIndex, input_region
from accelsim.hardware import Hardware
from accelsim.mapping import storage_bytes
from accelsim.workload import Layer, Workload


def oversized(workload: Workload, hardware: Hardware) -> frozenset[str]:
    """Names of the vector unit's layers whose smallest tile, operands and result, is larger than the scratchpad."""
    capacity = hardware.scratchpad.capacity_bytes
    return frozenset(
        layer.name
        for layer in workload.layers
        if not layer.on_array and _smallest_bytes(layer, workload, hardware) > capacity
    )


def _smallest_bytes(layer: Layer, workload: Workload, hardware: Hardware) -> int:
    b, y, x, c = (1 if tiled else size for tiled, size in zip(layer.tiled, layer.shape, strict=True))
    tile = TileIndex((0, 0, 0, 0), (b, y, x, c), (0, layer.reduction), 0, True)
    read: dict[frozenset[int], int] = {}  # what is read twice, as by a residual, need not be there twice
    for access in layer.inputs:
        storages = frozenset(piece.storage for piece in access.view.pieces)
        width = max(storage_bytes(workload.storages[storage], hardware) for storage in storages)
        read[storages] = max(read.get(storages, 0), prod(input_region(layer, access, tile)[1]) * width)
    return prod(tile.shape) * storage_bytes(workload.storages[layer.output], hardware) + sum(read.values())
