"""The quantities of a run that are worth comparing, and by what fraction they changed.

Names are those of the result's document where it has one number for them; `dram_bytes.spill` is the table
`dram_bytes_by_cause` at `spill`, and so on.
"""

from __future__ import annotations

from accelsim.results import SimulationResult

__all__ = ["changes", "quantities"]


def changes(before: SimulationResult, after: SimulationResult) -> dict[str, float | None]:
    """By quantity (after - before) / before; 0 where both are zero, none where only `before` is."""
    old, new = quantities(before), quantities(after)
    return {name: _fraction(old[name], new[name]) for name in old}


def _fraction(before: float, after: float) -> float | None:
    if before:
        return (after - before) / before
    return None if after else 0.0


def quantities(result: SimulationResult) -> dict[str, float]:
    """The numbers of a run that are compared, in the order they are shown."""
    totals, memory, spills = result.totals, result.scratchpad, result.spills
    return {
        "latency_cycles": totals.latency_cycles,
        "pe_utilisation": totals.pe_utilisation,
        "macs": totals.macs,
        "peak_occupancy_bytes": memory.peak_occupancy_bytes,
        "highest_address_bytes": memory.highest_address_bytes,
        "spills.tensors": spills.tensors,
        "spills.bytes_written": spills.bytes_written,
        "spills.bytes_reloaded": spills.bytes_reloaded,
        "spills.cycles_lost": spills.cycles_lost,
        "dram_bytes": totals.dram_bytes,
        **{f"dram_bytes.{cause}": number for cause, number in totals.dram_bytes_by_cause.items()},
        "burst_padding_bytes": totals.burst_padding_bytes,
        "array_cycles": totals.array_cycles,
        **{f"array_cycles.{cause}": number for cause, number in totals.array_cycles_by_cause.items()},
        "energy_pj": totals.energy_pj,
        **{f"energy_pj.{part}": number for part, number in totals.energy_pj_by_component.items()},
        "instructions": totals.instructions,
    }
