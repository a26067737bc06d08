"""The accelerator as the mapper sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from accelsim.dataflows import ArrayShape, Instruction, ProcessingElement, dataflow
from accelsim.hardware import Hardware, PeArray, WeightLayout
from accelsim.mapping.ports import Ports


@dataclass(frozen=True, slots=True)
class Machine:
    """What of the hardware the cost depends on; cycles of the accelerator clock."""

    array: ArrayShape
    dataflow: str
    lanes: int
    startup_cycles: int
    issue_cycles: int
    bytes_per_cycle: Fraction
    latency_cycles: int
    burst_bytes: int
    accumulator_bytes: int
    accumulator_capacity: int | None
    ports: Ports
    weight_rows: bool = False
    products_follow_loads: bool = False

    @staticmethod
    def of(hardware: Hardware) -> Machine:
        """The figures of a described accelerator."""
        pe, rate = hardware.pe_array, hardware.dram.bytes_per_cycle
        return Machine(
            array=array_shape(pe),
            dataflow=pe.dataflow.value,
            lanes=hardware.vector_unit.lanes,
            startup_cycles=hardware.vector_unit.startup_cycles,
            issue_cycles=hardware.issue_cycles,
            # Of the narrower of DRAM and the path of loads, for stores as well: they are the fewer.
            bytes_per_cycle=min(rate, Fraction(hardware.dma.load_bytes_per_cycle or rate)),
            latency_cycles=hardware.dram.latency_cycles,
            burst_bytes=hardware.dram.burst_bytes,
            accumulator_bytes=hardware.precision.accumulators_bytes,
            accumulator_capacity=hardware.accumulator.capacity_bytes if hardware.accumulator else None,
            ports=Ports.of(hardware),
            weight_rows=hardware.dram.weight_layout is WeightLayout.ROWS,
            products_follow_loads=pe.instruction is not None and pe.instruction.products_follow_loads,
        )

    @property
    def sums_leave_array(self) -> bool:
        """Whether partial sums are kept outside the array between folds (not output-stationary)."""
        return dataflow(self.dataflow).sums_leave_array

    @property
    def units(self) -> tuple[int, int]:
        """Channels and filters that the array takes at once."""
        return dataflow(self.dataflow).units(self.array)

    @property
    def tiling(self) -> Machine:
        """The part that a cost table in DRAM bytes depends on; the rest scales it, or decides which rows are legal."""
        return replace(
            self,
            bytes_per_cycle=Fraction(1),
            latency_cycles=0,
            accumulator_capacity=None,
            products_follow_loads=False,
        )


def array_shape(pe: PeArray) -> ArrayShape:
    """The described PE array as the dataflows see it."""
    return ArrayShape(
        pe.rows,
        pe.columns,
        pe.drain.value,
        pe.depthwise.value,
        pe.stationary_double_buffered,
        pe.macs_per_pe,
        pe.block_rows,
        pe.block_columns,
        ProcessingElement(**dict(pe.processing_element)),
        Instruction(pe.instruction.positions, pe.instruction.cycles) if pe.instruction else None,
    )
