"""The loop nest of a layer in words: `for` tile loops, `parfor` on the array, and where each operand is held."""

from __future__ import annotations

from accelsim.compiler.residency import Choice, Plan
from accelsim.hardware import Hardware
from accelsim.mapping import tile_counts
from accelsim.program import MatrixKernel
from accelsim.workload import Layer, Workload

_UNROLLED = {
    "weight_stationary": ("FY·FX·C", "K", "OY·OX"),
    "input_stationary": ("FY·FX·C", "OY·OX", "K"),
    "output_stationary": ("OY·OX", "K", "FY·FX·C"),
}


def describe(layer: Layer, choice: Choice, plan: Plan, workload: Workload, hardware: Hardware) -> str:
    """The mapping chosen for a layer, one loop a line, and the reasons below it."""
    lines = [
        *_tile_loops(layer, choice),
        *_inner_loops(layer, choice, hardware),
        *_reasons(layer, choice, plan, workload),
    ]
    return "\n".join(lines)


def _tile_loops(layer: Layer, choice: Choice) -> list[str]:
    mapping, counts = choice.mapping, tile_counts(layer.shape, layer.reduction, choice.mapping.tile)
    tile = mapping.tile
    loops = {
        "S": [
            ("B", counts.batch, tile.batch),
            ("OX", counts.columns, tile.columns),
            ("OY", counts.rows, tile.rows),
        ],
        "K": [("K", counts.filters, tile.filters)],
        "C": [("C", counts.channels, tile.channels)],
    }
    lines: list[str] = []
    for letter in mapping.order:
        for name, trips, size in loops[letter]:
            if trips > 1:
                lines.append(f"{'  ' * len(lines)}for {name} in 0..{trips - 1} (tiles of {size})  [dram → scratchpad]")
    return lines or ["one tile: the whole layer"]


def _inner_loops(layer: Layer, choice: Choice, hardware: Hardware) -> list[str]:
    if not isinstance(layer.kernel, MatrixKernel):
        return [f"  parfor lane in 0..{hardware.vector_unit.lanes - 1}  [scratchpad → vector unit]"]
    rows, columns, streamed = _UNROLLED[hardware.pe_array.dataflow.value]
    stationary = hardware.pe_array.dataflow.value.replace("_", "-")
    groups = (
        [f"  for G in groups ({hardware.pe_array.depthwise.value.replace('_', ' ')})"]
        if layer.kernel.groups > 1
        else []
    )
    return [
        *groups,
        f"  parfor {rows} on {hardware.pe_array.rows} rows, {columns} on {hardware.pe_array.columns} columns"
        f"  [scratchpad → PE registers, {stationary}]",
        f"    for {streamed} streamed  [partial sums: {_sums(hardware)}]",
    ]


def _sums(hardware: Hardware) -> str:
    if hardware.pe_array.dataflow.value == "output_stationary":
        return "PE registers"
    return "accumulator" if hardware.accumulator else "scratchpad"


def _reasons(layer: Layer, choice: Choice, plan: Plan, workload: Workload) -> list[str]:
    mapping = choice.mapping
    held = [name for name, is_held in (("input", mapping.hold_input), ("weights", mapping.hold_weights)) if is_held]
    lines = [f"chosen of {choice.considered} tilings for about {choice.cycles:,.0f} cycles"]
    doubled = "" if mapping.double_buffered else " (no room: single-buffered)"
    lines.append(f"working buffers {choice.working_bytes:,} B + {choice.spare_bytes:,} B to double them{doubled}")
    lines.append(f"beside {choice.resident_bytes:,} B of residents")
    if held:
        lines.append(f"held until the layer ends: {', '.join(held)}")
    for role, storage in _stored(layer):
        total = workload.storages[storage].shape[0] * workload.storages[storage].shape[1]
        kept = plan.kept_rows[storage]
        where = (
            "scratchpad"
            if kept == total
            else "dram"
            if kept == 0
            else f"last {kept} of {total} rows in scratchpad, rest in dram"
        )
        lines.append(f"{role} {workload.storages[storage].name}: {where}")
    return lines


def _stored(layer: Layer) -> list[tuple[str, int]]:
    found = [(access.slot, piece.storage) for access in layer.inputs for piece in access.view.pieces]
    return [*dict.fromkeys(found), ("output", layer.output)]
