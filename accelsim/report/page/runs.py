"""What the page's own script draws of each run: the memory map, the timeline of units and the layer table."""

from __future__ import annotations

from accelsim.printable import printable
from accelsim.report.parts import named
from accelsim.report.pictures import rectangles
from accelsim.report.pictures.palette import KINDS, SPILL
from accelsim.results import LayerResult, SimulationResult, UnitActivity

__all__ = ["run_data"]

Data = dict[str, object]
_COLUMNS = (
    "#",
    "layer",
    "operator",
    "MACs",
    "latency [cycles]",
    "array at work [cycles]",
    "utilisation [%]",
    "DRAM [B]",
    "peak [B]",
    "energy [nJ]",
    "bound by",
)


def run_data(name: str, result: SimulationResult) -> Data:
    """One run as plain values; names are not escaped, the script shows them as texts."""
    return {
        "name": name,
        "latency": result.totals.latency_cycles,
        "layers": [printable(layer.name) for layer in result.layers],
        "map": _map(result),
        "units": [_unit(unit) for unit in result.units],
        "columns": _COLUMNS,
        "table": [_row(number, layer) for number, layer in enumerate(result.layers)],
    }


def _map(result: SimulationResult) -> Data:
    drawn = rectangles(result)
    return {
        "memory": drawn.memory,
        "capacity": drawn.capacity_bytes,
        "tensors": [printable(tensor) for tensor in drawn.tensors],
        "kinds": drawn.kinds,
        "spilled": drawn.spilled,
        "tensor": drawn.tensor,
        "layer": drawn.layer,
        "address": drawn.address,
        "size": drawn.size_bytes,
        "first": drawn.first_cycle,
        "last": drawn.last_cycle,
        "colours": KINDS,
        "named": {kind: named(kind) for kind in KINDS},
        "spill": SPILL,
    }


def _unit(unit: UnitActivity) -> Data:
    return {
        "unit": printable(unit.unit),
        "kind": unit.kind,
        "first": unit.begin,
        "last": unit.end,
        "layer": unit.layer,
        "opcodes": unit.opcodes,
        "opcode": unit.opcode,
        "bytes": unit.bytes,
        "busy": unit.busy_cycles,
    }


def _row(number: int, layer: LayerResult) -> list[object]:
    return [
        number,
        printable(layer.name),
        printable(" + ".join((layer.operator, *([f"{len(layer.fused)} fused"] if layer.fused else [])))),
        layer.macs,
        layer.latency_cycles,
        layer.array_cycles,
        round(100 * layer.pe_utilisation, 1),
        layer.dram_bytes,
        layer.peak_occupancy_bytes,
        round(layer.energy_pj / 1000, 1),
        named(layer.bound_by),
    ]
