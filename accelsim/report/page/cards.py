"""The headline figures, each with its unit and, in a comparison, with its change."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from accelsim.explore import Comparison
from accelsim.report.comparison import signed
from accelsim.report.quantities import cycles, energy, milliseconds, octets, percent
from accelsim.results import SimulationResult

__all__ = ["cards"]

Figure = Callable[[SimulationResult], str]

_FIGURES: tuple[tuple[str, str, Figure, Figure], ...] = (
    ("latency", "latency_cycles", lambda r: milliseconds(r.totals.latency_s),
     lambda r: cycles(r.totals.latency_cycles)),
    ("spilled", "spills.bytes_written", lambda r: octets(r.spills.bytes_written),
     lambda r: f"{cycles(r.spills.cycles_lost)} lost"),
    ("peak occupancy", "peak_occupancy_bytes", lambda r: octets(r.scratchpad.peak_occupancy_bytes),
     lambda r: f"{percent(r.scratchpad.peak_occupancy_bytes, r.scratchpad.capacity_bytes)} of the scratchpad"),
    ("DRAM traffic", "dram_bytes", lambda r: octets(r.totals.dram_bytes),
     lambda r: f"and {octets(r.totals.burst_padding_bytes)} of burst padding"),
    ("energy", "energy_pj", lambda r: energy(r.totals.energy_pj),
     lambda r: f"DRAM {percent(r.totals.energy_pj_by_component.get('dram', 0.0), r.totals.energy_pj)}"),
    ("PE utilisation", "pe_utilisation", lambda r: percent(r.totals.pe_utilisation),
     lambda r: f"of {r.hardware.peak_macs_per_cycle:,} MACs/cycle"),
    ("MACs", "macs", lambda r: f"{r.totals.macs:,} MACs",
     lambda r: f"{r.totals.instructions:,} instructions"),
)  # fmt: skip


def cards(found: Comparison) -> str:
    """The cards as HTML."""
    return "".join(_card(found, *figure) for figure in _FIGURES)


def _card(found: Comparison, label: str, name: str, main: Figure, aside: Figure) -> str:
    rows = "".join(
        f'<p class="side"><span class="who">{side if len(found.runs) > 1 else ""}</span>'
        f"<strong>{escape(main(run))}</strong><small>{escape(aside(run))}</small></p>"
        for side, run in found.runs.items()
    )
    change = f'<p class="change">{escape(signed(found.change[name]))}</p>' if name in found.change else ""
    return f'<div class="card"><h3>{escape(label)}</h3>{rows}{change}</div>'
