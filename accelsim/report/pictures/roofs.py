"""The roofline: each layer's speed over its arithmetic intensity, under the hardware's two limits.

S. Williams, A. Waterman and D. Patterson, "Roofline", Communications of the ACM 52(4), 2009. Intensity is MACs per byte
requested from DRAM, speed MACs per cycle of the layer's latency.
"""

from __future__ import annotations

from dataclasses import dataclass

from accelsim.results import LayerResult, SimulationResult

__all__ = ["Dot", "Roofline", "roofline"]


@dataclass(frozen=True, slots=True)
class Dot:
    """One layer: `intensity` in MACs per byte, `speed` in MACs per cycle, its share of the latency 0..1."""

    name: str
    intensity: float
    speed: float
    share: float
    bound_by: str


@dataclass(frozen=True, slots=True)
class Roofline:
    """The limits and the dots.

    Attributes:
        title: what is drawn.
        peak: MACs per cycle at most.
        bandwidth: DRAM bytes per cycle at most.
        dots: layers that have MACs, move bytes and take time.
        left_out: the number of other layers.
    """

    title: str
    peak: float
    bandwidth: float
    dots: tuple[Dot, ...]
    left_out: int

    @property
    def ridge(self) -> float:
        """The intensity at which both limits meet, in MACs per byte."""
        return self.peak / self.bandwidth


def roofline(result: SimulationResult) -> Roofline:
    """The roofline of a run."""
    total = result.totals.latency_cycles
    dots = tuple(
        Dot(
            layer.name,
            layer.macs / layer.dram_bytes,
            layer.macs / _cycles(layer),
            _cycles(layer) / total,
            layer.bound_by,
        )
        for layer in result.layers
        if layer.macs and layer.dram_bytes and _cycles(layer)
    )
    hardware = result.hardware
    title = f"roofline of {hardware.name}, a dot for each layer of {result.model.name}"
    left_out = len(result.layers) - len(dots)
    return Roofline(title, hardware.peak_macs_per_cycle, hardware.dram_bytes_per_cycle, dots, left_out)


def _cycles(layer: LayerResult) -> int:
    """Cycles the array worked or waited for the layer."""
    return sum(layer.array_cycles_by_cause.values())
