"""The activation operand of a layer: resident fragments where they lie, and chunks loaded from DRAM while needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from accelsim.compiler.drafts import OperandDraft, Transfer, compact_strides
from accelsim.compiler.store import SCRATCHPAD, Store
from accelsim.program import Opcode
from accelsim.workload import Access, Piece, crop

Four = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A region of a storage that a LOAD has brought into `range`, compactly."""

    storage: int
    start: Four
    shape: Four
    range: int

    def covers_columns(self, piece: Piece) -> bool:
        """Whether the chunk holds the piece's batches, columns and channels (rows aside)."""
        return all(
            self.start[a] <= piece.start[a] and piece.start[a] + piece.shape[a] <= self.start[a] + self.shape[a]
            for a in (0, 2, 3)
        )


class Activations:
    """What a layer knows of one activation operand.

    Chunks are kept until the layer ends if the operand is held, otherwise as long as successive tiles read them: tiles
    that step down the rows find their halo rows in the chunk before.
    """

    def __init__(self, store: Store, access: Access, hold: bool, ready: list[int]) -> None:
        self.store, self.access, self.hold, self.ready = store, access, hold, ready
        self.chunks: list[_Chunk] = []

    def operands(self, start: Four, shape: Four, loads: list[Transfer]) -> list[OperandDraft]:
        """Fragments that make up the region of the view; what is missing is added to `loads`."""
        fragments: list[OperandDraft] = []
        used: list[_Chunk] = []
        for piece in crop(self.access.view, start, shape):
            for part in self._by_residency(piece, fragments):
                used += self._from_chunks(part, fragments, loads)
        if not self.hold:
            self.chunks = list(dict.fromkeys(used))
        return fragments

    def _by_residency(self, piece: Piece, fragments: list[OperandDraft]) -> list[Piece]:
        """Add the piece's resident rows to `fragments`; return what lies in DRAM."""
        store = self.store
        border = store.resident_from(piece.storage)
        batches, height = store.tensors[piece.storage].shape[:2]
        if border >= batches * height:
            return [piece]
        outside: list[Piece] = []
        for batch in range(piece.shape[0]):
            first = (piece.start[0] + batch) * height + piece.start[1]
            end = first + piece.shape[1]
            if first < border:
                outside.append(_rows(piece, batch, 0, min(end, border) - first))
            for block in store.blocks(piece.storage):
                low, high = max(first, block.first), min(end, block.end)
                if low < high:
                    inside = _rows(piece, batch, low - first, high - low)
                    fragments.append(self._in_block(inside, block.range, block.first))
        return outside

    def _in_block(self, piece: Piece, place: int, first_row: int) -> OperandDraft:
        tensor = self.store.tensors[piece.storage]
        strides = compact_strides(tensor.shape, tensor.element_bytes)
        row = piece.start[0] * tensor.shape[1] + piece.start[1] - first_row
        offset = row * strides[1] + piece.start[2] * strides[2] + piece.start[3] * strides[3]
        return OperandDraft(
            piece.storage,
            piece.start,
            piece.shape,
            place,
            offset,
            strides,
            tensor.element_bytes,
            slot=self.access.slot,
            at=piece.at,
        )

    def _from_chunks(self, piece: Piece, fragments: list[OperandDraft], loads: list[Transfer]) -> list[_Chunk]:
        """Serve a piece from loaded chunks, loading the rows that no chunk has; return the chunks used."""
        used: list[_Chunk] = []
        row, end = piece.start[1], piece.start[1] + piece.shape[1]
        while row < end:
            chunk = self._holding(piece, row) or self._load(piece, row, end, loads)
            high = min(end, chunk.start[1] + chunk.shape[1])
            offset = row - piece.start[1]
            part = Piece(
                _moved(piece.at, offset), _tall(piece.shape, high - row), piece.storage, _moved(piece.start, offset)
            )
            fragments.append(self._in_chunk(part, chunk))
            used.append(chunk)
            row = high
        return used

    def _holding(self, piece: Piece, row: int) -> _Chunk | None:
        for chunk in self.chunks:
            same = chunk.storage == piece.storage and chunk.start[1] <= row < chunk.start[1] + chunk.shape[1]
            if same and chunk.covers_columns(piece):
                return chunk
        return None

    def _load(self, piece: Piece, row: int, end: int, loads: list[Transfer]) -> _Chunk:
        """Load rows from `row` on, up to the next row that some chunk already has."""
        held = [c.start[1] for c in self.chunks if c.storage == piece.storage and c.covers_columns(piece)]
        high = min([end, *(first for first in held if first > row)])
        start = _moved(piece.start, row - piece.start[1])
        shape = _tall(piece.shape, high - row)
        store = self.store
        width = store.tensors[piece.storage].element_bytes
        size = prod(shape) * width
        chunk = _Chunk(piece.storage, start, shape, store.reserve(SCRATCHPAD, size, piece.storage))
        self.chunks.append(chunk)
        source = store.at_home(piece.storage, start, shape, self.access.slot)
        target = replace(source, range=chunk.range, offset=0, strides=compact_strides(shape, width))
        loads.append(Transfer(Opcode.LOAD, source, target, size, earliest=self.ready[piece.storage]))
        return chunk

    def _in_chunk(self, piece: Piece, chunk: _Chunk) -> OperandDraft:
        width = self.store.tensors[piece.storage].element_bytes
        strides = compact_strides(chunk.shape, width)
        inside = zip(piece.start, chunk.start, strides, strict=True)
        offset = sum((s - c) * stride for s, c, stride in inside)
        return OperandDraft(
            piece.storage,
            piece.start,
            piece.shape,
            chunk.range,
            offset,
            strides,
            width,
            slot=self.access.slot,
            at=piece.at,
        )


def _rows(piece: Piece, batch: int, first: int, count: int) -> Piece:
    """Rows [first, first + count) of one batch of a piece."""
    at = (piece.at[0] + batch, piece.at[1] + first, piece.at[2], piece.at[3])
    start = (piece.start[0] + batch, piece.start[1] + first, piece.start[2], piece.start[3])
    return Piece(at, (1, count, piece.shape[2], piece.shape[3]), piece.storage, start)


def _moved(position: Four, rows: int) -> Four:
    return (position[0], position[1] + rows, position[2], position[3])


def _tall(shape: Four, rows: int) -> Four:
    return (shape[0], rows, shape[2], shape[3])
