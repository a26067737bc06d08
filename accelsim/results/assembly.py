"""A SimulationResult put together: the measurements of a run, and what ran on what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

from accelsim.hardware import Hardware
from accelsim.results.records import HardwareInfo, Measurements, ModelInfo, PrecisionInfo
from accelsim.results.result import SimulationResult

__all__ = ["hardware_info", "precision_info", "simulation_result"]


def hardware_info(hardware: Hardware) -> HardwareInfo:
    """What a result keeps of the hardware."""
    return HardwareInfo(
        name=hardware.name,
        frequency_hz=hardware.frequency_hz,
        peak_macs_per_cycle=hardware.peak_macs_per_cycle,
        dram_bytes_per_cycle=float(hardware.dram.bytes_per_cycle),
        dram_latency_cycles=hardware.dram.latency_cycles,
        description=hardware.to_description(),
    )


def precision_info(hardware: Hardware, model: str = "") -> PrecisionInfo:
    """The number formats of a run; `model` is the element type of the model's file."""
    formats = hardware.precision
    return PrecisionInfo(
        weights=formats.weights.value,
        activations=formats.activations.value,
        accumulators=formats.accumulators.value,
        weights_bytes=formats.weights_bytes,
        activations_bytes=formats.activations_bytes,
        accumulators_bytes=formats.accumulators_bytes,
        model=model,
    )


def simulation_result(
    measured: Measurements,
    model: ModelInfo,
    hardware: Hardware,
    *,
    precision: PrecisionInfo | None = None,
    state: str = "cold",
    batch: int = 1,
    operator_coverage: float = 1.0,
    uncosted_operators: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> SimulationResult:
    """The whole record of a run: the measurements, and what ran on what.

    Args:
        measured: the answer of `measure`.
        model, hardware: what ran on what.
        precision: number formats, if they are not those of the hardware.
        state: ``cold`` or ``warm``; only a warm run has inferences per second.
        batch: inferences in the run.
        operator_coverage: share of operators that were costed, 0..1.
        uncosted_operators: the others, by name.
        notes: what the user should know.
    """
    seconds = measured.totals.latency_s
    rate = batch / seconds if state == "warm" and seconds else None
    return SimulationResult(
        version=_version(),
        model=model,
        hardware=hardware_info(hardware),
        precision=precision or precision_info(hardware),
        totals=replace(measured.totals, operator_coverage=operator_coverage, inferences_per_s=rate),
        scratchpad=measured.memories[0],
        memories=measured.memories,
        spills=measured.spills,
        layers=measured.layers,
        occupancy=measured.occupancy,
        activity=measured.activity,
        state=state,
        batch=batch,
        uncosted_operators=tuple(uncosted_operators),
        notes=tuple(notes),
        memory_maps=measured.memory_maps,
        units=measured.units,
    )


def _version() -> str:
    try:
        return version("accelsim")
    except PackageNotFoundError:
        return "unknown"
