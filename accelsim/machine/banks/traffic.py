"""The bytes that an instruction reads from and writes to each bank.

The array reads operands as often as its dataflow needs them: its counts are spread over the fragments of an operand by
their bytes, partial sums over the sums it writes. Everything else moves each byte of its operands once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product

from accelsim.machine.banks.geometry import Banking
from accelsim.program import ArrayWork, Box, Instruction, Operand, Program, TensorKind

#: Per port, in units of the port's time.
Demand = dict[int, int]
_Bytes = dict[int, int]


def demands(program: Program, banking: Banking) -> list[Demand]:
    """What every instruction needs of each port; ports it does not need are left out."""
    memory = banking.memory(program)
    return [_demand(instruction, program, banking, memory) for instruction in program.instructions]


def _demand(instruction: Instruction, program: Program, banking: Banking, memory: int) -> Demand:
    total: Demand = {}
    for write, spread in _accesses(instruction, program, banking, memory):
        for bank, size in spread.items():
            port = banking.port(bank, write)
            total[port] = total.get(port, 0) + banking.time(size, write)
    return total


def _accesses(
    instruction: Instruction, program: Program, banking: Banking, memory: int
) -> Iterable[tuple[bool, _Bytes]]:
    reads = [operand for operand in instruction.reads if operand.memory == memory]
    writes = [operand for operand in instruction.writes if operand.memory == memory]
    work = instruction.work
    if not isinstance(work, ArrayWork):
        yield from ((False, _once(operand, banking)) for operand in reads)
        yield from ((True, _once(operand, banking)) for operand in writes)
        return
    sums = [operand for operand in writes if program.tensors[operand.tensor].kind is TensorKind.PARTIAL]
    streamed = {"input": work.input_reads, "weights": work.weight_reads}
    for slot, count in streamed.items():
        yield False, _spread([operand for operand in reads if operand.slot == slot], count, banking)
    others = (o for o in reads if o.slot not in streamed and program.tensors[o.tensor].kind is not TensorKind.PARTIAL)
    yield from ((False, _once(operand, banking)) for operand in others)
    yield False, _spread(sums, work.partial_reads, banking)
    yield True, _spread(sums, work.partial_writes, banking)
    yield from ((True, _once(operand, banking)) for operand in writes if operand not in sums)


def _spread(operands: Sequence[Operand], count: int, banking: Banking) -> _Bytes:
    """`count` accesses to elements of operands, in proportion to the bytes each bank holds of them; rounded up."""
    held: _Bytes = {}
    for operand in operands:
        for bank, size in _once(operand, banking).items():
            held[bank] = held.get(bank, 0) + size
    total = sum(held.values())
    moved = count * operands[0].element_bytes if operands else 0
    return {bank: -(-moved * size // total) for bank, size in held.items()}


def _once(operand: Operand, banking: Banking) -> _Bytes:
    if banking.banks == 1:
        return {0: operand.bytes}
    return _by_bank(operand.box, banking.bank_bytes)


@lru_cache(maxsize=1 << 16)
def _by_bank(box: Box, bank_bytes: int) -> _Bytes:
    """The bytes of a box in each bank."""
    first, last = box.base // bank_bytes, (box.end - 1) // bank_bytes
    if first == last:
        return {first: box.bytes}
    held: _Bytes = {}
    for index in product(*map(range, box.counts)):
        low = box.base + sum(i * stride for i, stride in zip(index, box.strides, strict=True))
        end = low + box.run_bytes
        while low < end:
            bank = low // bank_bytes
            high = min(end, (bank + 1) * bank_bytes)
            held[bank] = held.get(bank, 0) + high - low
            low = high
    return held
