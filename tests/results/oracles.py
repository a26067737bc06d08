"""The same metrics, slow and obvious: cycle by cycle and element by element, straight from the words' definitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product

from accelsim.program import ArrayWork, Box, MemoryKind, Opcode, Operand, Program, TensorKind, UnitKind
from accelsim.trace import Trace

Cell = tuple[int, tuple[int, ...]]


def elements(operand: Operand) -> Iterator[tuple[int, ...]]:
    """Coordinates of the elements of an operand's region."""
    return product(*(range(a, a + n) for a, n in zip(operand.start, operand.shape, strict=True)))


def occupied_bytes(program: Program, trace: Trace, memory: int) -> list[Counter[str]]:
    """For each cycle (and the one at the end) the occupied bytes of each tensor."""
    held: dict[Cell, tuple[int, int, int]] = {}  # element -> (since, last use ends, bytes)
    level: list[Counter[str]] = [Counter() for _ in range(trace.latency_cycles + 1)]

    def close(cell: Cell, replaced: int) -> None:
        since, until, size = held.pop(cell)
        for cycle in range(since, min(until, replaced)):
            level[cycle][program.tensors[program.ranges[cell[0]].tensor].name] += size

    for position, instruction in enumerate(program.instructions):
        start, end = int(trace.start[position]), int(trace.end[position])
        for cell in ((o.range, e) for o in instruction.reads if o.memory == memory for e in elements(o)):
            if cell in held:
                since, until, size = held[cell]
                held[cell] = (since, max(until, end), size)
        for operand in instruction.writes:
            for element in elements(operand) if operand.memory == memory else ():
                if (operand.range, element) in held:
                    close((operand.range, element), start)
                held[operand.range, element] = (start, end, operand.element_bytes)
    for cell in list(held):
        close(cell, trace.latency_cycles)
    return level


def dram_bytes(program: Program) -> list[Counter[str]]:
    """Requested bytes of each layer by cause."""
    counted: list[Counter[str]] = [Counter() for _ in program.layers]
    seen: set[tuple[int, int, tuple[int, ...]]] = set()
    for instruction in program.instructions:
        layer = instruction.layer
        if instruction.opcode in (Opcode.LOAD, Opcode.STORE):
            store = instruction.opcode is Opcode.STORE
            operand = instruction.writes[0] if store else instruction.reads[0]
            kind = program.tensors[operand.tensor].kind
            for element in elements(operand):
                if program.layers[layer].operator == "Copy":
                    cause = "layout_copy"
                elif kind is TensorKind.PARTIAL:
                    cause = "partial_sum"
                elif store:
                    cause = "network_output" if kind is TensorKind.OUTPUT else "spill"
                else:
                    cause = _read(kind, (layer, operand.tensor, element), seen)
                counted[layer][cause] += operand.element_bytes
    return counted


def _read(kind: TensorKind, who: tuple[int, int, tuple[int, ...]], seen: set[tuple[int, int, tuple[int, ...]]]) -> str:
    first = {TensorKind.WEIGHT: "compulsory_weights", TensorKind.INPUT: "compulsory_input"}
    key = who if kind not in first else (-1, *who[1:])
    again = key in seen
    seen.add(key)
    if again:
        return "refetch_weights" if kind is TensorKind.WEIGHT else "refetch_activations"
    return first.get(kind, "spill_reload")


def burst_bytes(box: Box, burst: int) -> int:
    """Bytes of the bursts that each run of a box touches, one run after another."""
    total = 0
    for index in product(*(range(n) for n in box.counts)):
        first = box.base + sum(i * s for i, s in zip(index, box.strides, strict=True))
        total += len({address // burst for address in range(first, first + box.run_bytes)}) * burst
    return total


def cause_of(program: Program, trace: Trace, issue: int, cycle: int) -> tuple[str, int]:
    """The cause of one cycle, and the instruction it is spent on (-1 when idle)."""
    array = [n for n, i in enumerate(program.instructions) if program.units[i.unit].kind is UnitKind.ARRAY]
    for position in array:
        if trace.start[position] <= cycle < trace.end[position]:
            return _working(program, int(trace.end[position]) - cycle, position), position
        if trace.start[position] > cycle:
            return chain(program, trace, issue, cycle, position)
    return "idle", -1


def _working(program: Program, remaining: int, position: int) -> str:
    work = program.instructions[position].work
    assert isinstance(work, ArrayWork)
    if remaining <= work.compute_cycles:
        return "compute"
    if remaining <= work.compute_cycles + work.fill_drain_cycles:
        return "fill_drain"
    return "ports" if remaining <= work.cycles else "issue"


def chain(program: Program, trace: Trace, issue: int, cycle: int, position: int) -> tuple[str, int]:
    """What the chain that leads to an instruction's start is doing at a cycle before it."""
    while trace.start[position] > cycle:
        after, position = position, int(trace.released_by[position])
        if position < 0 or trace.end[position] <= cycle:
            return "issue", after
    return doing(program, trace, issue, cycle, position)


def doing(program: Program, trace: Trace, issue: int, cycle: int, position: int) -> tuple[str, int]:
    """What a running instruction is doing at a cycle."""
    if cycle < trace.start[position] + issue:
        return "issue", position
    if program.instructions[position].opcode in (Opcode.ARRAY, Opcode.VECTOR):
        return "vector", position
    while cycle < trace.bus_start[position]:
        ahead = int(trace.bus_after[position])
        if ahead < 0:
            return "dram_latency", position
        position = ahead
    instruction = program.instructions[position]
    kind = program.tensors[instruction.reads[0].tensor].kind
    if kind is TensorKind.PARTIAL:
        return "partial_sums", position
    if instruction.opcode is Opcode.STORE:
        return "store", position
    return ("weights" if kind is TensorKind.WEIGHT else "activations"), position


def on_chip(program: Program) -> list[int]:
    """Memories that are not DRAM."""
    return [n for n, memory in enumerate(program.memories) if memory.kind is not MemoryKind.DRAM]
