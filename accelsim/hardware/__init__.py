"""The described accelerator: YAML with units in, one frozen and checked `Hardware` out.

Terms: the *PE array* multiplies and accumulates, the *vector unit* does element-wise work, the *scratchpad* is the
on-chip memory that the compiler manages, the *accumulator* an optional memory for partial sums, *DRAM* the
external memory that the *DMA* channels reach. Everything counts in cycles of one clock.
"""

from accelsim.hardware.description import Hardware
from accelsim.hardware.energy import Energy
from accelsim.hardware.loading import Loaded, check, from_description, load, load_with_notices, override, presets
from accelsim.hardware.manual import manual, schema
from accelsim.hardware.parts import (
    Accumulator,
    Dma,
    Dram,
    EnergyDescription,
    PeArray,
    Precision,
    ProcessingElement,
    Scratchpad,
    VectorUnit,
)
from accelsim.hardware.report import Fact, describe, to_dict
from accelsim.hardware.types import Dataflow, DataType, Depthwise, Drain, WeightLayout

__all__ = [
    "Accumulator",
    "DataType",
    "Dataflow",
    "Depthwise",
    "Dma",
    "Drain",
    "Dram",
    "Energy",
    "EnergyDescription",
    "Fact",
    "Hardware",
    "Loaded",
    "PeArray",
    "Precision",
    "ProcessingElement",
    "Scratchpad",
    "VectorUnit",
    "WeightLayout",
    "check",
    "describe",
    "from_description",
    "load",
    "load_with_notices",
    "manual",
    "override",
    "presets",
    "schema",
    "to_dict",
]
