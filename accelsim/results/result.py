"""SimulationResult: one simulated run, the record behind the screen, the JSON document and every drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accelsim.results.records import (
    SCHEMA_VERSION,
    Activity,
    HardwareInfo,
    LayerResult,
    MemoryMap,
    MemoryUse,
    ModelInfo,
    PrecisionInfo,
    Spills,
    Timeline,
    Totals,
    UnitActivity,
)

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["SimulationResult"]


@dataclass(frozen=True, slots=True, repr=False)
class SimulationResult:
    """One simulated run. The fields are those of the JSON document, in its order.

    Attributes:
        version: of accelsim.
        model, hardware, precision: what ran on what, with which number formats.
        state: ``cold`` (first inference) or ``warm`` (weights that fit are resident already).
        batch: inferences in the run.
        totals: the run as a whole.
        scratchpad: the scratchpad; also among `memories`.
        memories: every on-chip memory.
        spills: intermediates that went to DRAM.
        layers: one record per layer, in Program order.
        occupancy: one timeline per on-chip memory.
        activity: what the array's cycles went into over time.
        memory_maps: per on-chip memory what its addresses were reserved for, and when.
        units: what each unit did when.
        uncosted_operators: operators that the run leaves out, by name; empty when the coverage is 1.
        notes: what the user should know.
        schema_version: of the document.
    """

    version: str
    model: ModelInfo
    hardware: HardwareInfo
    precision: PrecisionInfo
    totals: Totals
    scratchpad: MemoryUse
    memories: tuple[MemoryUse, ...]
    spills: Spills
    layers: tuple[LayerResult, ...]
    occupancy: tuple[Timeline, ...]
    activity: Activity
    state: str = "cold"
    batch: int = 1
    uncosted_operators: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    memory_maps: tuple[MemoryMap, ...] = ()
    units: tuple[UnitActivity, ...] = ()
    schema_version: int = SCHEMA_VERSION

    def to_dict(self) -> dict[str, object]:
        """The JSON document as plain dictionaries, lists, numbers and texts."""
        from accelsim.results.document import to_dict

        return to_dict(self)

    def to_json(self, indent: int | None = 2) -> str:
        """The JSON document as text."""
        from accelsim.results.document import to_json

        return to_json(self, indent)

    @classmethod
    def from_dict(cls, document: Mapping[str, object]) -> SimulationResult:
        """The result that `to_dict` made the document from; unknown fields are ignored.

        Raises:
            ConfigurationError: a field is missing or of the wrong kind, or the schema version is another one.
        """
        from accelsim.results.document import from_dict

        return from_dict(document)

    def frame(self) -> DataFrame:
        """The layers as a pandas DataFrame, one row each; tables by cause become one column per cause.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        from accelsim.results.tables import layer_frame

        return layer_frame(self)

    def __repr__(self) -> str:
        from accelsim.results.display import one_line

        return one_line(self)

    def _repr_html_(self) -> str:
        from accelsim.results.display import html_table

        return html_table(self)
