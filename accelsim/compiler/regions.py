"""Which region of an operand a tile of a layer's output needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from accelsim.mapping import LayerMapping
from accelsim.program import MatrixKernel
from accelsim.workload import Access, Along, Follow, Layer

Region = tuple[tuple[int, int, int, int], tuple[int, int, int, int]]


@dataclass(frozen=True, slots=True)
class TileIndex:
    """One tile: output region, reduction channels [first, last), ordinal along the reduction, whether it is last."""

    start: tuple[int, int, int, int]
    shape: tuple[int, int, int, int]
    reduction: tuple[int, int]
    part: int
    final: bool


def tiles(layer: Layer, mapping: LayerMapping) -> Iterator[TileIndex]:
    """The tiles of a layer in the order of its mapping."""
    tile = mapping.tile
    batches, rows, columns, filters = layer.shape
    positions = [
        (b, y, x)
        for b in range(0, batches, tile.batch)
        for x in range(0, columns, tile.columns)
        for y in range(0, rows, tile.rows)
    ]
    filter_starts = range(0, filters, tile.filters)
    channel_starts = range(0, layer.reduction, tile.channels)
    nests: dict[str, Iterator[tuple[tuple[int, int, int], int, int]]] = {
        "SKC": ((s, k, c) for s in positions for k in filter_starts for c in channel_starts),
        "SCK": ((s, k, c) for s in positions for c in channel_starts for k in filter_starts),
        "KSC": ((s, k, c) for k in filter_starts for s in positions for c in channel_starts),
        "KCS": ((s, k, c) for k in filter_starts for c in channel_starts for s in positions),
    }
    for s, k, c in nests[mapping.order]:
        yield _tile(layer, mapping, s, k, c)


def _tile(layer: Layer, mapping: LayerMapping, s: tuple[int, int, int], k: int, c: int) -> TileIndex:
    tile, full = mapping.tile, layer.shape
    start = (s[0], s[1], s[2], k)
    shape = (
        min(tile.batch, full[0] - s[0]),
        min(tile.rows, full[1] - s[1]),
        min(tile.columns, full[2] - s[2]),
        min(tile.filters, full[3] - k),
    )
    last = min(c + tile.channels, layer.reduction)
    return TileIndex(start, shape, (c, last), c // tile.channels, last == layer.reduction)


def input_region(layer: Layer, access: Access, tile: TileIndex) -> Region:
    """The region of an activation operand, in its view's coordinates, that a tile reads (may be empty)."""
    if access.follow is not None:
        return _followed(access.view.shape, access.follow, tile)
    b, h, w, channels = access.view.shape
    batch = _clamped(tile.start[0], tile.shape[0], b)
    if access.space is Along.ALL:
        rows, columns = (0, h), (0, w)
    elif access.space is Along.WINDOW:
        window = layer.kernel.window
        rows = window.input_rows(tile.start[1], tile.shape[1], h)
        columns = window.input_columns(tile.start[2], tile.shape[2], w)
    else:
        rows = _clamped(tile.start[1], tile.shape[1], h)
        columns = _clamped(tile.start[2], tile.shape[2], w)
    depth = _depth(layer, access, tile, channels)
    spans = (batch, rows, columns, depth)
    return (
        (spans[0][0], spans[1][0], spans[2][0], spans[3][0]),
        (batch[1] - batch[0], rows[1] - rows[0], columns[1] - columns[0], depth[1] - depth[0]),
    )


def _followed(size: tuple[int, int, int, int], rules: tuple[Follow, ...], tile: TileIndex) -> Region:
    """The region of an operand whose axes follow loops by rules of their own."""
    low, high = tile.reduction
    loops = [*zip(tile.start, tile.shape, strict=True), (low, high - low), (0, 0)]  # NO_LOOP is the last
    (b, y, x, c) = (rule.span(*loops[rule.loop], n) for rule, n in zip(rules, size, strict=True))
    return (b[0], y[0], x[0], c[0]), (b[1] - b[0], y[1] - y[0], x[1] - x[0], c[1] - c[0])


def _clamped(first: int, count: int, size: int) -> tuple[int, int]:
    """The same positions, or the only one where the axis is broadcast."""
    return (0, 1) if size == 1 else (first, first + count)


def _depth(layer: Layer, access: Access, tile: TileIndex, channels: int) -> tuple[int, int]:
    if access.channels is Along.ALL:
        return 0, channels
    if access.channels is Along.SAME or not isinstance(layer.kernel, MatrixKernel):
        return _clamped(tile.start[3], tile.shape[3], channels)
    kernel = layer.kernel
    if kernel.groups == 1:
        return tile.reduction
    first = tile.start[3] // kernel.filters_per_group
    last = -(-(tile.start[3] + tile.shape[3]) // kernel.filters_per_group)
    low, high = tile.reduction  # part of the channels only where the tile lies in one group
    return first * kernel.channels_per_group + low, (last - 1) * kernel.channels_per_group + high
