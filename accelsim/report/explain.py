"""The screen of one layer: its loop nest as the compiler chose it, and where its cycles and bytes went."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from accelsim.report.parts import facts, hanging, named, shares, title
from accelsim.report.quantities import count, cycles, energy, octets, percent
from accelsim.results import LayerResult, SimulationResult

__all__ = ["layer_screen"]


def layer_screen(result: SimulationResult, position: int, width: int) -> Iterator[RenderableType]:
    """The parts of the screen.

    Args:
        result: the run.
        position: which of its layers.
        width: columns there are.
    """
    layer = result.layers[position]
    where = f"layer {position} of {len(result.layers)} of {result.model.name} on {result.hardware.name}"
    yield title(layer.name, where)
    yield facts(_work(layer, result))
    yield Text()
    yield Text("mapping", style="bold")
    yield from (_loop(line, width) for line in layer.mapping.splitlines())
    yield Text()
    spent, moved = layer.array_cycles_by_cause, layer.dram_bytes_by_cause
    yield shares("array", spent, {name: cycles(number) for name, number in spent.items()})
    yield shares("DRAM", moved, {name: octets(number) for name, number in moved.items()})


def _loop(line: str, width: int) -> Text:
    depth = len(line) - len(line.lstrip(" "))
    return hanging(line.strip(), width, depth + 2, depth + 6)


def _work(layer: LayerResult, result: SimulationResult) -> Iterator[tuple[str, str]]:
    fused = f", with {', '.join(layer.fused)} fused into it" if layer.fused else ""
    yield "operator", f"{layer.operator}{fused}"
    yield "work", f"{count(layer.macs, 'MAC')}, {percent(layer.pe_utilisation)} of the array's peak used"
    share = percent(layer.latency_cycles, result.totals.latency_cycles)
    yield "latency", f"{cycles(layer.latency_cycles)}, {share} of the run; bound by {named(layer.bound_by)}"
    bounds = f"compute {cycles(layer.compute_bound_cycles)}, DRAM {cycles(layer.dram_bound_cycles)}"
    yield " bounds", f"{bounds} (what no mapping beats)"
    yield "scratchpad", f"up to {octets(layer.peak_occupancy_bytes)} occupied while it computes"
    yield "DRAM", f"{octets(layer.dram_bytes)} requested, {octets(layer.burst_padding_bytes)} of burst padding"
    yield "energy", f"{energy(layer.energy_pj)} without leakage"
