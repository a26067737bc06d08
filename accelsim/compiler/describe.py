"""The loop nest of a layer in words: `for` tile loops, `parfor` on the array, and which memory holds each operand.

An operand is held at a loop by the innermost memory from which every turn of that loop can be served: by the
scratchpad if the loop and those inside it leave its tile alone, by DRAM if some turn has to fetch another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from accelsim.compiler.choice import Choice
from accelsim.compiler.residency import Plan
from accelsim.hardware import Hardware
from accelsim.mapping import tile_counts
from accelsim.program import MatrixKernel
from accelsim.workload import Along, Layer, Workload

#: Loops that select another tile of an operand; inputs that follow the filters have K instead of C.
_FILTERS, _INPUT, _OUTPUT = frozenset("KC"), frozenset({"B", "OX", "OY", "C"}), frozenset({"B", "OX", "OY", "K"})

_UNROLLED = {
    "weight_stationary": ("FY·FX·C", "K", "OY·OX", ("PE registers", "scratchpad")),
    "input_stationary": ("FY·FX·C", "OY·OX", "K", ("scratchpad", "PE registers")),
    "output_stationary": ("OY·OX", "K", "FY·FX·C", ("scratchpad", "scratchpad")),
    "adder_tree": ("C", "K", "FY·FX·OY·OX", ("PE registers", "scratchpad")),
    "row_stationary": ("FY", "OY", "OX·K·C·FX", ("PE registers", "PE registers")),
}


@dataclass(frozen=True, slots=True)
class _Loop:
    """A tile loop: its dimension, number of turns, elements of a full tile."""

    dimension: str
    turns: int
    size: int


def describe(layer: Layer, choice: Choice, plan: Plan, workload: Workload, hardware: Hardware) -> str:
    """The mapping chosen for a layer, one loop a line, and the reasons below it."""
    return "\n".join([*_nest(layer, choice, plan, hardware), *_reasons(layer, choice, plan, workload)])


def _nest(layer: Layer, choice: Choice, plan: Plan, hardware: Hardware) -> list[str]:
    lines = [_row("loop", "weights", "input", "output")]
    loops = list(_tile_loops(layer, choice))
    for depth, loop in enumerate(loops):
        text = f"{'  ' * depth}for {loop.dimension} in 0..{loop.turns - 1} (tiles of {loop.size})"
        lines.append(_row(text, *_held(layer, choice, plan, {inner.dimension for inner in loops[depth:]}, hardware)))
    return lines + [_row(f"{'  ' * len(loops)}{text}", *held) for text, held in _inner_loops(layer, hardware)]


def _row(loop: str, weights: str, inputs: str, output: str) -> str:
    return f"{loop:36}{weights:14}{inputs:14}{output}".rstrip()


def _tile_loops(layer: Layer, choice: Choice) -> Iterator[_Loop]:
    """The loops over tiles that turn more than once, outermost first."""
    tile, counts = choice.mapping.tile, tile_counts(layer.shape, layer.reduction, choice.mapping.tile)
    loops = {
        "S": (
            _Loop("B", counts.batch, tile.batch),
            _Loop("OX", counts.columns, tile.columns),
            _Loop("OY", counts.rows, tile.rows),
        ),
        "K": (_Loop("K", counts.filters, tile.filters),),
        "C": (_Loop("C", counts.channels, tile.channels),),
    }
    for letter in choice.mapping.order:
        yield from (loop for loop in loops[letter] if loop.turns > 1)


def _held(layer: Layer, choice: Choice, plan: Plan, inside: set[str], hardware: Hardware) -> tuple[str, str, str]:
    """Memories of weights, first input and output at a loop, given the dimensions of it and the loops inside."""
    follows = frozenset({"B", "OX", "OY", "K"}) if layer.inputs[0].channels is not Along.REDUCTION else _INPUT
    if isinstance(layer.kernel, MatrixKernel) and layer.kernel.groups > 1:
        follows = follows | {"K"}
    storages = {piece.storage for piece in layer.inputs[0].view.pieces}
    resident = all(plan.kept_rows[s] for s in storages)
    weights = "-"
    if layer.parameters:
        weights = _weights_in(hardware) if choice.mapping.hold_weights or not inside & _FILTERS else "dram"
    inputs = _memory(resident or choice.mapping.hold_input or not inside & follows)
    return weights, inputs, _memory(plan.kept_rows[layer.output] > 0 or not inside & _OUTPUT)


def _memory(near: bool) -> str:
    return "scratchpad" if near else "dram"


def _inner_loops(layer: Layer, hardware: Hardware) -> Iterator[tuple[str, tuple[str, str, str]]]:
    if not isinstance(layer.kernel, MatrixKernel):
        held = (_weights_in(hardware) if layer.parameters else "-", "scratchpad", "scratchpad")
        yield f"parfor element on {hardware.vector_unit.lanes} lanes", held
        return
    array = hardware.pe_array
    rows, columns, streamed, (weights, inputs) = _UNROLLED[array.dataflow.value]
    instructed = array.instruction is not None and array.dataflow.value == "weight_stationary"
    rows = "C" if instructed else rows
    held = (_weights_in(hardware) if weights == "scratchpad" else weights, inputs, _sums(hardware))
    if layer.kernel.groups > 1:
        yield f"for G ({array.depthwise.value.replace('_', ' ')})", held
    if instructed:
        yield "for FY·FX", held
    yield f"parfor {rows} on {array.rows} rows", held
    yield f"parfor {columns} on {array.columns} columns", held
    yield f"for {streamed} streamed", held


def _weights_in(hardware: Hardware) -> str:
    return "weight buffer" if hardware.weight_buffer else "scratchpad"


def _sums(hardware: Hardware) -> str:
    if hardware.pe_array.dataflow.value == "output_stationary":
        return "PE registers"
    return "accumulator" if hardware.accumulator else "scratchpad"


def _reasons(layer: Layer, choice: Choice, plan: Plan, workload: Workload) -> list[str]:
    mapping = choice.mapping
    held = [name for name, is_held in (("input", mapping.hold_input), ("weights", mapping.hold_weights)) if is_held]
    doubled = "" if mapping.double_buffered else " (no room: single-buffered)"
    lines = [
        f"chosen of {choice.considered:,} tilings for about {choice.cycles:,.0f} cycles"
        + (f", the fastest of {choice.tried} tried out" if choice.tried else ""),
        f"working buffers {choice.working_bytes:,} B + {choice.spare_bytes:,} B to double them{doubled}",
        f"beside {choice.resident_bytes:,} B of residents",
    ]
    if choice.weight_bytes:
        lines.append(f"{choice.weight_bytes:,} B of weights in their own memory")
    if held:
        lines.append(f"held until the layer ends: {', '.join(held)}")
    return lines + [f"{role} {_where(storage, plan, workload)}" for role, storage in _stored(layer)]


def _where(storage: int, plan: Plan, workload: Workload) -> str:
    batches, rows = workload.storages[storage].shape[:2]
    kept, name = plan.kept_rows[storage], workload.storages[storage].name
    if kept in (0, batches * rows):
        return f"{name}: {_memory(kept > 0)}"
    return f"{name}: last {kept} of {batches * rows} rows in scratchpad, the others in dram"


def _stored(layer: Layer) -> list[tuple[str, int]]:
    found = [(access.slot, piece.storage) for access in layer.inputs for piece in access.view.pieces]
    return [*dict.fromkeys(found), ("output", layer.output)]
