"""Results: what a Program and its Trace amount to, and the record that becomes the JSON document."""

from accelsim.results.assembly import hardware_info, precision_info, simulation_result
from accelsim.results.causes import ArrayCause, BoundBy, DramCause, EnergyComponent, OccupancyKind
from accelsim.results.document import from_dict, read_result, write_json
from accelsim.results.json_schema import schema
from accelsim.results.measure import measure
from accelsim.results.records import (
    SCHEMA_VERSION,
    Activity,
    BankContention,
    HardwareInfo,
    LayerResult,
    Measurements,
    MemoryMap,
    MemoryUse,
    ModelInfo,
    PrecisionInfo,
    SpilledTensor,
    Spills,
    TensorBytes,
    Timeline,
    Totals,
    UnitActivity,
)
from accelsim.results.result import SimulationResult
from accelsim.results.tables import layer_rows, write_csv

__all__ = [
    "SCHEMA_VERSION",
    "Activity",
    "ArrayCause",
    "BankContention",
    "BoundBy",
    "DramCause",
    "EnergyComponent",
    "HardwareInfo",
    "LayerResult",
    "Measurements",
    "MemoryMap",
    "MemoryUse",
    "ModelInfo",
    "OccupancyKind",
    "PrecisionInfo",
    "SimulationResult",
    "SpilledTensor",
    "Spills",
    "TensorBytes",
    "Timeline",
    "Totals",
    "UnitActivity",
    "from_dict",
    "hardware_info",
    "layer_rows",
    "measure",
    "precision_info",
    "read_result",
    "schema",
    "simulation_result",
    "write_csv",
    "write_json",
]
