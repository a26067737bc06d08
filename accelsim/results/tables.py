"""Tables of a result: rows for CSV files and data frames. Tables by cause become one column per cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.errors import ConfigurationError
from accelsim.files import Cell, make_directory
from accelsim.files import write_csv as write_rows
from accelsim.results.records import LayerResult, MemoryUse, Totals
from accelsim.results.result import SimulationResult

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["layer_frame", "layer_rows", "write_csv"]

Row = dict[str, Cell]


def flat(record: object) -> Row:
    """A record as one row: `array_cycles_by_cause` becomes `array_cycles_compute`, …; lists are joined by spaces."""
    row: Row = {}
    for name in (item.name for item in fields(record)):  # type: ignore[arg-type]
        value: Any = getattr(record, name)
        if isinstance(value, Mapping):
            stem = name.rpartition("_by_")[0]
            row.update({f"{stem}_{key}": number for key, number in value.items()})
        else:
            row[name] = " ".join(map(str, value)) if isinstance(value, tuple) else value
    return row


def layer_rows(result: SimulationResult) -> list[Row]:
    """One row per layer, in Program order."""
    return [flat(layer) for layer in result.layers]


def layer_frame(result: SimulationResult) -> DataFrame:
    """The layers as a pandas DataFrame.

    Raises:
        ConfigurationError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        rule = "a data frame needs pandas, which is not installed"
        raise ConfigurationError(f"frame: {rule}; pip install 'accelsim[frame]'") from None
    return pd.DataFrame(layer_rows(result))


def write_csv(result: SimulationResult, directory: str | Path) -> tuple[Path, ...]:
    """Write layers.csv, spills.csv, dram.csv, occupancy.csv, memories.csv and totals.csv; a missing folder is made.

    Each file has a header line of names with units; dram.csv has one row per layer and cause with bytes.

    Returns:
        The files, in that order.

    Raises:
        ConfigurationError: the folder or a file cannot be written.
    """
    folder = make_directory(directory)
    tables = {
        "layers": layer_rows(result),
        "spills": [flat(tensor) for tensor in result.spills.by_tensor],
        "dram": _dram_rows(result),
        "occupancy": _occupancy_rows(result),
        "memories": [_memory_row(memory) for memory in result.memories],
        "totals": _total_rows(result.totals),
    }
    written = []
    for name, rows in tables.items():
        path = folder / f"{name}.csv"
        header = _header(rows, _HEADERS[name])
        write_rows(path, header, ([row.get(column) for column in header] for row in rows))
        written.append(path)
    return tuple(written)


_HEADERS: dict[str, tuple[str, ...]] = {
    "layers": tuple(item.name for item in fields(LayerResult)),
    "spills": (
        "name",
        "producer",
        "bytes_written",
        "bytes_reloaded",
        "cycles_lost",
        "first_written_cycle",
        "last_reloaded_cycle",
    ),
    "dram": ("layer", "cause", "bytes"),
    "occupancy": ("memory", "cycle", "bytes", "reserved_bytes"),
    "memories": tuple(item.name for item in fields(MemoryUse)),
    "totals": ("name", "value"),
}


def _header(rows: list[Row], default: tuple[str, ...]) -> tuple[str, ...]:
    """All columns in order of appearance; a table without rows still has its header."""
    return tuple(dict.fromkeys(column for row in rows for column in row)) or default


def _dram_rows(result: SimulationResult) -> list[Row]:
    return [
        {"layer": layer.name, "cause": cause, "bytes": count}
        for layer in result.layers
        for cause, count in layer.dram_bytes_by_cause.items()
        if count
    ]


def _occupancy_rows(result: SimulationResult) -> list[Row]:
    rows: list[Row] = []
    for line in result.occupancy:
        for step, cycle in enumerate(line.cycles):
            row: Row = {"memory": line.memory, "cycle": cycle, "bytes": line.bytes[step]}
            row["reserved_bytes"] = line.reserved_bytes[step] if line.reserved_bytes else None
            row.update({f"bytes_{kind}": counts[step] for kind, counts in line.bytes_by_kind.items()})
            rows.append(row)
    return rows


def _memory_row(memory: MemoryUse) -> Row:
    row = flat(memory)
    row["peak_tensors"] = " ".join(tensor.name for tensor in memory.peak_tensors)
    return row


def _total_rows(totals: Totals) -> list[Row]:
    pairs: Iterable[tuple[str, Cell]] = flat(totals).items()
    return [{"name": name, "value": value} for name, value in pairs]
