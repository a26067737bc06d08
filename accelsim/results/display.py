"""A result in one line, and as a small table for notebooks. The screen and the reports are elsewhere."""

from __future__ import annotations

from html import escape

from accelsim.results.result import SimulationResult

__all__ = ["html_table", "one_line"]


def one_line(result: SimulationResult) -> str:
    """The run in one line: what ran on what, latency, utilisation, peak occupancy, spills."""
    latency, utilisation, peak, spills = (value for _, value in _facts(result)[:4])
    facts = f"{latency}, {utilisation} PE utilisation, peak {peak}, {spills}"
    return f"<SimulationResult {result.model.name} on {result.hardware.name}: {facts}>"


def html_table(result: SimulationResult) -> str:
    """The run as a small HTML table; names are escaped."""
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in _facts(result))
    caption = escape(f"{result.model.name} on {result.hardware.name} ({result.state})")
    return f"<table><caption>{caption}</caption>{rows}</table>"


def _facts(result: SimulationResult) -> list[tuple[str, str]]:
    totals, memory, spills = result.totals, result.scratchpad, result.spills
    share = memory.peak_occupancy_bytes / memory.capacity_bytes if memory.capacity_bytes else 0.0
    peak = f"{memory.peak_occupancy_bytes:,} B of {memory.capacity_bytes:,} B ({share:.1%})"
    spilled = f"{spills.tensors} spilled tensor{'s' * (spills.tensors != 1)}"
    if spills.tensors:
        spilled += f" ({spills.bytes_written:,} B out, {spills.cycles_lost:,} cycles lost)"
    return [
        ("Latency", f"{totals.latency_cycles:,} cycles ({totals.latency_s * 1e3:,.3f} ms)"),
        ("PE utilisation", f"{totals.pe_utilisation:.1%}"),
        ("Scratchpad peak", f"{peak} at cycle {memory.peak_cycle:,}"),
        ("Spills", spilled),
        ("DRAM", f"{totals.dram_bytes:,} B"),
        ("Energy", f"{totals.energy_pj / 1e6:,.3f} µJ"),
    ]
