"""Is a Program sound in itself? Indices, addresses, shapes and lifetimes; not what it computes."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from accelsim.program.check_operands import operand_problems
from accelsim.program.check_ranges import range_problems
from accelsim.program.errors import ProgramError
from accelsim.program.kernels import MatrixKernel, VectorKernel
from accelsim.program.records import (
    ArrayWork,
    Instruction,
    MemoryKind,
    NetworkOutput,
    Opcode,
    Operand,
    Program,
    UnitKind,
    VectorWork,
)

_UNIT = {
    Opcode.LOAD: UnitKind.DMA,
    Opcode.STORE: UnitKind.DMA,
    Opcode.ARRAY: UnitKind.ARRAY,
    Opcode.VECTOR: UnitKind.VECTOR,
}
_COMPUTE = {Opcode.ARRAY: (MatrixKernel, ArrayWork), Opcode.VECTOR: (VectorKernel, VectorWork)}


def check(program: Program) -> None:
    """Raise if a Program contradicts itself; all problems are reported at once.

    Checked: indices lead somewhere; operands lie inside their tensor, range and memory and their elements do not
    collide; opcodes, units, kernels and work belong together; a LOAD or STORE moves one region between DRAM and chip;
    DRAM ranges are disjoint, and on-chip ranges are while they live; outputs are complete.

    Raises:
        ProgramError: with all problems.
    """
    problems = list(_all_problems(program))
    if problems:
        raise ProgramError(problems)


def _all_problems(program: Program) -> Iterator[str]:
    yield from _unit_problems(program)
    for position, instruction in enumerate(program.instructions):
        where = f"instruction {position} ({instruction.opcode})"
        for problem in _instruction_problems(program, instruction):
            yield f"{where}: {problem}"
    for image in program.images:
        for problem in operand_problems(program, image):
            yield f"image: {problem}"
    for output in program.outputs:
        for problem in _output_problems(program, output):
            yield f"output {output.name}: {problem}"
    yield from range_problems(program)


def _unit_problems(program: Program) -> Iterator[str]:
    for unit in program.units:
        if unit.outstanding < 1:
            yield f"unit {unit.name}: outstanding must be ≥ 1, got {unit.outstanding}"
        if unit.kind is not UnitKind.DMA and unit.outstanding != 1:
            yield f"unit {unit.name}: only DMA channels may have several outstanding, got {unit.outstanding}"


def _instruction_problems(program: Program, instruction: Instruction) -> Iterator[str]:
    if not 0 <= instruction.unit < len(program.units):
        yield f"unit must be one of {len(program.units)}, got {instruction.unit}"
    elif program.units[instruction.unit].kind is not _UNIT[instruction.opcode]:
        yield f"must run on a {_UNIT[instruction.opcode]} unit, got {program.units[instruction.unit].name}"
    if not 0 <= instruction.layer < len(program.layers):
        yield f"layer must be one of {len(program.layers)}, got {instruction.layer}"
    broken = False
    for part, operands in (("reads", instruction.reads), ("writes", instruction.writes)):
        for index, operand in enumerate(operands):
            for problem in operand_problems(program, operand):
                broken = True
                yield f"{part}[{index}]: {problem}"
    if not broken:
        kind = _compute_problems if instruction.opcode in _COMPUTE else _transfer_problems
        yield from kind(program, instruction)


def _transfer_problems(program: Program, instruction: Instruction) -> Iterator[str]:
    if (len(instruction.reads), len(instruction.writes)) != (1, 1):
        yield f"must have one read and one write, got {len(instruction.reads)} and {len(instruction.writes)}"
        return
    source, target = instruction.reads[0], instruction.writes[0]
    if _region(source) != _region(target):
        names = [program.tensors[o.tensor].name for o in (source, target)]
        yield (
            f"must move one region, got {names[0]}{list(source.start)} {source.shape} version {source.version} → "
            f"{names[1]}{list(target.start)} {target.shape} version {target.version}"
        )
    wanted = (True, False) if instruction.opcode is Opcode.LOAD else (False, True)
    if (_in_dram(program, source), _in_dram(program, target)) != wanted:
        memories = [program.memories[o.memory].name for o in (source, target)]
        way = "from DRAM to the chip" if wanted[0] else "from the chip to DRAM"
        yield f"must move {way}, got {memories[0]} → {memories[1]}"


def _compute_problems(program: Program, instruction: Instruction) -> Iterator[str]:
    kernel_type, work_type = _COMPUTE[instruction.opcode]
    if not 0 <= instruction.kernel < len(program.kernels):
        yield f"kernel must be one of {len(program.kernels)}, got {instruction.kernel}"
    elif not isinstance(program.kernels[instruction.kernel], kernel_type):
        yield f"kernel must be a {kernel_type.__name__}, got {type(program.kernels[instruction.kernel]).__name__}"
    work = instruction.work
    if work is None or not isinstance(work, work_type):
        yield f"work must be {work_type.__name__}, got {type(work).__name__}"
    elif work.cycles < 0:
        yield f"work must take ≥ 0 cycles, got {work.cycles}"
    if instruction.tile is None:
        yield "tile must be given"
    if not instruction.writes:
        yield "must write something"
    for operand in instruction.reads + instruction.writes:
        if _in_dram(program, operand):
            yield f"operands must lie on the chip, got {program.tensors[operand.tensor].name} in DRAM"


def _output_problems(program: Program, output: NetworkOutput) -> Iterator[str]:
    for piece in output.pieces:
        yield from operand_problems(program, piece.operand)
        ends = [a + n for a, n in zip(piece.start, piece.operand.shape, strict=False)]
        if len(ends) != len(output.shape) or any(end > n for end, n in zip(ends, output.shape, strict=True)):
            yield f"pieces must lie inside {output.shape}, got {piece.operand.shape} at {piece.start}"
    elements = sum(piece.operand.elements for piece in output.pieces)
    if elements != prod(output.shape):
        yield f"pieces must make up {prod(output.shape)} elements, got {elements}"


def _region(operand: Operand) -> tuple[object, ...]:
    return operand.tensor, operand.elements_of_tensor, operand.version


def _in_dram(program: Program, operand: Operand) -> bool:
    return program.memories[operand.memory].kind is MemoryKind.DRAM
