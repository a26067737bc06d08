"""Where tensors lie: DRAM homes, resident blocks of rows, and the ranges that are reserved for them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from math import prod
from operator import attrgetter

from accelsim.compiler.drafts import OperandDraft, RangeDraft, compact_strides
from accelsim.compiler.residency import Plan
from accelsim.hardware import Hardware, WeightLayout
from accelsim.mapping import storage_bytes
from accelsim.program import Memory, MemoryKind, Tensor, TensorKind
from accelsim.workload import Layer, Storage, Workload

DRAM, SCRATCHPAD = 0, 1

_first_of, _end_of = attrgetter("first"), attrgetter("end")


@dataclass(frozen=True, slots=True)
class Block:
    """Rows [first, end) of a storage, counted over all batches, resident in `range`."""

    first: int
    end: int
    range: RangeDraft


@dataclass(frozen=True, slots=True)
class Part:
    """Rows [row, row + rows) of each of some batches of a storage, all in one block, or in DRAM where that is None."""

    block: Block | None
    batch: int
    row: int
    batches: int
    rows: int


class Store:
    """Where the tensors of one network lie, under one plan after another.

    A tensor's *home* is where it lies as a whole: in DRAM, or in the memory of weights if it is pinned.

    Life cycle: `follow` a plan, then asked for places while layers are emitted, each of which is noted as `touched`.
    Places that another plan decides in the same way stay the same, so that layers need not be emitted again.
    Invariant: a row of an intermediate is either in a block (the last rows) or has its home in DRAM.
    """

    def __init__(self, workload: Workload, hardware: Hardware, pinned: frozenset[int] = frozenset()) -> None:
        """`pinned`: parameters that are on chip before the first instruction and stay (warm state)."""
        self.workload, self.pinned = workload, pinned
        self.tensors: tuple[Tensor, ...] = tuple(_tensor(s, hardware) for s in workload.storages)
        self.touched: dict[RangeDraft, None] = {}
        self.images: dict[RangeDraft, list[OperandDraft]] = {}
        self.memories = _memories(hardware)
        self.partial_memory = self._memory(MemoryKind.ACCUMULATOR)
        self.weight_memory = self._memory(MemoryKind.WEIGHT_BUFFER)
        self._weight_rows = hardware.dram.weight_layout is WeightLayout.ROWS
        self.partial_bytes = hardware.precision.accumulators_bytes
        self._rows = [prod(tensor.shape[:2]) for tensor in self.tensors]
        self._homes: dict[int, RangeDraft] = {}
        self._row_homes: dict[int, RangeDraft] = {}
        self._blocks: dict[tuple[int, int, int], list[Block]] = {}
        self._tiles: dict[tuple[int, int, int], tuple[RangeDraft, dict[tuple[int, int], int]]] = {}

    def _memory(self, kind: MemoryKind) -> int:
        """The memory of a kind, or the scratchpad if there is none."""
        return next((number for number, memory in enumerate(self.memories) if memory.kind is kind), SCRATCHPAD)

    def follow(self, plan: Plan) -> None:
        """Place tensors as a plan says from now on."""
        self._kept, self._block_rows = tuple(plan.kept_rows), tuple(plan.block_rows)

    def placing(self, storage: int) -> tuple[int, int]:
        """What the plan decides of a storage: rows kept, and rows in a block."""
        return self._kept[storage], self._block_rows[storage]

    def reserve(self, memory: int, size_bytes: int, tensor: int) -> RangeDraft:
        """A new range; its address comes later."""
        place = RangeDraft(memory, size_bytes, tensor)
        self.touched[place] = None
        return place

    def partial_tensor(self, layer: Layer) -> int:
        """The tensor of a layer's partial sums, numbered behind the storages."""
        return len(self.tensors) + layer.index

    def partial(self, layer: Layer) -> Tensor:
        """What that tensor is."""
        return Tensor(f"{layer.name}.acc", TensorKind.PARTIAL, layer.shape, self.partial_bytes)

    def resident_from(self, storage: int) -> int:
        """First row (over all batches) that is kept in the scratchpad."""
        return self._rows[storage] - self._kept[storage]

    def is_resident(self, storage: int) -> bool:
        """Whether all of it is kept in the scratchpad."""
        return self.resident_from(storage) == 0

    def output_blocks(self) -> list[RangeDraft]:
        """The ranges of network outputs that are kept in the scratchpad to the end."""
        stored = {piece.storage for output in self.workload.outputs for piece in output.view.pieces}
        return [
            block.range for storage in sorted(stored) if self.is_resident(storage) for block in self.blocks(storage)
        ]

    def blocks(self, storage: int) -> list[Block]:
        """The resident blocks of a storage, in order of rows; one that goes beyond a batch holds whole batches."""
        key = (storage, self._kept[storage], self._block_rows[storage])
        found = self._blocks.get(key)
        if found is None:
            found = self._blocks[key] = self._make_blocks(storage)
        else:
            self.touched.update(dict.fromkeys(block.range for block in found))
        return found

    def blocks_in(self, storage: int, first: int, end: int) -> list[Block]:
        """The resident blocks that hold some of the rows [first, end), counted over all batches."""
        blocks = self.blocks(storage)
        if len(blocks) == 1:
            return blocks if blocks[0].first < end and first < blocks[0].end else []
        low = bisect_right(blocks, first, key=_end_of)
        return blocks[low : bisect_left(blocks, end, low, key=_first_of)]

    def parts(self, storage: int, batch: int, row: int, batches: int, rows: int) -> list[Part]:
        """Where some rows of some batches lie, in order; as few parts as that takes."""
        border, height = self.resident_from(storage), self.tensors[storage].shape[1]
        if border >= self._rows[storage]:
            return [Part(None, batch, row, batches, rows)]
        found: list[Part] = []
        last = batch + batches
        while batch < last:
            low, high = batch * height + row, batch * height + row + rows
            count = 1
            if high <= border:
                count = min(last - batch, (border - high) // height + 1)
                found.append(Part(None, batch, row, count, rows))
            elif low < border:
                found.append(Part(None, batch, row, 1, border - low))
            for block in self.blocks_in(storage, low, high):
                top, bottom = max(low, block.first), min(high, block.end)
                if (top, bottom) == (low, high):
                    count = min(last - batch, (block.end - high) // height + 1)
                found.append(Part(block, batch, top - batch * height, count, bottom - top))
            batch += count
        return found

    def _make_blocks(self, storage: int) -> list[Block]:
        tensor = self.tensors[storage]
        batches, height = tensor.shape[:2]
        row_bytes = prod(tensor.shape[2:]) * tensor.element_bytes
        step, found = self._block_rows[storage], []
        first = self.resident_from(storage)
        if step >= batches * height and first == 0:
            return [Block(0, batches * height, self.reserve(SCRATCHPAD, batches * height * row_bytes, storage))]
        while first < batches * height:
            if step > height and first % height == 0:
                end = min(first + step // height * height, batches * height)
            else:
                end = min(first + step, (first // height + 1) * height)
            found.append(Block(first, end, self.reserve(SCRATCHPAD, (end - first) * row_bytes, storage)))
            first = end
        return found

    def _home_memory(self, storage: int) -> int:
        return self.weight_memory if storage in self.pinned else DRAM

    def home(self, storage: int) -> RangeDraft:
        """The range of a whole tensor; inputs and constants are there from the start."""
        found = self._homes.get(storage)
        if found is None:
            tensor = self.tensors[storage]
            found = self._homes[storage] = self.reserve(self._home_memory(storage), tensor.bytes, storage)
            if tensor.kind in (TensorKind.INPUT, TensorKind.WEIGHT):
                self.images[found] = [self.at_home(storage, (0,) * len(tensor.shape), tensor.shape)]
        else:
            self.touched[found] = None
        return found

    def at_home(
        self, storage: int, start: tuple[int, ...], shape: tuple[int, ...], slot: str = "input"
    ) -> OperandDraft:
        """A region of a tensor in DRAM."""
        tensor = self.tensors[storage]
        strides = compact_strides(tensor.shape, tensor.element_bytes)
        offset = sum(s * stride for s, stride in zip(start, strides, strict=True))
        return OperandDraft(storage, start, shape, self.home(storage), offset, strides, tensor.element_bytes, slot=slot)

    def weight_tile(
        self, storage: int, first: tuple[int, int], size: tuple[int, int], tile: tuple[int, int]
    ) -> OperandDraft:
        """A tile of filters at home: filters [first[0], +size[0]), channels [first[1], +size[1]) of every tap.

        Filters are laid out tile after tile, so that each is one contiguous range: weights are constants, and the
        compiler lays them out as it will read them. Where the description says that they lie in rows, they do in DRAM.
        """
        if self._weight_rows and self._home_memory(storage) == DRAM:
            return self._in_rows(storage, first, size)
        key = (storage, *tile)
        if key not in self._tiles:
            self._tiles[key] = self._lay_out(storage, tile)
        home, offsets = self._tiles[key]
        self.touched[home] = None
        tensor = self.tensors[storage]
        taps = tensor.shape[1:3]
        shape = (size[0], *taps, size[1])
        strides = compact_strides(shape, tensor.element_bytes)
        return OperandDraft(
            storage,
            (first[0], 0, 0, first[1]),
            shape,
            home,
            offsets[first],
            strides,
            tensor.element_bytes,
            slot="weights",
        )

    def _in_rows(self, storage: int, first: tuple[int, int], size: tuple[int, int]) -> OperandDraft:
        """The same where each tap and channel has a row of all filters."""
        tensor = self.tensors[storage]
        filters, rows, columns, channels = tensor.shape
        width = tensor.element_bytes
        row = filters * width
        strides = (width, columns * channels * row, channels * row, row)
        home = self._row_homes.get(storage)
        if home is None:
            home = self._row_homes[storage] = self.reserve(DRAM, tensor.bytes, storage)
            self.images[home] = [OperandDraft(storage, (0,) * 4, tensor.shape, home, 0, strides, width)]
        self.touched[home] = None
        start, shape = (first[0], 0, 0, first[1]), (size[0], rows, columns, size[1])
        offset = first[0] * width + first[1] * row
        return OperandDraft(storage, start, shape, home, offset, strides, width, slot="weights")

    def _lay_out(self, storage: int, tile: tuple[int, int]) -> tuple[RangeDraft, dict[tuple[int, int], int]]:
        tensor = self.tensors[storage]
        filters, rows, columns, channels = tensor.shape
        home = self.reserve(self._home_memory(storage), tensor.bytes, storage)
        offsets: dict[tuple[int, int], int] = {}
        images = self.images[home] = []
        offset = 0
        for k in range(0, filters, tile[0]):
            for c in range(0, channels, tile[1]):
                shape = (min(tile[0], filters - k), rows, columns, min(tile[1], channels - c))
                strides = compact_strides(shape, tensor.element_bytes)
                images.append(OperandDraft(storage, (k, 0, 0, c), shape, home, offset, strides, tensor.element_bytes))
                offsets[k, c] = offset
                offset += prod(shape) * tensor.element_bytes
        return home, offsets

    def vector(self, storage: int, first: int, size: int, slot: str) -> OperandDraft:
        """Entries [first, first + size) of a per-filter parameter in DRAM."""
        return self.at_home(storage, (first,), (size,), slot)


def _tensor(storage: Storage, hardware: Hardware) -> Tensor:
    return Tensor(
        storage.name,
        storage.kind,
        storage.shape,
        storage_bytes(storage, hardware),
        storage.onnx_shape,
        storage.onnx_axes,
    )


def _memories(hardware: Hardware) -> tuple[Memory, ...]:
    found = [
        Memory("dram", MemoryKind.DRAM, 1 << 62),
        Memory("scratchpad", MemoryKind.SCRATCHPAD, hardware.scratchpad.capacity_bytes),
    ]
    if hardware.accumulator:
        found.append(Memory("accumulator", MemoryKind.ACCUMULATOR, hardware.accumulator.capacity_bytes))
    if hardware.weight_buffer:
        found.append(Memory("weight_buffer", MemoryKind.WEIGHT_BUFFER, hardware.weight_buffer.capacity_bytes))
    return tuple(found)
