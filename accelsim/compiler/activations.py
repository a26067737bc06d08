"""The activation operand of a layer: resident fragments where they lie, and chunks loaded from DRAM while needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from accelsim.compiler.drafts import OperandDraft, RangeDraft, Transfer, compact_strides
from accelsim.compiler.store import SCRATCHPAD, Store
from accelsim.program import Opcode
from accelsim.workload import Access, Piece, cropper

Four = tuple[int, int, int, int]


@dataclass(slots=True, eq=False)
class _Chunk:
    """Rows [first, end) of a storage that a LOAD has brought into `range`, compactly; `start` and `shape` are whole.

    Of the columns it has every `step`-th.
    """

    storage: int
    start: Four
    shape: Four
    range: RangeDraft
    first: int
    end: int
    step: int

    def covers_columns(self, piece: Piece) -> bool:
        """Whether the chunk holds the piece's batches, columns and channels (rows aside)."""
        (b, _, x, c), (bs, _, xs, cs) = self.start, self.shape
        (pb, _, px, pc), (pbs, _, pxs, pcs) = piece.start, piece.shape
        inside = pc >= c and pc + pcs <= c + cs and pb >= b and pb + pbs <= b + bs
        left, misfit = divmod(px - x, self.step)
        return inside and piece.column_step == self.step and not misfit and left >= 0 and left + pxs <= xs


@dataclass(slots=True, eq=False)
class _Region:
    """What a region of the view is made of: fragments that are resident, and pieces that lie in DRAM."""

    resident: list[OperandDraft]
    outside: list[Piece]


class Activations:
    """What a layer knows of one activation operand.

    Chunks are kept until the layer ends if the operand is held, otherwise as long as successive tiles read them: tiles
    that step down the rows find their halo rows in the chunk before. A region that is read again with the same chunks
    in place is made of the same fragments.
    """

    def __init__(self, store: Store, access: Access, hold: bool) -> None:
        self.store, self.access, self.hold = store, access, hold
        self._crop = cropper(access.view)
        self._chunks: dict[int, list[_Chunk]] = {}
        self._regions: dict[tuple[Four, Four], _Region] = {}
        self._served: dict[tuple[Four, Four], list[OperandDraft]] = {}

    def operands(self, start: Four, shape: Four, loads: list[Transfer]) -> list[OperandDraft]:
        """Fragments that make up the region of the view; what is missing is added to `loads`."""
        key = (start, shape)
        served = self._served.get(key)
        if served is not None:
            return served
        region = self._regions.get(key)
        if region is None:
            region = self._regions[key] = self._found(start, shape)
        fragments = [*region.resident]
        used: list[_Chunk] = []
        for piece in region.outside:
            used += self._from_chunks(piece, fragments, loads)
        if not self.hold:
            self._served.clear()
            self._chunks = {}
            for chunk in dict.fromkeys(used):
                self._chunks.setdefault(chunk.storage, []).append(chunk)
        self._served[key] = fragments
        return fragments

    def _found(self, start: Four, shape: Four) -> _Region:
        region = _Region([], [])
        for piece in self._crop(start, shape):
            self._split(piece, region)
        return region

    def _split(self, piece: Piece, region: _Region) -> None:
        """Tell a piece's resident rows from those that lie in DRAM."""
        (batch, row, _, _), (batches, rows, _, _) = piece.start, piece.shape
        for part in self.store.parts(piece.storage, batch, row, batches, rows):
            inside = piece
            if (part.batches, part.rows) != (batches, rows):
                inside = _rows(piece, part.batch - batch, part.row - row, part.rows, part.batches)
            if part.block is None:
                region.outside.append(inside)
            else:
                region.resident.append(self._in_block(inside, part.block.range, part.block.first))

    def _in_block(self, piece: Piece, place: RangeDraft, first_row: int) -> OperandDraft:
        tensor = self.store.tensors[piece.storage]
        strides = compact_strides(tensor.shape, tensor.element_bytes)
        b, y, x, c = piece.start
        offset = (b * tensor.shape[1] + y - first_row) * strides[1] + x * strides[2] + c * strides[3]
        return self._fragment(piece, place, offset, _stepped(strides, piece.column_step), tensor.element_bytes)

    def _fragment(
        self, piece: Piece, place: RangeDraft, offset: int, strides: tuple[int, ...], width: int
    ) -> OperandDraft:
        return OperandDraft(
            *(piece.storage, piece.start, piece.shape, place, offset, strides, width),
            slot=self.access.slot,
            at=piece.at,
            steps=_steps(piece.column_step),
        )

    def _from_chunks(self, piece: Piece, fragments: list[OperandDraft], loads: list[Transfer]) -> list[_Chunk]:
        """Serve a piece from loaded chunks, loading the rows that no chunk has; return the chunks used."""
        used: list[_Chunk] = []
        begin = row = piece.start[1]
        end = row + piece.shape[1]
        near = self._chunks.setdefault(piece.storage, [])
        while row < end:
            chunk = _holding(near, piece, row) or self._load(near, piece, row, end, loads)
            high = min(end, chunk.end)
            part = piece if row == begin and high == end else _rows(piece, 0, row - begin, high - row, piece.shape[0])
            fragments.append(self._in_chunk(part, chunk))
            used.append(chunk)
            row = high
        return used

    def _load(self, near: list[_Chunk], piece: Piece, row: int, end: int, loads: list[Transfer]) -> _Chunk:
        """Load rows from `row` on, up to the next row that some chunk already has."""
        high = min([end, *(c.first for c in near if row < c.first < end and c.covers_columns(piece))])
        (b, _, x, c), (batches, _, columns, channels) = piece.start, piece.shape
        start, shape = (b, row, x, c), (batches, high - row, columns, channels)
        store = self.store
        width = store.tensors[piece.storage].element_bytes
        size, step = prod(shape) * width, piece.column_step
        chunk = _Chunk(piece.storage, start, shape, store.reserve(SCRATCHPAD, size, piece.storage), row, high, step)
        near.append(chunk)
        source = store.at_home(piece.storage, start, shape, self.access.slot)
        if step > 1:
            source = replace(source, strides=_stepped(source.strides, step), steps=_steps(step))
        target = source.moved(chunk.range, 0, compact_strides(shape, width))
        loads.append(Transfer(Opcode.LOAD, source, target, size))
        return chunk

    def _in_chunk(self, piece: Piece, chunk: _Chunk) -> OperandDraft:
        width = self.store.tensors[piece.storage].element_bytes
        strides = compact_strides(chunk.shape, width)
        (b, y, x, c), (cb, cy, cx, cc) = piece.start, chunk.start
        column = (x - cx) // chunk.step
        offset = (b - cb) * strides[0] + (y - cy) * strides[1] + column * strides[2] + (c - cc) * strides[3]
        return self._fragment(piece, chunk.range, offset, strides, width)


def _holding(near: list[_Chunk], piece: Piece, row: int) -> _Chunk | None:
    for chunk in near:
        if chunk.first <= row < chunk.end and chunk.covers_columns(piece):
            return chunk
    return None


def _rows(piece: Piece, batch: int, first: int, count: int, batches: int = 1) -> Piece:
    """Rows [first, first + count) of some batches of a piece."""
    (ab, ay, ax, ac), (sb, sy, sx, sc) = piece.at, piece.start
    shape = (batches, count, piece.shape[2], piece.shape[3])
    start = (sb + batch, sy + first, sx, sc)
    return Piece((ab + batch, ay + first, ax, ac), shape, piece.storage, start, piece.column_step)


def _steps(column_step: int) -> tuple[int, ...]:
    """The steps of an operand that has every `column_step`-th column."""
    return (1, 1, column_step, 1) if column_step > 1 else ()


def _stepped(strides: tuple[int, ...], column_step: int) -> tuple[int, ...]:
    """The strides between every `column_step`-th column."""
    b, y, x, c = strides
    return (b, y, x * column_step, c)
