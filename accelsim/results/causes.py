"""The causes of cycles and of DRAM bytes, keys of the `…_by_cause` tables: every cycle and byte has exactly one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

__all__ = ["ArrayCause", "BoundBy", "DramCause", "EnergyComponent", "OccupancyKind", "full_table"]


class ArrayCause(StrEnum):
    """What a cycle of the PE array went into.

    While the array works: ``compute`` (operands stream), ``fill_drain`` (they do not), ``ports`` (on-chip memories are
    too narrow for what it reads and writes, or their banks are busy), ``issue``. While it waits, what
    the chain of last-finishing predecessors of its next instruction is doing: moving ``weights``, ``activations`` or
    ``partial_sums``, storing so that there is room (``store``), the ``vector`` unit, the latency of the DRAM before
    bytes move, ``issue``. ``idle``: nothing is queued for the array.
    """

    COMPUTE = "compute"
    FILL_DRAIN = "fill_drain"
    PORTS = "ports"
    WEIGHTS = "weights"
    ACTIVATIONS = "activations"
    STORE = "store"
    VECTOR = "vector"
    PARTIAL_SUMS = "partial_sums"
    DRAM_LATENCY = "dram_latency"
    ISSUE = "issue"
    IDLE = "idle"


class DramCause(StrEnum):
    """Why a byte was read from or written to DRAM.

    ``compulsory_…``: the first read of a byte of a weight or of a network input. ``spill_reload``: the first read of a
    byte of an intermediate by a consuming layer. ``refetch_…``: every later read. ``network_output``, ``spill``: writes
    of outputs and of intermediates. ``partial_sum``: accumulators, both ways. ``layout_copy``: both ways, for a layer
    that only moves a tensor into another layout.
    """

    COMPULSORY_WEIGHTS = "compulsory_weights"
    COMPULSORY_INPUT = "compulsory_input"
    SPILL_RELOAD = "spill_reload"
    REFETCH_WEIGHTS = "refetch_weights"
    REFETCH_ACTIVATIONS = "refetch_activations"
    NETWORK_OUTPUT = "network_output"
    SPILL = "spill"
    PARTIAL_SUM = "partial_sum"
    LAYOUT_COPY = "layout_copy"


class BoundBy(StrEnum):
    """What takes most of a layer's cycles."""

    COMPUTE = "compute"
    WEIGHTS = "weights"
    ACTIVATIONS = "activations"
    STORE = "store"
    VECTOR = "vector"
    LATENCY = "latency"


class EnergyComponent(StrEnum):
    """Where energy goes."""

    MAC = "mac"
    SCRATCHPAD = "scratchpad"
    ACCUMULATOR = "accumulator"
    WEIGHT_BUFFER = "weight_buffer"
    DRAM = "dram"
    VECTOR = "vector"
    STATIC = "static"


class OccupancyKind(StrEnum):
    """What on-chip bytes hold, for drawings."""

    INPUT = "input"
    WEIGHT = "weight"
    ACTIVATION = "activation"
    OUTPUT = "output"
    PARTIAL = "partial"


def full_table(causes: Iterable[StrEnum], counted: Mapping[str, int] | None = None) -> dict[str, int]:
    """A table with every cause in order, zero where nothing was counted."""
    return {cause.value: int((counted or {}).get(cause.value, 0)) for cause in causes}
