"""A small assembler for hand-made Programs: names in, records out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate

from accelsim.program import (
    ArrayWork,
    Instruction,
    Kernel,
    Layer,
    Memory,
    MemoryKind,
    NetworkOutput,
    Opcode,
    Operand,
    OutputPiece,
    Program,
    Range,
    Tensor,
    TensorKind,
    Tile,
    Unit,
    UnitKind,
    VectorWork,
)

DRAM, PAD, ACC = 0, 1, 2


def dense_strides(shape: Sequence[int], element_bytes: int) -> tuple[int, ...]:
    """Row-major strides in bytes."""
    sizes = accumulate(reversed(shape[1:]), lambda a, b: a * b, initial=element_bytes)
    return tuple(reversed(list(sizes)))


class Sketch:
    """Collects the records of a Program; `program()` closes it.

    Memory 0 is the DRAM, 1 the scratchpad, 2 the accumulators. DRAM ranges are placed one after another.
    """

    def __init__(self, units: str = "dma0:2 dma1:2 array vector", pad_bytes: int = 4096) -> None:
        self.units = [_unit(word) for word in units.split()]
        self.memories = (
            Memory("dram", MemoryKind.DRAM, 1 << 40),
            Memory("scratchpad", MemoryKind.SCRATCHPAD, pad_bytes),
            Memory("accumulators", MemoryKind.ACCUMULATOR, pad_bytes),
        )
        self.tensors: list[Tensor] = []
        self.ranges: list[Range] = []
        self.kernels: list[Kernel] = []
        self.layers: list[Layer] = [Layer("layer", "Conv")]
        self.images: list[Operand] = []
        self.outputs: list[NetworkOutput] = []
        self.instructions: list[Instruction] = []
        self._dram_free = 0

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        kind: TensorKind = TensorKind.ACTIVATION,
        element_bytes: int = 1,
        axes: tuple[int, ...] | None = None,
    ) -> int:
        """Declare a tensor."""
        axes = axes or ((0, 3, 1, 2) if len(shape) == 4 else tuple(range(len(shape))))
        onnx_shape = tuple(shape[a] for a in axes)
        self.tensors.append(Tensor(name, kind, tuple(shape), element_bytes, onnx_shape, axes))
        return len(self.tensors) - 1

    def range(self, memory: int, tensor: int, address: int | None = None, size: int | None = None) -> int:
        """Reserve addresses; those in DRAM follow each other."""
        size = self.tensors[tensor].bytes if size is None else size
        if address is None:
            address = self._dram_free
            self._dram_free += size
        self.ranges.append(Range(memory, address, size, tensor))
        return len(self.ranges) - 1

    def at(
        self,
        range_: int,
        start: Sequence[int] | None = None,
        shape: Sequence[int] | None = None,
        *,
        offset: int = 0,
        strides: Sequence[int] | None = None,
        tensor: int | None = None,
        slot: str = "input",
        version: int = 0,
        position: Sequence[int] = (),
    ) -> Operand:
        """An operand in a range: packed there at `offset` unless strides are given."""
        held = self.ranges[range_]
        tensor = held.tensor if tensor is None else tensor
        record = self.tensors[tensor]
        start = tuple(start) if start is not None else (0,) * len(record.shape)
        shape = tuple(shape) if shape is not None else record.shape
        strides = tuple(strides) if strides is not None else dense_strides(shape, record.element_bytes)
        address = held.address + offset
        size = record.element_bytes
        return Operand(
            tensor, start, shape, held.memory, range_, address, strides, size, version, slot, tuple(position)
        )

    def within(self, range_: int, start: Sequence[int], shape: Sequence[int], **rest: object) -> Operand:
        """A region of a range that holds its whole tensor row-major."""
        record = self.tensors[self.ranges[range_].tensor]
        strides = dense_strides(record.shape, record.element_bytes)
        offset = sum(a * b for a, b in zip(start, strides, strict=True))
        return self.at(range_, start, shape, offset=offset, strides=strides, **rest)  # type: ignore[arg-type]

    def image(self, tensor: int) -> int:
        """A whole tensor that lies in DRAM from the beginning; answers its range."""
        range_ = self.range(DRAM, tensor)
        self.images.append(self.at(range_))
        return range_

    def output(self, name: str, range_: int) -> None:
        """A network output that lies in one range at the end."""
        tensor = self.tensors[self.ranges[range_].tensor]
        piece = OutputPiece((0,) * len(tensor.shape), self.at(range_))
        self.outputs.append(NetworkOutput(name, tensor.shape, tensor.onnx_shape, tensor.onnx_axes, (piece,)))

    def load(self, unit: str, source: Operand, target: Operand) -> int:
        """Append a LOAD."""
        return self._append(Opcode.LOAD, unit, (source,), (target,))

    def store(self, unit: str, source: Operand, target: Operand) -> int:
        """Append a STORE."""
        return self._append(Opcode.STORE, unit, (source,), (target,))

    def array(
        self,
        reads: Iterable[Operand],
        writes: Iterable[Operand],
        cycles: int = 10,
        kernel: int = -1,
        tile: Tile | None = None,
        blocks: int = 1,
    ) -> int:
        """Append an ARRAY instruction."""
        work = ArrayWork(0, cycles, 0, 1, 0, 0, 0, 0, blocks=blocks)
        return self._append(Opcode.ARRAY, "array", tuple(reads), tuple(writes), kernel, tile, work)

    def vector(
        self,
        reads: Iterable[Operand],
        writes: Iterable[Operand],
        cycles: int = 10,
        kernel: int = -1,
        tile: Tile | None = None,
    ) -> int:
        """Append a VECTOR instruction."""
        work = VectorWork(0, cycles, 0, 0)
        return self._append(Opcode.VECTOR, "vector", tuple(reads), tuple(writes), kernel, tile, work)

    def kernel(self, kernel: Kernel) -> int:
        """Declare a kernel."""
        self.kernels.append(kernel)
        return len(self.kernels) - 1

    def _append(
        self,
        opcode: Opcode,
        unit: str,
        reads: tuple[Operand, ...],
        writes: tuple[Operand, ...],
        kernel: int = -1,
        tile: Tile | None = None,
        work: ArrayWork | VectorWork | None = None,
    ) -> int:
        index = next(i for i, u in enumerate(self.units) if u.name == unit)
        self.instructions.append(Instruction(opcode, index, 0, reads, writes, kernel, tile, work))
        return len(self.instructions) - 1

    def program(self) -> Program:
        """The finished Program, first and last use of every range filled in."""
        uses: dict[int, list[int]] = {}
        for position, instruction in enumerate(self.instructions):
            for operand in instruction.reads + instruction.writes:
                uses.setdefault(operand.range, []).append(position)
        ranges = [replace(r, first=uses[i][0], last=uses[i][-1]) if i in uses else r for i, r in enumerate(self.ranges)]
        return Program(
            "sketch",
            self.memories,
            tuple(self.units),
            tuple(self.tensors),
            tuple(ranges),
            tuple(self.kernels),
            tuple(self.layers),
            tuple(self.images),
            tuple(self.outputs),
            tuple(self.instructions),
        )


def _unit(word: str) -> Unit:
    name, _, outstanding = word.partition(":")
    kind = UnitKind.DMA if name.startswith("dma") else UnitKind(name)
    return Unit(name, kind, int(outstanding or 1))
