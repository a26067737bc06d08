"""The listing of a Program, to be read in class: each instruction with its unit, tensors, addresses, tile, cycles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from accelsim.printable import printable
from accelsim.program import ArrayWork, Instruction, Memory, MemoryKind, Opcode, Operand, Program, Tile
from accelsim.report.parts import facts, hanging, title
from accelsim.report.quantities import count, cycles, octets
from accelsim.trace import Trace

__all__ = ["listing_document", "listing_screen"]

_AXES = ("batch", "rows", "columns", "filters")
_INDENT, _HANG = 8, 18


def listing_screen(
    program: Program, trace: Trace, shown: Sequence[int], matching: int, width: int
) -> Iterator[RenderableType]:
    """The parts of the listing.

    Args:
        program: what is listed.
        trace: when its instructions ran.
        shown: positions of the instructions that are listed.
        matching: how many there would have been to list.
        width: columns there are.
    """
    total = count(len(program.instructions), "instruction")
    yield title(f"program of {program.name}", f"{total}, {cycles(trace.latency_cycles)}")
    yield facts(_tables(program))
    for position in shown:
        yield from _instruction(program, trace, position, width)
    if len(shown) < matching:
        yield Text(
            f"{len(shown):,} of {count(matching, 'instruction')} listed; --limit all lists every one", style="dim"
        )


def _tables(program: Program) -> Iterator[tuple[str, str]]:
    yield "memories", ", ".join(_memory(memory) for memory in program.memories)
    yield "units", ", ".join(_unit(unit.name, unit.outstanding) for unit in program.units)
    yield "boxes", "name[batch, rows, columns, channels] of a tensor, from:to without the last; all where it is whole"


def _memory(memory: Memory) -> str:
    return memory.name if memory.kind is MemoryKind.DRAM else f"{memory.name} {octets(memory.capacity_bytes)}"


def _unit(name: str, outstanding: int) -> str:
    return f"{name} ({outstanding} transfers under way)" if outstanding > 1 else name


def _instruction(program: Program, trace: Trace, position: int, width: int) -> Iterator[Text]:
    instruction = program.instructions[position]
    unit, layer = program.units[instruction.unit].name, program.layers[instruction.layer].name
    start, end = int(trace.start[position]), int(trace.end[position])
    head = Text(f"{position:>6}  {unit:<7} {instruction.opcode:<6} ", style="bold")
    head.append(printable(layer), style="not bold cyan")
    yield head
    yield hanging(f"cycles  {start:,}–{end:,} ({_duration(instruction, end - start)})", width, _INDENT, _HANG)
    if instruction.tile is not None:
        yield hanging(f"{'tile':<7} {_tile(instruction.tile, instruction.opcode)}", width, _INDENT, _HANG)
    for label, operands in (("reads", instruction.reads), ("writes", instruction.writes)):
        for operand in operands:
            yield hanging(f"{label:<7} {_operand(program, operand)}", width, _INDENT, _HANG)


def _duration(instruction: Instruction, length: int) -> str:
    work = instruction.work
    if isinstance(work, ArrayWork):
        return f"{length:,}: {work.compute_cycles:,} compute, {work.fill_drain_cycles:,} fill/drain, {work.macs:,} MACs"
    if work is not None:
        return f"{length:,}: {count(work.operations, 'lane operation')}"
    return f"{length:,}"


def _tile(tile: Tile, opcode: Opcode) -> str:
    spans = [
        f"{axis} {_span(first, extent)}" for axis, first, extent in zip(_AXES, tile.start, tile.shape, strict=False)
    ]
    if opcode is Opcode.ARRAY:
        first, last = tile.reduction
        spans.append(f"adds up channels {_span(first, last - first)}{'' if tile.final else ', more to come'}")
    return ", ".join(spans)


def _span(first: int, extent: int) -> str:
    return f"{first}:{first + extent}"


def _elements(wanted: range) -> str:
    step = f":{wanted.step}" if wanted.step > 1 and len(wanted) > 1 else ""
    return f"{wanted[0]}:{wanted[-1] + 1}{step}"


def _operand(program: Program, operand: Operand) -> str:
    tensor, memory = program.tensors[operand.tensor], program.memories[operand.memory]
    whole = operand.shape == tensor.shape
    spans = "all" if whole else ", ".join(map(_elements, operand.elements_of_tensor))
    version = f" after {count(operand.version, 'reduction tile')}" if operand.version else ""
    where = f"{memory.name} {operand.address}–{operand.box.end - 1}"
    return f"{operand.slot}: {tensor.name}[{spans}]{version} at {where}, {_layout(operand)}"


def _layout(operand: Operand) -> str:
    box = operand.box
    if box.contiguous:
        return octets(box.bytes)
    return f"{octets(box.bytes)} in {count(box.runs, 'run')} of {octets(box.run_bytes)}"


def listing_document(program: Program, trace: Trace, shown: Sequence[int]) -> dict[str, object]:
    """The listing as plain values for JSON; addresses in bytes, times in cycles."""
    return {
        "program": program.name,
        "latency_cycles": trace.latency_cycles,
        "memories": [
            {"name": m.name, "kind": m.kind.value, "capacity_bytes": m.capacity_bytes} for m in program.memories
        ],
        "units": [{"name": u.name, "kind": u.kind.value, "outstanding": u.outstanding} for u in program.units],
        "instructions": [_entry(program, trace, position) for position in shown],
    }


def _entry(program: Program, trace: Trace, position: int) -> dict[str, object]:
    instruction = program.instructions[position]
    tile = instruction.tile
    return {
        "index": position,
        "unit": program.units[instruction.unit].name,
        "opcode": instruction.opcode.value,
        "layer": program.layers[instruction.layer].name,
        "start_cycle": int(trace.start[position]),
        "end_cycle": int(trace.end[position]),
        "tile": None if tile is None else {"start": list(tile.start), "shape": list(tile.shape), "final": tile.final},
        "reads": [_operand_entry(program, operand) for operand in instruction.reads],
        "writes": [_operand_entry(program, operand) for operand in instruction.writes],
    }


def _operand_entry(program: Program, operand: Operand) -> dict[str, object]:
    return {
        "tensor": program.tensors[operand.tensor].name,
        "slot": operand.slot,
        "start": list(operand.start),
        "shape": list(operand.shape),
        "steps": [wanted.step for wanted in operand.elements_of_tensor],
        "memory": program.memories[operand.memory].name,
        "address": operand.address,
        "bytes": operand.bytes,
        "version": operand.version,
    }
