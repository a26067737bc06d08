"""From scheduled drafts to the Program: positions, units, operands with addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from accelsim.compiler.describe import describe
from accelsim.compiler.drafts import OperandDraft, RangeDraft, Step, Transfer
from accelsim.compiler.emit import in_block
from accelsim.compiler.residency import Plan
from accelsim.compiler.schedule import Order
from accelsim.compiler.store import Store
from accelsim.hardware import Hardware
from accelsim.program import (
    ArrayWork,
    Instruction,
    Layer,
    NetworkOutput,
    Opcode,
    Operand,
    OutputPiece,
    Program,
    Range,
    Unit,
    UnitKind,
)
from accelsim.workload import Piece, Workload


class Units:
    """The units of an accelerator and which instruction goes where.

    With two or more DMA channels the last one stores and the others load (weights and activations apart where there
    are three), so that a LOAD never waits behind a STORE whose tile is still being computed.
    """

    def __init__(self, hardware: Hardware) -> None:
        self.channels = hardware.dma.channels
        self.units = (
            *(Unit(f"dma{i}", UnitKind.DMA, hardware.dma.outstanding) for i in range(self.channels)),
            Unit("array", UnitKind.ARRAY),
            Unit("vector", UnitKind.VECTOR),
        )
        self.array, self.vector = self.channels, self.channels + 1

    def of(self, transfer: Transfer) -> int:
        """The channel of a transfer."""
        if self.channels == 1:
            return 0
        if transfer.opcode is Opcode.STORE:
            return self.channels - 1
        return 1 if self.channels > 2 and transfer.weights else 0


def mark_lifetimes(order: Order, steps: Sequence[Step], ranges: Iterable[RangeDraft], store: Store) -> None:
    """Set first and last position of every range that the Program touches."""
    for draft in ranges:
        draft.first = draft.last = -1
    for position, (index, transfer) in enumerate(order):
        touched = (transfer.source, transfer.target) if transfer else (*steps[index].reads, *steps[index].writes)
        for operand in touched:
            draft = operand.range
            if draft.first < 0:
                draft.first = position
            draft.last = position
    for draft in ranges:
        if draft in store.images:
            draft.first, draft.last = 0, len(order) - 1
    for place in store.output_blocks():
        place.last = len(order) - 1


def finish(
    workload: Workload,
    hardware: Hardware,
    plan: Plan,
    store: Store,
    steps: Sequence[Step],
    ranges: Sequence[RangeDraft],
    order: Order,
) -> Program:
    """The Program of scheduled steps whose ranges have addresses."""
    units = Units(hardware)
    partial = {r.tensor: None for r in ranges if r.tensor >= len(store.tensors)}
    maker = _Operands(store, ranges, partial)
    outputs = tuple(_output(workload, store, maker, i) for i in range(len(workload.outputs)))
    instructions = tuple(_instruction(index, transfer, steps, units, maker) for index, transfer in order)
    sums = (store.partial(workload.layers[tensor - len(store.tensors)]) for tensor in partial)
    return Program(
        name=workload.name,
        memories=store.memories,
        units=units.units,
        tensors=(*store.tensors, *sums),
        ranges=tuple(Range(r.memory, r.address, r.size_bytes, maker.tensor(r.tensor), r.first, r.last) for r in ranges),
        kernels=tuple(layer.kernel for layer in workload.layers),
        layers=tuple(
            Layer(
                layer.name, layer.operator, layer.fused, layer.macs, describe(layer, choice, plan, workload, hardware)
            )
            for layer, choice in zip(workload.layers, plan.choices, strict=True)
        ),
        images=tuple(maker.make(draft) for place in ranges for draft in store.images.get(place, ())),
        outputs=outputs,
        instructions=instructions,
    )


class _Operands:
    """Makes operands from drafts; a draft that is used again gives the same record."""

    def __init__(self, store: Store, ranges: Sequence[RangeDraft], partial: Iterable[int]) -> None:
        self._stored = len(store.tensors)
        self._indices = {place: index for index, place in enumerate(ranges)}
        self._partial = {tensor: self._stored + index for index, tensor in enumerate(partial)}
        self._made: dict[OperandDraft, Operand] = {}

    def tensor(self, drafted: int) -> int:
        """The index in the Program of a tensor as it was drafted."""
        return drafted if drafted < self._stored else self._partial[drafted]

    def make(self, draft: OperandDraft) -> Operand:
        """The operand of a draft."""
        found = self._made.get(draft)
        if found is None:
            place = draft.range
            found = self._made[draft] = Operand(
                self.tensor(draft.tensor),
                draft.start,
                draft.shape,
                place.memory,
                self._indices[place],
                place.address + draft.offset,
                draft.strides,
                draft.element_bytes,
                draft.version,
                draft.slot,
                draft.at,
                draft.steps,
            )
        return found


def _instruction(
    index: int, transfer: Transfer | None, steps: Sequence[Step], units: Units, maker: _Operands
) -> Instruction:
    step = steps[index]
    if transfer is not None:
        reads, writes = (maker.make(transfer.source),), (maker.make(transfer.target),)
        return Instruction(transfer.opcode, units.of(transfer), step.layer, reads, writes)
    on_array = isinstance(step.work, ArrayWork)
    return Instruction(
        Opcode.ARRAY if on_array else Opcode.VECTOR,
        units.array if on_array else units.vector,
        step.layer,
        tuple(map(maker.make, step.reads)),
        tuple(map(maker.make, step.writes)),
        step.layer,
        step.tile,
        step.work,
    )


def _output(workload: Workload, store: Store, maker: _Operands, index: int) -> NetworkOutput:
    named = workload.outputs[index]
    pieces = []
    for piece in named.view.pieces:
        for at, draft in _parts(store, piece):
            pieces.append(OutputPiece(at, maker.make(draft)))
    return NetworkOutput(named.name, named.view.shape, named.onnx_shape, named.onnx_axes, tuple(pieces))


def _parts(store: Store, piece: Piece) -> Iterator[tuple[tuple[int, ...], OperandDraft]]:
    """Where the parts of an output piece begin in the output, and where they lie: in DRAM, or in resident blocks."""
    if not store.is_resident(piece.storage):
        yield piece.at, store.at_home(piece.storage, piece.start, piece.shape, "output")
        return
    (batch, row, x, c), (batches, rows, columns, channels) = piece.start, piece.shape
    for part in store.parts(piece.storage, batch, row, batches, rows):
        assert part.block is not None  # all rows are resident
        start, shape = (part.batch, part.row, x, c), (part.batches, part.rows, columns, channels)
        at = (piece.at[0] + part.batch - batch, piece.at[1] + part.row - row, *piece.at[2:])
        yield at, in_block(store, piece.storage, part.block.range, part.block.first, start, shape, "output")
