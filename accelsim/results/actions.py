"""Energy: how often each instruction does what costs energy, and what that adds up to.

The array's accesses are counted at its edge: operands from the scratchpad, partial sums (in the accumulators' format)
to and from the accumulators, which lie in the scratchpad where the hardware has no memory for them; whatever else an
instruction reads (biases, residuals) or writes (finished outputs) by the bytes of its operands; an instruction without
accumulators among its operands hands its results over without a partial sum. The vector unit's
elements weigh as much as the operands' on average. A transfer costs the bytes that move on the DRAM's pins, burst
padding included, and the requested ones on chip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from accelsim.hardware import Hardware
from accelsim.program import ArrayWork, Instruction, MemoryKind, Operand, Program, TensorKind, VectorWork
from accelsim.results.causes import EnergyComponent
from accelsim.results.traffic import Traffic

__all__ = ["EnergyUse", "energy_use"]

Floats = NDArray[np.float64]


_STREAMED = ("input", "weights")


class _Action(IntEnum):
    MAC = 0
    READ = 1
    WRITE = 2
    SUM = 3
    DRAM = 4
    VECTOR = 5


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


def energy_use(program: Program, traffic: Traffic, hardware: Hardware, latency_cycles: int) -> EnergyUse:
    """The energy of a run; static energy is the leakage over the whole latency."""
    counts = _counts(program, traffic, hardware.precision.accumulators_bytes)
    costs = hardware.energy
    per_action = (
        costs.mac_pj,
        costs.scratchpad_read_pj_per_byte,
        costs.scratchpad_write_pj_per_byte,
        costs.accumulator_pj_per_byte,
        costs.dram_pj_per_byte,
        costs.vector_op_pj,
    )
    by_action = counts.sum(axis=0) * np.array(per_action)
    sums = EnergyComponent.SCRATCHPAD if hardware.accumulator is None else EnergyComponent.ACCUMULATOR
    components = {component.value: 0.0 for component in EnergyComponent}
    for action, component in _COMPONENTS.items():
        components[component or sums] += float(by_action[action])
    components[EnergyComponent.STATIC] = costs.leakage_pj(hardware.seconds(latency_cycles))
    return EnergyUse(components, counts @ np.array(per_action))


_COMPONENTS = {
    _Action.MAC: EnergyComponent.MAC,
    _Action.READ: EnergyComponent.SCRATCHPAD,
    _Action.WRITE: EnergyComponent.SCRATCHPAD,
    _Action.SUM: None,
    _Action.DRAM: EnergyComponent.DRAM,
    _Action.VECTOR: EnergyComponent.VECTOR,
}


def _counts(program: Program, traffic: Traffic, sum_bytes: int) -> Floats:
    """Actions (MACs, bytes, elements) of each layer, one column per action."""
    meter = _Meter(program, sum_bytes)
    for instruction in program.instructions:
        meter.count(instruction)
    counts = np.array(meter.counts, np.float64).reshape(-1, len(_Action))
    np.add.at(counts[:, _Action.DRAM], traffic.layer, traffic.bytes + traffic.padding)
    return counts


class _Meter:
    """Counts the actions of one instruction after another into its layer's row."""

    def __init__(self, program: Program, sum_bytes: int) -> None:
        self.counts: list[list[float]] = [[0] * len(_Action) for _ in program.layers]
        self._kinds = [memory.kind for memory in program.memories]
        self._partial = [tensor.kind is TensorKind.PARTIAL for tensor in program.tensors]
        self._sum_bytes = sum_bytes

    def count(self, instruction: Instruction) -> None:
        """Add the actions of an instruction, apart from the DRAM's."""
        row = self.counts[instruction.layer]
        work = instruction.work
        if isinstance(work, ArrayWork):
            self._array(row, instruction, work)
        elif isinstance(work, VectorWork):
            row[_Action.VECTOR] += work.operations
            self._scaled(row, instruction.reads, work.reads, _Action.READ)
            self._scaled(row, instruction.writes, work.writes, _Action.WRITE)
        else:
            self._bytes(row, instruction.reads, _Action.READ)
            self._bytes(row, instruction.writes, _Action.WRITE)

    def _array(self, row: list[float], instruction: Instruction, work: ArrayWork) -> None:
        streamed = {"input": work.input_reads, "weights": work.weight_reads}
        for operand in instruction.reads:
            row[_Action.READ] += streamed.pop(operand.slot, 0) * operand.element_bytes
        others = [o for o in instruction.reads if o.slot not in _STREAMED and not self._partial[o.tensor]]
        finished = [o for o in instruction.writes if not self._partial[o.tensor]]
        self._bytes(row, others, _Action.READ)
        self._bytes(row, finished, _Action.WRITE)
        row[_Action.MAC] += work.macs
        row[_Action.SUM] += self._sums(instruction, work, finished) * self._sum_bytes

    def _sums(self, instruction: Instruction, work: ArrayWork, finished: Sequence[Operand]) -> int:
        """Partial sums moved; results that leave the array as finished outputs at once are none."""
        if any(self._partial[operand.tensor] for operand in (*instruction.reads, *instruction.writes)):
            return work.partial_reads + work.partial_writes
        straight = sum(operand.elements for operand in finished)
        return work.partial_reads + max(0, work.partial_writes - straight)

    def _bytes(self, row: list[float], operands: Sequence[Operand], action: _Action, share: float = 1) -> None:
        for operand in operands:
            kind = self._kinds[operand.memory]
            if kind is MemoryKind.ACCUMULATOR:
                action = _Action.SUM
            if kind is not MemoryKind.DRAM:
                row[action] += operand.bytes * share

    def _scaled(self, row: list[float], operands: Sequence[Operand], elements: int, action: _Action) -> None:
        held = sum(operand.elements for operand in operands)
        if held:
            self._bytes(row, operands, action, elements / held)
