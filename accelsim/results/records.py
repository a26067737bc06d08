"""What a simulated run amounts to, as plain records: the fields are the names of the JSON document.

Cycles are cycles of the accelerator clock, sizes are bytes, energies picojoules, ratios fractions 0..1. Everything that
reports or draws a run reads these records only, so that a saved result is as good as a fresh one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SCHEMA_VERSION = 1

Table = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The network that ran.

    Attributes:
        name: short name.
        source: ``file`` or ``zoo`` (built in code).
        path: where it was read, as the user wrote it; empty for the zoo.
        sha256: digest of the model file; empty for the zoo.
        macs: multiply-accumulates of one inference.
        parameters: elements of all weights.
        operators: operators of the graph.
    """

    name: str
    source: str
    path: str = ""
    sha256: str = ""
    macs: int = 0
    parameters: int = 0
    operators: int = 0


@dataclass(frozen=True, slots=True)
class HardwareInfo:
    """The accelerator it ran on.

    Attributes:
        name: short name.
        frequency_hz: clock.
        peak_macs_per_cycle: MACs per cycle when every PE is busy.
        dram_bytes_per_cycle: DRAM bandwidth per cycle of the accelerator clock.
        dram_latency_cycles: DRAM latency, rounded up.
        description: the whole description with all defaults filled in, as the YAML file would hold it.
    """

    name: str
    frequency_hz: int
    peak_macs_per_cycle: int
    dram_bytes_per_cycle: float
    dram_latency_cycles: int
    description: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PrecisionInfo:
    """Number formats of the run, and those of the model's file.

    Attributes:
        weights, activations, accumulators: formats on this hardware, e.g. ``int8``.
        weights_bytes, activations_bytes, accumulators_bytes: bytes per element.
        model: element type of the model's file, e.g. ``float32``; empty if unknown.
    """

    weights: str
    activations: str
    accumulators: str
    weights_bytes: int
    activations_bytes: int
    accumulators_bytes: int
    model: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """The run as a whole.

    Attributes:
        latency_cycles: cycle at which everything had completed.
        latency_s: the same in seconds.
        compute_bound_cycles: MACs / peak MACs per cycle, rounded up.
        dram_bound_cycles: compulsory DRAM bytes (with the network outputs) / bandwidth, rounded up.
        pe_utilisation: MACs / (latency × peak MACs per cycle).
        macs: multiply-accumulates.
        dram_bytes: bytes requested from DRAM, both ways.
        dram_bytes_by_cause: the same by DramCause; they add up.
        burst_padding_bytes: bytes moved on top because bursts are longer than runs.
        array_cycles: cycles in which the array works.
        array_cycles_by_cause: latency_cycles by ArrayCause; they add up.
        energy_pj: energy.
        energy_pj_by_component: the same by EnergyComponent.
        operator_coverage: share of operators that were costed.
        instructions: instructions of the Program.
        inferences_per_s: batch / latency of the warm state; none for a cold run.
    """

    latency_cycles: int
    latency_s: float
    compute_bound_cycles: int
    dram_bound_cycles: int
    pe_utilisation: float
    macs: int
    dram_bytes: int
    dram_bytes_by_cause: Table
    burst_padding_bytes: int
    array_cycles: int
    array_cycles_by_cause: Table
    energy_pj: float
    energy_pj_by_component: Mapping[str, float]
    operator_coverage: float = 1.0
    instructions: int = 0
    inferences_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class TensorBytes:
    """Bytes of one tensor."""

    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class BankContention:
    """How busy the banks of a scratchpad were, and what was held up by them.

    Attributes:
        busy_cycles: per bank, cycles of work of its busiest port; one entry where words are interleaved.
        array_cycles, vector_cycles, transfer_cycles: cycles by which instructions on the array, on the vector unit,
            and transfers took longer because their banks were busy. Those of the array are in ``ports``.
    """

    busy_cycles: tuple[int, ...]
    array_cycles: int
    vector_cycles: int
    transfer_cycles: int


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """How an on-chip memory was used.

    Attributes:
        name: the memory's name.
        kind: ``scratchpad`` or ``accumulator``.
        capacity_bytes: its size.
        peak_occupancy_bytes: most bytes that held a value still to be read, at one time.
        peak_cycle: first cycle of the peak.
        peak_layer: the layer whose instruction made it.
        peak_tensors: what the peak consists of, largest first.
        highest_address_bytes: one past the highest address used.
        peak_reserved_bytes: most addresses in reserved ranges at one time; ranges that share addresses count once.
        reserved_unwritten_bytes: at the peak, bytes that were reserved but held no value still to be read.
        banks: contention for its banks; none where it is not modelled.
    """

    name: str
    kind: str
    capacity_bytes: int
    peak_occupancy_bytes: int
    peak_cycle: int
    peak_layer: str
    peak_tensors: tuple[TensorBytes, ...]
    highest_address_bytes: int
    peak_reserved_bytes: int = 0
    reserved_unwritten_bytes: int = 0
    banks: BankContention | None = None


@dataclass(frozen=True, slots=True)
class SpilledTensor:
    """An intermediate tensor that was written to DRAM.

    Attributes:
        name: the tensor.
        producer: the layer that wrote it.
        bytes_written: bytes out.
        bytes_reloaded: bytes back, each layer's first read of each byte (later reads are re-fetches).
        cycles_lost: cycles the array waited for transfers of this tensor.
        first_written_cycle: start of the first transfer out.
        last_reloaded_cycle: end of the last transfer back; -1 if there was none.
    """

    name: str
    producer: str
    bytes_written: int
    bytes_reloaded: int
    cycles_lost: int
    first_written_cycle: int = -1
    last_reloaded_cycle: int = -1


@dataclass(frozen=True, slots=True)
class Spills:
    """All spills: how many tensors, the sums, and each tensor (dearest first)."""

    tensors: int = 0
    bytes_written: int = 0
    bytes_reloaded: int = 0
    cycles_lost: int = 0
    by_tensor: tuple[SpilledTensor, ...] = ()


@dataclass(frozen=True, slots=True)
class LayerResult:
    """One layer.

    Attributes:
        name, operator, fused: the ONNX nodes it stands for.
        macs: multiply-accumulates.
        latency_cycles: T_i - T_(i-1), T_i the latest completion among layers up to this one; their sum is the latency.
        array_cycles: cycles in which the array works for it.
        array_cycles_by_cause: those and the waits that its instructions caused; layers add up to the totals.
        pe_utilisation: MACs / (cycles in that table × peak MACs per cycle).
        dram_bytes, dram_bytes_by_cause, burst_padding_bytes: of its transfers.
        peak_occupancy_bytes: most occupied scratchpad bytes while it computes.
        bound_by: what takes most of its cycles (BoundBy).
        mapping: the loop nest in words.
        compute_bound_cycles, dram_bound_cycles: as in Totals.
        energy_pj: energy without the static share.
        first_cycle, last_cycle: start of its first instruction, end of its last; -1 if it has none.
    """

    name: str
    operator: str
    fused: tuple[str, ...]
    macs: int
    latency_cycles: int
    array_cycles: int
    array_cycles_by_cause: Table
    pe_utilisation: float
    dram_bytes: int
    dram_bytes_by_cause: Table
    peak_occupancy_bytes: int
    bound_by: str
    mapping: str = ""
    burst_padding_bytes: int = 0
    compute_bound_cycles: int = 0
    dram_bound_cycles: int = 0
    energy_pj: float = 0.0
    first_cycle: int = -1
    last_cycle: int = -1


@dataclass(frozen=True, slots=True)
class Timeline:
    """Occupancy of a memory over time, as steps for drawing.

    Attributes:
        memory: the memory's name.
        cycles: where a step begins; the first is 0 and the last is the latency, where nothing is occupied any more.
        bytes: occupied bytes from that cycle on.
        bytes_by_kind: the same by OccupancyKind; kinds that never occur are left out.
        reserved_bytes: addresses in reserved ranges from that cycle on.
        exact: whether every change is a step; otherwise a step stands for a stretch of time and holds its highest
            moment, so that the peak is never lost.
    """

    memory: str
    cycles: tuple[int, ...]
    bytes: tuple[int, ...]
    bytes_by_kind: Mapping[str, tuple[int, ...]]
    reserved_bytes: tuple[int, ...] = ()
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Activity:
    """What the PE array's cycles went into over time, for drawing.

    Attributes:
        cycles: where each stretch of time begins, and at the end the latency; one more than there are stretches.
        cycles_by_cause: cycles of each stretch by ArrayCause; causes that never occur are left out.
    """

    cycles: tuple[int, ...]
    cycles_by_cause: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class MemoryMap:
    """What the addresses of a memory were reserved for, and when, for drawing: one rectangle per entry of the columns.

    Attributes:
        memory: the memory's name.
        tensors, kinds: names of the tensors, and what they are (OccupancyKind).
        tensor: index into `tensors`.
        layer: index into the result's layers of the one that reserved it; -1 for contents that nobody touched.
        address, size_bytes: [address, address + size_bytes).
        first_cycle, last_cycle: from the start of the first access to the end of the last.
        ranges: how many the Program has; those that follow each other at once at the same place for the same layer
            and tensor are one rectangle.
        left_out: rectangles that were left out, those of smallest area.
    """

    memory: str
    tensors: tuple[str, ...]
    kinds: tuple[str, ...]
    tensor: tuple[int, ...]
    layer: tuple[int, ...]
    address: tuple[int, ...]
    size_bytes: tuple[int, ...]
    first_cycle: tuple[int, ...]
    last_cycle: tuple[int, ...]
    ranges: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class UnitActivity:
    """What a unit did when, for drawing: one slice per entry of the columns, by their beginning.

    Attributes:
        unit, kind: the unit's name and kind.
        begin, end: cycles; a transfer begins when its first byte moves.
        layer: index into the result's layers.
        opcodes: names of the opcodes.
        opcode: index into `opcodes`.
        bytes: written by the slice's instructions.
        instructions: how many the unit ran.
        busy_cycles: cycles in which at least one of them was under way.
        joined_gap_cycles: slices of the same layer and opcode at most so far apart are one; -1: each is an instruction.
    """

    unit: str
    kind: str
    begin: tuple[int, ...]
    end: tuple[int, ...]
    layer: tuple[int, ...]
    opcodes: tuple[str, ...]
    opcode: tuple[int, ...]
    bytes: tuple[int, ...]
    instructions: int = 0
    busy_cycles: int = 0
    joined_gap_cycles: int = -1


@dataclass(frozen=True, slots=True)
class Measurements:
    """All numbers that Program, Trace and hardware determine."""

    totals: Totals
    memories: tuple[MemoryUse, ...]
    spills: Spills
    layers: tuple[LayerResult, ...]
    occupancy: tuple[Timeline, ...]
    activity: Activity
    memory_maps: tuple[MemoryMap, ...] = ()
    units: tuple[UnitActivity, ...] = ()
