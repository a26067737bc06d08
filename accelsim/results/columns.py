"""A Program as columns: read once, instruction by instruction, so that every metric can work on whole arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from operator import attrgetter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from accelsim.program import ArrayWork, MemoryKind, Opcode, Operand, Program, TensorKind, VectorWork

__all__ = ["OPCODES", "TENSOR_KINDS", "Accesses", "Bools", "Columns", "Floats", "Ints", "Slot", "Work", "table_of"]

T = TypeVar("T")
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

OPCODES = tuple(Opcode)
TENSOR_KINDS = tuple(TensorKind)


class Slot:
    """Codes of operand slots that the array streams; every other slot is OTHER."""

    OTHER, INPUT, WEIGHTS = 0, 1, 2


_SLOTS = {"input": Slot.INPUT, "weights": Slot.WEIGHTS}


@dataclass(frozen=True, slots=True, eq=False)
class Accesses:
    """One row per operand access.

    Attributes:
        instruction: position of the instruction.
        write: whether it writes.
        operand: index into the distinct operands.
        memory, range, tensor: indices into the Program's tables.
        element_bytes: bytes per element.
        slot: code of its slot.
        start, stop: the region in tensor coordinates, one column per axis; missing axes are [0, 1).
    """

    instruction: Ints
    write: Bools
    operand: Ints
    memory: Ints
    range: Ints
    tensor: Ints
    element_bytes: Ints
    slot: Ints
    start: Ints
    stop: Ints

    def __len__(self) -> int:
        return len(self.instruction)

    @property
    def elements(self) -> Ints:
        """Elements of each region."""
        count: Ints = np.prod(self.stop - self.start, axis=1)
        return count

    @property
    def bytes(self) -> Ints:
        """Bytes of each region."""
        return self.elements * self.element_bytes

    def take(self, which: Bools | Ints) -> Accesses:
        """The rows that a mask or an index selects."""
        return Accesses(*(getattr(self, item.name)[which] for item in fields(self)))

    @classmethod
    def joined(cls, *parts: Accesses) -> Accesses:
        """All rows of the parts, which have the same number of axes."""
        return cls(*(np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(cls)))


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """The work of each instruction; zero where it has none of that kind. See ArrayWork and VectorWork."""

    macs: Ints
    compute_cycles: Ints
    fill_drain_cycles: Ints
    port_stall_cycles: Ints
    input_reads: Ints
    weight_reads: Ints
    partial_reads: Ints
    partial_writes: Ints
    operations: Ints
    reads: Ints
    writes: Ints

    @classmethod
    def of(cls, works: Sequence[ArrayWork | VectorWork | None]) -> Work:
        """The columns of the instructions' work."""
        distinct, numbers = _distinct(works)
        names = [item.name for item in fields(cls)]
        rows = chain.from_iterable([getattr(work, name, 0) for name in names] for work in distinct)
        table = np.fromiter(rows, np.int64).reshape(-1, len(names))
        return cls(*table[numbers].T)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """A Program, one entry per instruction or per access.

    Attributes:
        program: the Program.
        opcode: index into OPCODES.
        unit, layer, kernel: indices into the Program's tables; kernel is -1 for none.
        work: what the duration and energy depend on.
        accesses: all operand accesses, in Program order, an instruction's reads before its writes.
        operands: the distinct operands.
        on_chip: whether each memory is on chip.
        tensor_kind: index into TENSOR_KINDS of each tensor.
    """

    program: Program
    opcode: Ints
    unit: Ints
    layer: Ints
    kernel: Ints
    work: Work
    accesses: Accesses
    operands: Sequence[Operand]
    on_chip: Bools
    tensor_kind: Ints

    def __len__(self) -> int:
        return len(self.opcode)

    @classmethod
    def of(cls, program: Program) -> Columns:
        """Read a Program."""
        instructions = program.instructions
        count = len(instructions)
        reads = np.fromiter((len(i.reads) for i in instructions), np.int64, count)
        both = reads + np.fromiter((len(i.writes) for i in instructions), np.int64, count)
        position = np.repeat(np.arange(count), both)
        place = np.arange(len(position)) - np.repeat(np.cumsum(both) - both, both)
        used = list(chain.from_iterable(chain(i.reads, i.writes) for i in instructions))
        accesses, operands = table_of(position, place >= reads[position], used, _axes(program))
        codes = {opcode: code for code, opcode in enumerate(OPCODES)}
        kinds = {kind: code for code, kind in enumerate(TENSOR_KINDS)}
        return cls(
            program=program,
            opcode=np.fromiter((codes[i.opcode] for i in instructions), np.int64, count),
            unit=_attribute(instructions, "unit"),
            layer=_attribute(instructions, "layer"),
            kernel=_attribute(instructions, "kernel"),
            work=Work.of([i.work for i in instructions]),
            accesses=accesses,
            operands=operands,
            on_chip=np.array([memory.kind is not MemoryKind.DRAM for memory in program.memories], np.bool_),
            tensor_kind=np.array([kinds[tensor.kind] for tensor in program.tensors], np.int64),
        )

    def runs(self, *opcodes: Opcode) -> Bools:
        """Which instructions have one of the opcodes."""
        mask: Bools = np.isin(self.opcode, [OPCODES.index(opcode) for opcode in opcodes])
        return mask


def table_of(position: Ints, write: Bools, used: Sequence[Operand], axes: int = 1) -> tuple[Accesses, list[Operand]]:
    """The rows of accesses with at least `axes` axes, and the distinct operands that they use (many are shared).

    A region with steps is entered as so many neighbours from its start on: its bytes are right, and they are told from
    those of other regions with the same steps; beside regions without, it is not known which columns it shares.
    """
    operands, number = _distinct(used)
    start, shape = _padded([o.start for o in operands], 0, axes), _padded([o.shape for o in operands], 1, axes)
    slots = np.fromiter((_SLOTS.get(o.slot, Slot.OTHER) for o in operands), np.int64, len(operands))
    table = Accesses(
        instruction=position,
        write=write,
        operand=number,
        memory=_attribute(operands, "memory")[number],
        range=_attribute(operands, "range")[number],
        tensor=_attribute(operands, "tensor")[number],
        element_bytes=_attribute(operands, "element_bytes")[number],
        slot=slots[number],
        start=start[number],
        stop=(start + shape)[number],
    )
    return table, operands


def _axes(program: Program) -> int:
    return max((len(tensor.shape) for tensor in program.tensors), default=1)


def _attribute(records: Sequence[object], name: str) -> Ints:
    return np.fromiter(map(attrgetter(name), records), np.int64, len(records))


def _distinct(records: Sequence[T]) -> tuple[list[T], Ints]:
    """The distinct objects, and for each record the number of its own."""
    identities = np.fromiter(map(id, records), np.int64, len(records))
    _, first, number = np.unique(identities, return_index=True, return_inverse=True)
    return [records[place] for place in first.tolist()], number


def _padded(rows: Sequence[tuple[int, ...]], missing: int, axes: int) -> Ints:
    """Rows of different lengths as a table of at least `axes` columns, filled up with `missing`."""
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    table = np.full((len(rows), int(lengths.max(initial=axes))), missing, np.int64)
    for length in np.unique(lengths).tolist():
        places = np.flatnonzero(lengths == length)
        some: Iterable[tuple[int, ...]] = rows if len(places) == len(rows) else map(rows.__getitem__, places.tolist())
        table[places, :length] = np.fromiter(chain.from_iterable(some), np.int64).reshape(-1, length)
    return table
