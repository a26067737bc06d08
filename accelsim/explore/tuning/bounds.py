"""What a run cannot be below, from a plan's MACs and the description alone."""

from __future__ import annotations

from accelsim.explore.choosing import Quantity
from accelsim.hardware import Hardware

__all__ = ["lower_bound"]


def lower_bound(quantity: Quantity, macs: int, hardware: Hardware) -> float:
    """The least an objective can be: latency from the array's peak, energy from that of its MACs, else 0.

    Args:
        macs: of the restructured network.
    """
    seconds = macs / hardware.peak_macs_per_s
    energy = macs * hardware.energy.mac_pj
    return {"latency": seconds, "energy": energy, "edp": seconds * energy}.get(quantity.name, 0.0)
