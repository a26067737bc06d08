"""The screen of a run, drawn from its result record alone.

From top to bottom: what ran on what; how long, and what bounds it; what the on-chip memories held; what was spilled;
where DRAM bytes, array cycles and energy went; the layers that matter most.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from accelsim.report.layers import layer_table
from accelsim.report.parts import LABEL_WIDTH, columns, facts, shares, tail, title
from accelsim.report.quantities import count, cycles, energy, frequency, milliseconds, octets, percent
from accelsim.report.sparkline import highest, sparkline
from accelsim.results import BankContention, MemoryUse, SimulationResult, SpilledTensor, TensorBytes

__all__ = ["run_screen"]

_TENSORS_NAMED = 3
_BANKS_NAMED = 4
_SPILLS_NAMED = 3
_SPILL_HEADER = ((" worst spills", "left"), ("bytes out", "right"), ("bytes back", "right"), ("cycles lost", "right"))
_SPILL_NUMBERS_WIDTH = 45


def run_screen(result: SimulationResult, width: int, layers: int | None = 8) -> Iterator[RenderableType]:
    """The parts of the screen, from top to bottom.

    Args:
        result: what is drawn.
        width: columns there are.
        layers: how many layers are listed, the slowest first; None: all, in their order.
    """
    yield title(f"{result.model.name} on {result.hardware.name}", _state(result))
    yield facts(_what(result))
    yield Text()
    yield facts(_time(result))
    for memory in result.memories:
        yield facts(_memory(result, memory, width))
    yield facts(_spills(result))
    yield from _worst_spills(result, width)
    yield Text()
    yield from _attribution(result)
    if layers != 0:
        yield Text()
        yield layer_table(result, width, layers)
    yield from (Text(f"note: {text}") for text in result.notes)


def _state(result: SimulationResult) -> str:
    state = "cold: the first inference" if result.state == "cold" else "warm: weights that fit are resident already"
    return f"{state}, batch {result.batch}"


def _what(result: SimulationResult) -> Iterator[tuple[str, str]]:
    model, hardware, precision = result.model, result.hardware, result.precision
    source = "network of the zoo" if model.source == "zoo" else model.path or "in memory"
    yield "model", f"{source}: {count(model.parameters, 'parameter')}, {count(model.macs, 'MAC')}"
    yield " coverage", _coverage(result)
    peak, bandwidth = f"{hardware.peak_macs_per_cycle:,} MACs/cycle", f"{hardware.dram_bytes_per_cycle:,.4g} B/cycle"
    yield "hardware", f"{frequency(hardware.frequency_hz)}, {peak}, DRAM {bandwidth}"
    formats = f"{precision.weights} weights, {precision.activations} activations, {precision.accumulators} sums"
    yield " precision", f"{formats} (the model's file: {precision.model})" if precision.model else formats


def _coverage(result: SimulationResult) -> str:
    share, missing = result.totals.operator_coverage, result.uncosted_operators
    costed = f"{percent(share)} of {count(result.model.operators, 'operator')} costed"
    return f"{costed}; without cost: {', '.join(missing)}" if missing else costed


def _time(result: SimulationResult) -> Iterator[tuple[str, str]]:
    totals = result.totals
    yield "latency", f"{cycles(totals.latency_cycles)} = {milliseconds(totals.latency_s)}"
    bounds = {"compute": totals.compute_bound_cycles, "DRAM": totals.dram_bound_cycles}
    binding = max(bounds, key=lambda name: bounds[name])
    for name, bound in bounds.items():
        share = f"{cycles(bound)}, {percent(bound, totals.latency_cycles)} of the latency"
        yield f" {name} bound", f"{share}{' (this one binds)' if name == binding else ''}"
    if totals.inferences_per_s is not None:
        yield " rate", f"{totals.inferences_per_s:,.4g} inferences/s, one after another in this state"
    peak = f"{result.hardware.peak_macs_per_cycle:,} MACs/cycle"
    yield "utilisation", f"{percent(totals.pe_utilisation)} of {peak} over the whole latency"


def _memory(result: SimulationResult, memory: MemoryUse, width: int) -> Iterator[tuple[str, str]]:
    peak = octets(memory.peak_occupancy_bytes)
    share = f"{percent(memory.peak_occupancy_bytes, memory.capacity_bytes)} of {octets(memory.capacity_bytes)}"
    yield memory.name, f"peak {peak}, {share}"
    if not memory.peak_occupancy_bytes:
        return
    yield " at", f"cycle {memory.peak_cycle:,} in {memory.peak_layer}"
    yield " holding", _tensors(memory.peak_tensors)
    if memory.banks is not None:
        yield from _banks(memory.banks, result.totals.latency_cycles)
    line = next((line for line in result.occupancy if line.memory == memory.name), None)
    if line is not None and line.cycles:
        values = highest(line.cycles, line.bytes, max(10, width - LABEL_WIDTH - 2))
        scale = "capacity" if 4 * memory.peak_occupancy_bytes >= memory.capacity_bytes else "peak"
        full = memory.capacity_bytes if scale == "capacity" else memory.peak_occupancy_bytes
        yield " over time", sparkline(values, full)
        yield "", f"from cycle 0 to {line.cycles[-1]:,}; full height is the {scale}"


def _banks(banks: BankContention, latency: int) -> Iterator[tuple[str, str]]:
    """How busy the banks were, the busiest first, and who was held up by them."""
    busy = sorted(enumerate(banks.busy_cycles), key=lambda bank: -bank[1])
    named = ", ".join(f"bank {bank} {percent(spent, latency)}" for bank, spent in busy[:_BANKS_NAMED])
    share = f"interleaved, busy {percent(busy[0][1], latency)}" if len(busy) == 1 else f"busy {named}"
    yield " banks", f"{share}{' …' if len(busy) > _BANKS_NAMED else ''}"
    held = {"array": banks.array_cycles, "vector": banks.vector_cycles, "transfers": banks.transfer_cycles}
    told = [f"{who} {cycles(spent)}" for who, spent in held.items() if spent]
    yield " held up", ", ".join(told) or "nobody: no bank was asked for more than it can move"


def _tensors(held: tuple[TensorBytes, ...]) -> str:
    named = [f"{tensor.name} {octets(tensor.bytes)}" for tensor in held[:_TENSORS_NAMED]]
    rest = held[_TENSORS_NAMED:]
    if rest:
        named.append(f"{count(len(rest), 'more tensor')} {octets(sum(tensor.bytes for tensor in rest))}")
    return ", ".join(named)


def _spills(result: SimulationResult) -> Iterator[tuple[str, str]]:
    spills = result.spills
    if not spills.tensors:
        yield "spills", "0 tensors: no intermediate activation leaves the chip"
        return
    moved = f"{octets(spills.bytes_written)} out, {octets(spills.bytes_reloaded)} back"
    yield "spills", f"{count(spills.tensors, 'tensor')}: {moved}"
    lost = f"{cycles(spills.cycles_lost)}, {percent(spills.cycles_lost, result.totals.latency_cycles)} of the latency"
    yield " lost", lost


def _worst_spills(result: SimulationResult, width: int) -> Iterator[RenderableType]:
    """The tensors that cost most cycles; nothing where nothing was spilled."""
    worst = result.spills.by_tensor[:_SPILLS_NAMED]
    if worst:
        yield columns(_SPILL_HEADER, (_spill(tensor, width - _SPILL_NUMBERS_WIDTH) for tensor in worst))


def _spill(tensor: SpilledTensor, room: int) -> tuple[str, str, str, str]:
    moved = f"{tensor.bytes_written:,}", f"{tensor.bytes_reloaded:,}"
    return tail(f" {tensor.name}", room), *moved, f"{tensor.cycles_lost:,}"


def _attribution(result: SimulationResult) -> Iterator[RenderableType]:
    totals = result.totals
    moved = totals.dram_bytes_by_cause
    yield shares("DRAM", moved, {name: octets(number) for name, number in moved.items()})
    yield facts([(" total", f"{octets(totals.dram_bytes)}, and {octets(totals.burst_padding_bytes)} of burst padding")])
    spent = totals.array_cycles_by_cause
    yield shares("array", spent, {name: cycles(number) for name, number in spent.items()})
    yield facts([(" at work", f"{cycles(totals.array_cycles)}, {percent(totals.array_cycles, totals.latency_cycles)}")])
    used = totals.energy_pj_by_component
    yield shares("energy", used, {name: energy(number) for name, number in used.items()})
    yield facts([(" total", energy(totals.energy_pj))])
