"""Energy: how often each layer does what costs energy, and what that adds up to.

The array's accesses are counted at its edge: operands from the scratchpad, partial sums (in the accumulators' format)
to and from the accumulators; sums and weights lie in the scratchpad where the hardware has no memory for them. Whatever
else an instruction reads (biases, residuals) or writes (finished outputs) by the bytes of its operands; one without
accumulators among its operands hands its results over without a partial sum. The vector unit's elements weigh as much
as its operands' on average. A transfer costs the bytes that move on the DRAM's pins, burst padding included, and the
requested ones on chip.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from accelsim.hardware import Hardware
from accelsim.program import MemoryKind, Opcode, TensorKind
from accelsim.results.causes import EnergyComponent
from accelsim.results.columns import TENSOR_KINDS, Bools, Columns, Floats, Ints, Slot
from accelsim.results.traffic import Traffic

__all__ = ["EnergyUse", "energy_use"]


class _Action(IntEnum):
    MAC = 0
    READ = 1
    WRITE = 2
    SUM = 3
    WEIGHT = 4
    DRAM = 5
    VECTOR = 6


@dataclass(frozen=True, slots=True, eq=False)
class EnergyUse:
    """Energy of a run.

    Attributes:
        by_component: pJ by EnergyComponent.
        by_layer: pJ of each layer, without what leaks.
    """

    by_component: dict[str, float]
    by_layer: Floats

    @property
    def total_pj(self) -> float:
        """The sum of the components."""
        return float(sum(self.by_component.values()))


def energy_use(columns: Columns, traffic: Traffic, hardware: Hardware, latency_cycles: int) -> EnergyUse:
    """The energy of a run; static energy is the leakage over the whole latency."""
    counts = _counts(columns, traffic, hardware.precision.accumulators_bytes)
    costs = hardware.energy
    per_action = np.array(
        (
            costs.mac_pj,
            costs.scratchpad_read_pj_per_byte,
            costs.scratchpad_write_pj_per_byte,
            costs.accumulator_pj_per_byte,
            costs.weight_buffer_pj_per_byte,
            costs.dram_pj_per_byte,
            costs.vector_op_pj,
        )
    )
    by_action = (counts.sum(axis=0) * per_action).tolist()
    sums = EnergyComponent.SCRATCHPAD if hardware.accumulator is None else EnergyComponent.ACCUMULATOR
    components = {component.value: 0.0 for component in EnergyComponent}
    for action, component in _COMPONENTS.items():
        components[component or sums] += by_action[action]
    components[EnergyComponent.STATIC] = costs.leakage_pj(hardware.seconds(latency_cycles))
    return EnergyUse(components, counts @ per_action)


_COMPONENTS = {
    _Action.MAC: EnergyComponent.MAC,
    _Action.READ: EnergyComponent.SCRATCHPAD,
    _Action.WRITE: EnergyComponent.SCRATCHPAD,
    _Action.SUM: None,
    _Action.WEIGHT: EnergyComponent.WEIGHT_BUFFER,
    _Action.DRAM: EnergyComponent.DRAM,
    _Action.VECTOR: EnergyComponent.VECTOR,
}


def _counts(columns: Columns, traffic: Traffic, sum_bytes: int) -> Floats:
    """Actions (MACs, bytes, elements) of each layer, one column per action."""
    counts = np.zeros((len(columns.program.layers), len(_Action)))

    def add(action: _Action, layer: Ints, amount: Ints | Floats) -> None:
        counts[:, action] += np.bincount(layer, weights=amount, minlength=len(counts))

    used, work = columns.accesses, columns.work
    layer, on_array = columns.layer[used.instruction], columns.runs(Opcode.ARRAY)
    partial = columns.tensor_kind[used.tensor] == TENSOR_KINDS.index(TensorKind.PARTIAL)
    size = _bytes_moved(columns, on_array, partial)
    in_sums, in_weights = (_in(columns, kind) for kind in (MemoryKind.ACCUMULATOR, MemoryKind.WEIGHT_BUFFER))
    in_pad = ~in_sums & ~in_weights
    for action, which in (
        (_Action.SUM, in_sums),
        (_Action.WEIGHT, in_weights),
        (_Action.READ, in_pad & ~used.write),
        (_Action.WRITE, in_pad & used.write),
    ):
        add(action, layer[which], size[which])
    add(_Action.MAC, columns.layer, work.macs)
    add(_Action.VECTOR, columns.layer, work.operations)
    for slot, reads in ((Slot.INPUT, work.input_reads), (Slot.WEIGHTS, work.weight_reads)):
        operands = ~used.write & (used.slot == slot)
        streamed = np.where(on_array, reads, 0)
        add(_Action.READ, columns.layer, streamed * _element_bytes(columns, operands & ~in_weights))
        add(_Action.WEIGHT, columns.layer, streamed * _element_bytes(columns, operands & in_weights))
    add(_Action.SUM, columns.layer, _sums(columns, partial) * sum_bytes)
    add(_Action.DRAM, traffic.layer, traffic.bytes + traffic.padding)
    return counts


def _bytes_moved(columns: Columns, on_array: Bools, partial: Bools) -> Floats:
    """On-chip bytes of each access, apart from what the array streams and its partial sums."""
    used, work = columns.accesses, columns.work
    held = np.zeros((len(columns), 2))
    np.add.at(held, (used.instruction, used.write.astype(np.int64)), used.elements)
    moved = np.stack((work.reads, work.writes), axis=1)
    share: Floats = np.where(columns.runs(Opcode.VECTOR)[:, None], moved / np.maximum(held, 1), 1.0)
    size: Floats = share[used.instruction, used.write.astype(np.int64)] * used.bytes
    streamed = ~used.write & (used.slot != Slot.OTHER)
    size[on_array[used.instruction] & (streamed | partial)] = 0
    size[~columns.on_chip[used.memory]] = 0
    return size


def _in(columns: Columns, kind: MemoryKind) -> Bools:
    """Which accesses are to a memory of a kind."""
    found = np.array([memory.kind is kind for memory in columns.program.memories], np.bool_)
    return np.asarray(found[columns.accesses.memory])


def _element_bytes(columns: Columns, operands: Bools) -> Ints:
    """Bytes per element of each instruction's operand among these; 0 where it has none."""
    used = columns.accesses
    width = np.zeros(len(columns), np.int64)
    width[used.instruction[operands]] = used.element_bytes[operands]
    return width


def _sums(columns: Columns, partial: Bools) -> Ints:
    """Partial sums that each instruction moves; results that leave the array as finished outputs at once are none."""
    used, work = columns.accesses, columns.work
    kept = np.zeros(len(columns), np.bool_)
    kept[used.instruction[partial]] = True
    finished = np.zeros(len(columns), np.int64)
    results = used.write & ~partial
    np.add.at(finished, used.instruction[results], used.elements[results])
    straight = np.where(kept, 0, finished)
    return work.partial_reads + np.maximum(work.partial_writes - straight, 0)
