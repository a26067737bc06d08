"""What is kept of a run: the quantities that runs are compared by, and what follows from them."""

from __future__ import annotations

from accelsim.explore.change import quantities
from accelsim.results import SimulationResult

__all__ = ["metrics_of"]


def metrics_of(result: SimulationResult) -> dict[str, float]:
    """The numbers of a run by name: those of `explore.change.quantities`, and

    * `latency_s`: seconds, which compare where clocks differ;
    * `edp_pj_s`: energy × latency, in pJ·s;
    * `compute_bound_cycles`, `dram_bound_cycles`: what the latency cannot be below.
    """
    totals = result.totals
    return {
        **quantities(result),
        "latency_s": totals.latency_s,
        "edp_pj_s": totals.energy_pj * totals.latency_s,
        "compute_bound_cycles": totals.compute_bound_cycles,
        "dram_bound_cycles": totals.dram_bound_cycles,
    }
