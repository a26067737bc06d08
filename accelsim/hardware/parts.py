"""The parts of a described accelerator, one frozen model each.

In the YAML file a quantity carries its unit (`capacity: 256 KiB`); in Python it is a plain number whose unit is in the
attribute's name (`scratchpad.capacity_bytes`). Each field's description states its meaning, unit and default: the JSON
schema and docs/hardware.md are made from it.
"""

from typing import Annotated, Any

from pydantic import Field

from accelsim.hardware.dram import Dram
from accelsim.hardware.rules import Choice, Flag, OrNone, Quantity, Whole
from accelsim.hardware.section import Section
from accelsim.hardware.types import DATAFLOW_ALIASES, BankLayout, Dataflow, DataType, Depthwise, Drain
from accelsim.hardware.units import ENERGY, ENERGY_PER_BYTE, POWER, SIZE, WIDTH

__all__ = [
    "Accumulator",
    "Dma",
    "Dram",
    "EnergyDescription",
    "Instruction",
    "Packets",
    "PeArray",
    "Precision",
    "ProcessingElement",
    "Scratchpad",
    "Section",
    "VectorUnit",
    "WeightBuffer",
]

_SIZE = Quantity(SIZE, maximum="1 TiB")
_WIDTH = Quantity(WIDTH, maximum="1000000 B/cycle")
_ACCESS = Quantity(ENERGY_PER_BYTE, maximum="1 uJ/B", zero=True, whole=False)
_OPERATION = Quantity(ENERGY, maximum="1 uJ", zero=True, whole=False)


class Precision(Section):
    """Number formats. A model is run with these, whatever its file holds."""

    weights: Annotated[DataType, Choice(DataType)] = Field(
        default=DataType.INT8, description="Number format of weights."
    )
    activations: Annotated[DataType, Choice(DataType)] = Field(
        default=DataType.INT8, description="Number format of activations, on chip and in DRAM."
    )
    accumulators: Annotated[DataType, Choice(DataType)] = Field(
        default=DataType.INT32, description="Number format of partial sums and biases."
    )

    @property
    def weights_bytes(self) -> int:
        """Bytes per weight."""
        return self.weights.bytes

    @property
    def activations_bytes(self) -> int:
        """Bytes per activation."""
        return self.activations.bytes

    @property
    def accumulators_bytes(self) -> int:
        """Bytes per partial sum."""
        return self.accumulators.bytes


def _words(default: int, description: str) -> Any:
    return Field(default=default, description=description)


class ProcessingElement(Section):
    """PEs of a `row_stationary` array and the buses that feed it, in words of an operand. Defaults: Eyeriss."""

    filter_words: Annotated[int, Whole()] = _words(224, "Filter words that a PE holds.")
    input_words: Annotated[int, Whole()] = _words(12, "Input words that a PE holds.")
    sum_words: Annotated[int, Whole()] = _words(24, "Partial sums that a PE holds.")
    filter_words_per_cycle: Annotated[int, Whole()] = _words(4, "Filter words into the array per cycle.")
    input_words_per_cycle: Annotated[int, Whole()] = _words(1, "Input words into the array per cycle.")
    sum_words_per_cycle: Annotated[int, Whole()] = _words(4, "Partial sums into and out of the array per cycle, each.")


class Instruction(Section):
    """What an instruction does on a `weight_stationary` array that is fed by instructions."""

    positions: Annotated[int, Whole(maximum=65_536)] = Field(
        examples=[8],
        description="Output positions that it streams at most: consecutive ones along the longest side of the tile.",
    )
    cycles: Annotated[int, Whole()] = Field(default=1, description="Fewest cycles from one instruction to the next.")
    products_follow_loads: Annotated[bool, Flag()] = Field(
        default=False,
        description="Whether a matrix product goes on block of rows by block of rows while its operands arrive from "
        "DRAM. If not, as convolutions always do, a tile waits for all of them.",
    )


class PeArray(Section):
    """The array of processing elements that multiplies and accumulates."""

    rows: Annotated[int, Whole(maximum=65_536)] = Field(examples=[16], description="PEs along the array's height.")
    columns: Annotated[int, Whole(maximum=65_536)] = Field(examples=[16], description="PEs along the array's width.")
    dataflow: Annotated[Dataflow, Choice(Dataflow, DATAFLOW_ALIASES)] = Field(
        default=Dataflow.WEIGHT_STATIONARY,
        description="How loops lie on the array: systolic with the operand that stays in the PEs while the others "
        "stream past (short: ws, os, is); adder trees, input channels on rows and filters on columns (`adder_tree`); "
        "filter rows and output rows (`row_stationary`, rs).",
    )
    macs_per_pe: Annotated[int, Whole(maximum=65_536)] = Field(
        default=1, description="Multiply-accumulate operations per PE and cycle."
    )
    drain: Annotated[Drain, Choice(Drain)] = Field(
        default=Drain.HIDDEN,
        description="Whether moving output-stationary results out of the array costs cycles (exposed) or overlaps with "
        "the next tile (hidden, SCALE-Sim's convention).",
    )
    depthwise: Annotated[Depthwise, Choice(Depthwise)] = Field(
        default=Depthwise.PER_CHANNEL,
        description="Depthwise convolution one channel at a time (SCALE-Sim's convention), or as many channels at once "
        "as fit side by side on the array's diagonal (packed).",
    )
    stationary_double_buffered: Annotated[bool, Flag()] = Field(
        default=False,
        description="Whether the PEs hold a second stationary operand, so that loading the next tile is hidden behind "
        "the streaming of this one.",
    )

    block_rows: Annotated[int, Whole(maximum=1024)] = Field(
        default=1, description="Output rows that an `adder_tree` array computes side by side."
    )
    block_columns: Annotated[int, Whole(maximum=1024)] = Field(
        default=1, description="Output columns that an `adder_tree` array computes side by side."
    )
    processing_element: ProcessingElement = Field(
        default_factory=ProcessingElement, description="PEs of a `row_stationary` array and the buses that feed it."
    )
    instruction: Instruction | None = Field(
        default=None,
        description="A `weight_stationary` array takes a tile as instructions: rows of input channels of one kernel "
        "cell by columns of filters, a few positions at a time; weights are preloaded during the last instruction that "
        "uses the old ones. null: it takes the tile as one product.",
    )

    @property
    def peak_macs_per_cycle(self) -> int:
        """MACs per cycle when every PE is busy."""
        return self.rows * self.columns * self.macs_per_pe * self.block_rows * self.block_columns


class VectorUnit(Section):
    """The unit for element-wise work: activations, residual adds, pooling, scaling, layout copies."""

    lanes: Annotated[int, Whole(maximum=65_536)] = Field(default=16, description="Elements per cycle.")
    startup_cycles: Annotated[int, Whole(minimum=0)] = Field(
        default=4, description="Cycles from an instruction's start to its first result (pipeline depth)."
    )


class Scratchpad(Section):
    """The on-chip memory that the compiler manages: activations, and what has no memory of its own."""

    capacity_bytes: Annotated[int, _SIZE] = Field(alias="capacity", description="Usable bytes.")
    read_bytes_per_cycle: Annotated[int | None, OrNone(_WIDTH)] = Field(
        default=None, alias="read_width", description="Bytes all banks together can read per cycle; null: never binds."
    )
    write_bytes_per_cycle: Annotated[int | None, OrNone(_WIDTH)] = Field(
        default=None,
        alias="write_width",
        description="Bytes all banks together can write per cycle; null: never binds.",
    )
    banks: Annotated[int, Whole(maximum=65_536)] = Field(
        default=1,
        description="Banks of equal size that can be accessed in the same cycle; each has its share of the widths.",
    )
    bank_layout: Annotated[BankLayout | None, OrNone(Choice(BankLayout))] = Field(
        default=None,
        description="Which addresses lie in which bank, and that units contend for banks (see below): consecutive "
        "words in consecutive banks (`interleaved`), or a bank after the other (`contiguous`). null: units never meet "
        "in a bank. Needs both widths.",
    )
    bank_ports: Annotated[int, Whole(maximum=2)] = Field(
        default=2,
        description="Ports of a bank: 2, one that reads and one that writes; 1, one that does either in a cycle.",
    )


class Accumulator(Section):
    """A memory of its own for partial sums."""

    capacity_bytes: Annotated[int, _SIZE] = Field(alias="capacity", description="Usable bytes.")
    bytes_per_cycle: Annotated[int | None, OrNone(_WIDTH)] = Field(
        default=None,
        alias="width",
        description="Bytes that can be read and as many that can be written per cycle; null: never binds.",
    )


class WeightBuffer(Section):
    """A memory of its own for weights, biases and other constants of layers: a partitioned scratchpad."""

    capacity_bytes: Annotated[int, _SIZE] = Field(alias="capacity", description="Usable bytes.")
    bytes_per_cycle: Annotated[int | None, OrNone(_WIDTH)] = Field(
        default=None, alias="width", description="Bytes that the array can read per cycle; null: never binds."
    )


class Packets(Section):
    """What loads ask the DRAM for: aligned blocks of a power of two of bytes, which arrive in beats."""

    beat_bytes: Annotated[int, Quantity(SIZE, maximum="4 KiB")] = Field(
        alias="beat", examples=["16 B"], description="Width of the bus, and the smallest packet. A power of two."
    )
    largest_bytes: Annotated[int, Quantity(SIZE, maximum="4 KiB")] = Field(
        alias="largest", examples=["64 B"], description="The largest packet. A power of two."
    )


class Dma(Section):
    """The engines that move data between DRAM and the on-chip memories."""

    channels: Annotated[int, Whole(maximum=1024)] = Field(default=2, description="Channels that work side by side.")
    outstanding: Annotated[int, Whole(maximum=65_536)] = Field(
        default=4, description="Transfers a channel may have under way at once."
    )
    load_bytes_per_cycle: Annotated[int | None, OrNone(_WIDTH)] = Field(
        default=None,
        alias="load_width",
        description="Bytes per cycle that all loads together bring on chip, whatever the DRAM delivers; null: never "
        "binds.",
    )
    packets: Packets | None = Field(
        default=None,
        description="Loads come in packets (see below), whose beats cost a cycle where they bring nothing. null: a run "
        "of bytes takes as long as `load_width` says. Needs `load_width`.",
    )


class EnergyDescription(Section):
    """Energy per action. What is left out follows from precision and capacities (see the energy table)."""

    mac_pj: Annotated[float | None, OrNone(_OPERATION)] = Field(
        default=None,
        alias="mac",
        description="One multiply-accumulate, the PE's registers included. Default: multiplication in the wider of the "
        "weights' and activations' formats plus addition in the accumulators' format.",
    )
    scratchpad_read_pj_per_byte: Annotated[float | None, OrNone(_ACCESS)] = Field(
        default=None,
        alias="scratchpad_read",
        description="Reading a byte of the scratchpad. Default: from its capacity.",
    )
    scratchpad_write_pj_per_byte: Annotated[float | None, OrNone(_ACCESS)] = Field(
        default=None, alias="scratchpad_write", description="Writing a byte. Default: the same as reading it."
    )
    accumulator_pj_per_byte: Annotated[float | None, OrNone(_ACCESS)] = Field(
        default=None,
        alias="accumulator",
        description="Reading or writing a byte of partial sums. Default: from the accumulator's capacity, or the "
        "scratchpad's where partial sums live there.",
    )
    weight_buffer_pj_per_byte: Annotated[float | None, OrNone(_ACCESS)] = Field(
        default=None,
        alias="weight_buffer",
        description="Reading or writing a byte of weights. Default: from the weight buffer's capacity, or the "
        "scratchpad's reading where weights live there.",
    )
    dram_pj_per_byte: Annotated[float | None, OrNone(_ACCESS)] = Field(
        default=None, alias="dram", description="Moving a byte from or to DRAM. Default: 162.5 pJ/B."
    )
    vector_op_pj: Annotated[float | None, OrNone(_OPERATION)] = Field(
        default=None,
        alias="vector_op",
        description="One element of the vector unit. Default: one addition in the accumulators' format.",
    )
    leakage_mw: Annotated[float | None, OrNone(Quantity(POWER, maximum="1000 W", zero=True, whole=False))] = Field(
        default=None, alias="leakage", description="Power drawn all the time. Default: 0 mW (not modelled)."
    )
