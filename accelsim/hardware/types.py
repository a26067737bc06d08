"""The words a description chooses from, and the number formats with their sizes."""

from enum import StrEnum

__all__ = [
    "DATAFLOW_ALIASES",
    "BankLayout",
    "DataType",
    "Dataflow",
    "Depthwise",
    "Drain",
    "DramDevice",
    "DramModel",
    "WeightLayout",
]


class DataType(StrEnum):
    """A number format."""

    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    FP16 = "fp16"
    BF16 = "bf16"
    FP32 = "fp32"

    @property
    def bytes(self) -> int:
        """Bytes per element."""
        return {"8": 1, "16": 2, "32": 4}[self.value.lstrip("bfintp")]

    @property
    def is_integer(self) -> bool:
        """Whether it is an integer format."""
        return self.value.startswith("int")


class Dataflow(StrEnum):
    """How loops lie on the PEs: which operand stays while the others stream past, adder trees, rows."""

    WEIGHT_STATIONARY = "weight_stationary"
    OUTPUT_STATIONARY = "output_stationary"
    INPUT_STATIONARY = "input_stationary"
    ADDER_TREE = "adder_tree"
    ROW_STATIONARY = "row_stationary"


DATAFLOW_ALIASES = {
    "ws": Dataflow.WEIGHT_STATIONARY.value,
    "os": Dataflow.OUTPUT_STATIONARY.value,
    "is": Dataflow.INPUT_STATIONARY.value,
    "rs": Dataflow.ROW_STATIONARY.value,
}


class BankLayout(StrEnum):
    """Which addresses of a scratchpad lie in which bank."""

    INTERLEAVED = "interleaved"
    CONTIGUOUS = "contiguous"


class Drain(StrEnum):
    """Whether results leaving the array cost cycles of their own."""

    HIDDEN = "hidden"
    EXPOSED = "exposed"


class Depthwise(StrEnum):
    """How a depthwise convolution is laid on the array."""

    PER_CHANNEL = "per_channel"
    PACKED = "packed"


class DramModel(StrEnum):
    """How the external memory's time is modelled."""

    BANDWIDTH = "bandwidth"
    BANKS = "banks"


class WeightLayout(StrEnum):
    """How filters lie in DRAM."""

    TILES = "tiles"
    ROWS = "rows"


class DramDevice(StrEnum):
    """A DRAM device whose datasheet numbers are known."""

    LPDDR4_3200 = "LPDDR4-3200"
    DDR4_2400 = "DDR4-2400"
    LPDDR5_6400 = "LPDDR5-6400"
    HBM2 = "HBM2"
