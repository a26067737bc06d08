"""The records of a Program: memories, units, tensors, ranges, operands, instructions.

A Program is a value. Whoever makes it (the compiler) and whoever reads it (machine, functional executor, results,
listing) share nothing but these records. Sizes are bytes, addresses are byte addresses, durations are cycles.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import prod

from accelsim.program.box import Box, normalise
from accelsim.program.kernels import Kernel

Axes = tuple[int, ...]
Elements = tuple[range, ...]


class MemoryKind(StrEnum):
    """Where a memory sits in the hierarchy."""

    DRAM = "dram"
    SCRATCHPAD = "scratchpad"
    ACCUMULATOR = "accumulator"
    WEIGHT_BUFFER = "weight_buffer"


class UnitKind(StrEnum):
    """What a unit does; one SimPy process runs each unit."""

    DMA = "dma"
    ARRAY = "array"
    VECTOR = "vector"


class Opcode(StrEnum):
    """The four instructions: two transfers, two kinds of compute."""

    LOAD = "LOAD"
    STORE = "STORE"
    ARRAY = "ARRAY"
    VECTOR = "VECTOR"


class TensorKind(StrEnum):
    """The part a tensor plays; it decides how its DRAM traffic is named."""

    INPUT = "input"
    WEIGHT = "weight"
    ACTIVATION = "activation"
    OUTPUT = "output"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class Memory:
    """A memory: `capacity_bytes` addressable bytes from 0."""

    name: str
    kind: MemoryKind
    capacity_bytes: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that runs instructions in order; `outstanding` of them may be in flight at once (DMA channels)."""

    name: str
    kind: UnitKind
    outstanding: int = 1


@dataclass(frozen=True, slots=True)
class Tensor:
    """A stored array.

    Attributes:
        name: the ONNX value's name (accumulators: the layer's name with ``.acc``).
        kind: see TensorKind; a network output that is read again later is still ``output``.
        shape: physical shape, row-major; (batch, row, column, channel) or (filter, row, column, channel).
        element_bytes: bytes per element on this hardware.
        onnx_shape: shape in the model.
        onnx_axes: `physical.transpose(onnx_axes).reshape(onnx_shape)` is the model's array.
    """

    name: str
    kind: TensorKind
    shape: tuple[int, ...]
    element_bytes: int
    onnx_shape: tuple[int, ...] = ()
    onnx_axes: Axes = (0, 3, 1, 2)

    @property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """Size in bytes on this hardware."""
        return self.elements * self.element_bytes


@dataclass(frozen=True, slots=True)
class Range:
    """Reserved addresses [address, address + size_bytes) of a memory, holding (part of) one tensor for a while.

    Scratchpad ranges are reused over time; DRAM ranges are pairwise disjoint.
    It is reserved from instruction `first` to `last`; all that touch it lie between them.
    """

    memory: int
    address: int
    size_bytes: int
    tensor: int
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Operand:
    """A rectangular region of a tensor, and where its elements lie.

    Attributes:
        tensor: index into Program.tensors.
        start: first element of the region, per axis of the tensor's physical shape.
        shape: elements of the region per axis.
        memory: index into Program.memories.
        range: index into Program.ranges.
        address: byte address of the region's first element.
        strides: bytes between neighbours, per axis.
        version: 0 for tensors written once; n for accumulators after n reduction tiles.
        slot: the kernel's name for it (``input``, ``weights``, ``residual0``, …); several operands of one slot are
            fragments of one logical operand.
        at: where the region begins in the coordinates of that logical operand; empty where they are the tensor's own.
            A concatenation, for one, is read as fragments of several tensors and is never stored as a whole.
        steps: elements of the tensor from one of the region to the next, per axis; empty where all are neighbours.
    """

    tensor: int
    start: tuple[int, ...]
    shape: tuple[int, ...]
    memory: int
    range: int
    address: int
    strides: tuple[int, ...]
    element_bytes: int
    version: int = 0
    slot: str = "input"
    at: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()

    @property
    def elements_of_tensor(self) -> Elements:
        """The region's elements, per axis of the tensor's physical shape."""
        steps = self.steps or (1,) * len(self.start)
        return _elements(self.start, self.shape, steps)

    @property
    def position(self) -> tuple[int, ...]:
        """First element of the region in the coordinates of the logical operand (`slot`) it is a fragment of."""
        return self.at or self.start

    @property
    def elements(self) -> int:
        """Number of elements in the region."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """Bytes of the region."""
        return prod(self.shape) * self.element_bytes

    @property
    def box(self) -> Box:
        """The bytes it occupies."""
        return normalise(self.address, self.shape, self.strides, self.element_bytes)

    def burst_aligned_bytes(self, burst_bytes: int) -> int:
        """Bytes moved to transfer it when every run of bytes is rounded out to multiples of `burst_bytes`."""
        return _burst_aligned_bytes(
            self.address % burst_bytes, self.shape, self.strides, self.element_bytes, burst_bytes
        )


def _elements(start: Axes, shape: Axes, steps: Axes) -> Elements:
    # Not in the class: there `range` is an attribute.
    return tuple(range(a, a + n * s, s) for a, n, s in zip(start, shape, steps, strict=True))


@lru_cache(maxsize=1 << 14)
def _burst_aligned_bytes(
    phase: int, shape: tuple[int, ...], strides: tuple[int, ...], element_bytes: int, burst_bytes: int
) -> int:
    return normalise(phase, shape, strides, element_bytes).burst_aligned_bytes(burst_bytes)


@dataclass(frozen=True, slots=True)
class ArrayWork:
    """What an ARRAY instruction's duration and energy depend on.

    `compute_cycles` stream operands, `fill_drain_cycles` do not, in `port_stall_cycles` the array waits for the ports
    of on-chip memories; their sum is the duration without `issue_cycles`.
    Access counts are elements, between the array and the scratchpad or accumulators.
    It takes what it reads in `blocks` equal parts, one after another: where a LOAD brings it, it may begin when the
    first has arrived, so late that all have when the last one's turn comes. With one block it waits for everything.
    """

    macs: int
    compute_cycles: int
    fill_drain_cycles: int
    folds: int
    input_reads: int
    weight_reads: int
    partial_reads: int
    partial_writes: int
    port_stall_cycles: int = 0
    blocks: int = 1

    @property
    def cycles(self) -> int:
        """Duration, in cycles."""
        return self.compute_cycles + self.fill_drain_cycles + self.port_stall_cycles

    @property
    def last_block_cycles(self) -> int:
        """Cycles in which it works on the last block of what it reads."""
        return -(-self.cycles // self.blocks)


@dataclass(frozen=True, slots=True)
class VectorWork:
    """What a VECTOR instruction's duration and energy depend on: lane operations and its duration in cycles."""

    operations: int
    cycles: int
    reads: int
    writes: int


@dataclass(frozen=True, slots=True)
class Tile:
    """The part of a layer's loop nest an instruction runs.

    Attributes:
        start, shape: region of the layer's output, physical axes (batch, row, column, channel).
        reduction: [first, last) input channels per group that this tile adds up.
        final: whether the reduction ends here, so that `post` is applied and the output written.
    """

    start: tuple[int, ...]
    shape: tuple[int, ...]
    reduction: tuple[int, int] = (0, 0)
    final: bool = True


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction. LOAD and STORE have exactly one read and one write of the same tensor region."""

    opcode: Opcode
    unit: int
    layer: int
    reads: tuple[Operand, ...]
    writes: tuple[Operand, ...]
    kernel: int = -1
    tile: Tile | None = None
    work: ArrayWork | VectorWork | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """What the reports say of a layer: names, work, and the mapping chosen for it.

    Attributes:
        name, operator, fused: the ONNX nodes it stands for.
        macs: multiply-accumulates of the layer, counted once however it is tiled.
        mapping: the loop nest in words, one line a loop.
    """

    name: str
    operator: str
    fused: tuple[str, ...] = ()
    macs: int = 0
    mapping: str = ""


@dataclass(frozen=True, slots=True)
class OutputPiece:
    """Where a region of a network output lies at the end: `operand` goes to `start` of the physical output."""

    start: tuple[int, ...]
    operand: Operand


@dataclass(frozen=True, slots=True)
class NetworkOutput:
    """A network output put together from stored pieces, then `transpose(onnx_axes).reshape(onnx_shape)`."""

    name: str
    shape: tuple[int, ...]
    onnx_shape: tuple[int, ...]
    onnx_axes: Axes
    pieces: tuple[OutputPiece, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """Instructions with static addresses, and the tables they refer to.

    `images` are the DRAM contents before the first instruction (weights, network inputs). The order of
    `instructions` is the order in which each unit issues its own; hazards between units follow from addresses.
    """

    name: str
    memories: tuple[Memory, ...]
    units: tuple[Unit, ...]
    tensors: tuple[Tensor, ...]
    ranges: tuple[Range, ...]
    kernels: tuple[Kernel, ...]
    layers: tuple[Layer, ...]
    images: tuple[Operand, ...]
    outputs: tuple[NetworkOutput, ...]
    instructions: tuple[Instruction, ...]
