"""What must be true of every run, whatever the network and the accelerator; and how far re-mapping may go astray.

A law is a question to one result, or to two; its answer is the sentences that say how it is broken.
"""

from __future__ import annotations

from collections.abc import Iterator

from accelsim import SimulationResult
from accelsim.hardware import Hardware

__all__ = ["SLOWER_AT_MOST", "broken", "compulsory", "slowdown", "twice"]

SLOWER_AT_MOST = 0.25
"""With twice the bandwidth or capacity, and mapped anew, a run of some hundred cycles may take longer by this share,
and one in ten may take longer at all: mappings are chosen by estimates, layer by layer."""

_COMPULSORY = ("compulsory_weights", "compulsory_input", "network_output")


def broken(result: SimulationResult) -> list[str]:
    """Return the laws that a result breaks, in words; none if all is well."""
    return [*_bounds(result), *_sums(result), *_bytes(result), *_occupancy(result)]


def compulsory(result: SimulationResult) -> dict[str, int]:
    """Return the bytes that any mapping and any order of layers must move, by cause."""
    return {cause: result.totals.dram_bytes_by_cause[cause] for cause in _COMPULSORY}


def slowdown(before: SimulationResult, after: SimulationResult) -> float:
    """Return how much longer the second run takes, as a share; below 0 where it is faster."""
    return after.totals.latency_cycles / before.totals.latency_cycles - 1


def twice(hardware: Hardware, field: str) -> str:
    """Return the override that doubles `dram.bandwidth` or `scratchpad.capacity`."""
    now = {
        "dram.bandwidth": (hardware.dram.bandwidth_bytes_per_s, "B/s"),
        "scratchpad.capacity": (hardware.scratchpad.capacity_bytes, "B"),
    }
    value, unit = now[field]
    return f"{field}={2 * value}{unit}"


def _bounds(result: SimulationResult) -> Iterator[str]:
    totals = result.totals
    for name, bound in (("compute", totals.compute_bound_cycles), ("DRAM", totals.dram_bound_cycles)):
        if totals.latency_cycles < bound:
            yield f"cycles must reach the {name} bound {bound}, got {totals.latency_cycles}"


def _sums(result: SimulationResult) -> Iterator[str]:
    totals, layers = result.totals, result.layers
    sums = {
        "cycles by cause": (sum(totals.array_cycles_by_cause.values()), totals.latency_cycles),
        "cycles of layers": (sum(layer.latency_cycles for layer in layers), totals.latency_cycles),
        "bytes by cause": (sum(totals.dram_bytes_by_cause.values()), totals.dram_bytes),
        "bytes of layers": (sum(layer.dram_bytes for layer in layers), totals.dram_bytes),
        "MACs of layers": (sum(layer.macs for layer in layers), totals.macs),
    }
    for name, (found, whole) in sums.items():
        if found != whole:
            yield f"{name} must add up to {whole}, got {found}"
    if any(
        value < 0 for table in (totals.array_cycles_by_cause, totals.dram_bytes_by_cause) for value in table.values()
    ):
        yield "no cause may be below zero"


def _bytes(result: SimulationResult) -> Iterator[str]:
    spills, causes = result.spills, result.totals.dram_bytes_by_cause
    if spills.bytes_written != causes["spill"]:
        yield f"spilled tensors must add up to the cause spill {causes['spill']}, got {spills.bytes_written}"
    for tensor in spills.by_tensor:
        if tensor.bytes_reloaded and not tensor.bytes_written:
            yield f"{tensor.name}: what comes back must have left"
        if tensor.bytes_reloaded and tensor.last_reloaded_cycle <= tensor.first_written_cycle:
            yield f"{tensor.name}: must come back after it left"


def _occupancy(result: SimulationResult) -> Iterator[str]:
    for line, use in zip(result.occupancy, result.memories, strict=True):
        if max(line.bytes) > use.capacity_bytes or use.highest_address_bytes > use.capacity_bytes:
            yield f"{line.memory}: must hold at most {use.capacity_bytes} B, got {max(line.bytes)} B"
        if max(line.bytes) != use.peak_occupancy_bytes:
            yield f"{line.memory}: the peak must be {max(line.bytes)} B, got {use.peak_occupancy_bytes} B"
        if line.bytes[-1] != 0:
            yield f"{line.memory}: must be empty at the end, got {line.bytes[-1]} B"
