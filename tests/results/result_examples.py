"""A small made-up result for tests of documents, tables and displays."""

from accelsim.results import (
    Activity,
    ArrayCause,
    DramCause,
    HardwareInfo,
    LayerResult,
    MemoryUse,
    ModelInfo,
    PrecisionInfo,
    SimulationResult,
    SpilledTensor,
    Spills,
    TensorBytes,
    Timeline,
    Totals,
)
from accelsim.results.causes import full_table


def example(name: str = "tiny") -> SimulationResult:
    """A run of one layer whose output spills."""
    cycles = full_table(ArrayCause, {"compute": 6, "weights": 4})
    dram = full_table(DramCause, {"compulsory_weights": 16, "spill": 8, "spill_reload": 8})
    memory = MemoryUse("scratchpad", "scratchpad", 64, 40, 3, "conv", (TensorBytes("x", 40),), 48, 48, 8)
    layer = LayerResult(
        "conv",
        "Conv",
        ("Relu", "Add"),
        24,
        10,
        6,
        cycles,
        0.6,
        32,
        dram,
        40,
        "compute",
        "for k in 2",
        4,
        6,
        8,
        1.5,
        0,
        10,
    )
    return SimulationResult(
        version="0.1.0",
        model=ModelInfo(name, "zoo", macs=24, parameters=16, operators=3),
        hardware=HardwareInfo("toy", 1_000_000_000, 4, 2.0, 3, {"name": "toy", "scratchpad": {"capacity": "64 B"}}),
        precision=PrecisionInfo("int8", "int8", "int32", 1, 1, 4, "float32"),
        totals=Totals(10, 1e-8, 6, 8, 0.6, 24, 32, dram, 4, 6, cycles, 1.5, {"mac": 1.0, "dram": 0.5}, instructions=5),
        scratchpad=memory,
        memories=(memory,),
        spills=Spills(1, 8, 8, 2, (SpilledTensor("y", "conv", 8, 8, 2, 4, 9),)),
        layers=(layer,),
        activity=Activity((0, 5, 10), {"compute": (3, 3), "weights": (2, 2)}),
        occupancy=(
            Timeline("scratchpad", (0, 3, 10), (8, 40, 0), {"weight": (8, 8, 0), "input": (0, 32, 0)}, (8, 48, 0)),
        ),
    )
