"""The layers of a run as a table: the slowest first, or all in their order."""

from __future__ import annotations

from rich.console import Group, RenderableType

from accelsim.report.parts import columns, named, tail, title
from accelsim.report.quantities import count, percent
from accelsim.results import LayerResult, SimulationResult

__all__ = ["layer_table"]

_HEADER = (
    ("layer", "left"),
    ("operator", "left"),
    ("cycles", "right"),
    ("share", "right"),
    ("util.", "right"),
    ("DRAM bytes", "right"),
    ("bound by", "left"),
)
_SHORTEST_NAME = 12


def layer_table(result: SimulationResult, width: int, limit: int | None) -> RenderableType:
    """The table with its title.

    Args:
        result: the run.
        width: columns there are; names take what the numbers leave.
        limit: how many layers, the slowest first; None: all, in Program order.
    """
    layers = list(result.layers)
    said = f"all {count(len(layers), 'layer')} in order"
    if limit is not None and limit < len(layers):
        layers = sorted(layers, key=lambda layer: -layer.latency_cycles)[:limit]
        covered = percent(sum(layer.latency_cycles for layer in layers), result.totals.latency_cycles)
        said = f"the {count(limit, 'layer')} of {len(result.layers):,} that take longest, {covered} of the latency"
    rows = [_row(layer, result.totals.latency_cycles) for layer in layers]
    others = sum(max([len(name), *(len(row[i]) for row in rows)]) + 1 for i, (name, _) in enumerate(_HEADER) if i)
    room = max(_SHORTEST_NAME, width - others - 1)
    table = columns(_HEADER, ((tail(row[0], room), *row[1:]) for row in rows), gap=1)
    return Group(title("layers", said), table)


def _row(layer: LayerResult, latency_cycles: int) -> list[str]:
    fused = f"+{len(layer.fused)}" if layer.fused else ""
    return [
        layer.name,
        f"{layer.operator}{fused}",
        f"{layer.latency_cycles:,}",
        percent(layer.latency_cycles, latency_cycles),
        percent(layer.pe_utilisation),
        f"{layer.dram_bytes:,}",
        named(layer.bound_by),
    ]
