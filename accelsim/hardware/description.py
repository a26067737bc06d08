"""A whole described accelerator: `Hardware`."""

from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from accelsim.hardware.energy import Capacities, Energy, resolve_energy
from accelsim.hardware.parts import (
    Accumulator,
    Dma,
    Dram,
    EnergyDescription,
    PeArray,
    Precision,
    Scratchpad,
    Section,
    VectorUnit,
    WeightBuffer,
)
from accelsim.hardware.rules import Quantity, Text, Texts, Whole
from accelsim.hardware.units import BANDWIDTH, FREQUENCY, SIZE, format_quantity

__all__ = ["Hardware"]

_NAME = Text(
    pattern=r"[A-Za-z0-9][A-Za-z0-9_.+-]*",
    rule="must be a word of letters, digits and _ . + -, starting with a letter or digit",
    longest=64,
)


class Hardware(Section):
    """A described accelerator: one PE array, one vector unit, on-chip memories, DMA channels, one external memory.

    Immutable. `load` makes one from a YAML file or a preset, `override` makes another one that differs in some fields.
    """

    name: Annotated[str, _NAME] = Field(examples=["my_npu"], description="Short name, as results show it.")
    description: Annotated[str, Text()] = Field(default="", description="What it is, in a sentence.")
    sources: Annotated[tuple[str, ...], Texts()] = Field(
        default=(), description="Where the numbers are from; what has no source is marked as an assumption."
    )
    frequency_hz: Annotated[int, Quantity(FREQUENCY, maximum="100 GHz")] = Field(
        alias="frequency", description="Clock of the accelerator; all cycles are of this clock."
    )
    issue_cycles: Annotated[int, Whole(minimum=0)] = Field(
        default=0, description="Cycles a unit needs to issue one instruction, before its work starts."
    )
    precision: Precision = Field(default_factory=Precision, description="Number formats.")
    pe_array: PeArray = Field(description="The array that multiplies and accumulates.")
    vector_unit: VectorUnit = Field(default_factory=VectorUnit, description="The unit for element-wise work.")
    scratchpad: Scratchpad = Field(description="The on-chip memory.")
    accumulator: Accumulator | None = Field(
        default=None, description="Separate memory for partial sums; null: they live in the scratchpad."
    )
    weight_buffer: WeightBuffer | None = Field(
        default=None, description="Separate memory for weights and biases; null: they live in the scratchpad."
    )
    dram: Dram = Field(description="The external memory.")
    dma: Dma = Field(default_factory=Dma, description="Engines between DRAM and the on-chip memories.")
    energy_description: EnergyDescription = Field(
        default_factory=EnergyDescription, alias="energy", description="Energy per action."
    )

    @model_validator(mode="after")
    def _give_dram_its_clock(self) -> Self:
        self.__dict__["dram"] = self.dram.at(self.frequency_hz)
        return self

    @cached_property
    def energy(self) -> Energy:
        """Energy per action, with defaults filled in."""
        capacities = Capacities(
            self.scratchpad.capacity_bytes,
            self.accumulator.capacity_bytes if self.accumulator else None,
            self.weight_buffer.capacity_bytes if self.weight_buffer else None,
        )
        return resolve_energy(self.energy_description, self.precision, capacities)

    @property
    def peak_macs_per_cycle(self) -> int:
        """MACs per cycle when every PE is busy."""
        return self.pe_array.peak_macs_per_cycle

    @property
    def peak_macs_per_s(self) -> int:
        """MACs per second when every PE is busy."""
        return self.peak_macs_per_cycle * self.frequency_hz

    @property
    def summary(self) -> str:
        """The description in a line."""
        array = self.pe_array
        capacity = format_quantity(self.scratchpad.capacity_bytes, SIZE)
        weights = (
            f" and {format_quantity(self.weight_buffer.capacity_bytes, SIZE)} of weights" if self.weight_buffer else ""
        )
        bandwidth = format_quantity(self.dram.bandwidth_bytes_per_s, BANDWIDTH)
        clock = format_quantity(self.frequency_hz, FREQUENCY)
        return (
            f"{self.name}: {array.rows}x{array.columns} {array.dataflow} array, {capacity} scratchpad{weights}, "
            f"{bandwidth} DRAM, {clock}"
        )

    def __repr__(self) -> str:
        return f"<Hardware {self.summary}>"

    def __str__(self) -> str:
        return self.summary

    def seconds(self, cycles: int) -> float:
        """The time that a number of cycles takes."""
        return cycles / self.frequency_hz

    def to_description(self) -> dict[str, Any]:
        """The description as the YAML file would hold it, defaults included; `from_description` reads it back."""
        return self.model_dump(by_alias=True)
