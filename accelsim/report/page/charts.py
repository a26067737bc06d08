"""The charts of the page, in their order: Plotly figures as plain dictionaries, each with a line how to read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from accelsim.explore import Comparison
from accelsim.printable import printable
from accelsim.report.page.shares import side_by_side
from accelsim.report.parts import named
from accelsim.report.pictures import Area, Bars, Roofline, cycles_by_layer, occupancy, roofline
from accelsim.report.pictures.palette import BOUNDS, CYCLES, KINDS
from accelsim.results import SimulationResult

__all__ = ["Chart", "charts", "plain"]

Data = dict[str, Any]
_MOST_BARS = 400


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart.

    Attributes:
        id: of its element.
        title: heading.
        how: how to read it, one or two sentences.
        note: what was left out, if anything.
        kind: `plotly` (data and layout are whole), or `map` and `units`, which the page's script builds of `run`.
        run: which run the script draws.
        data, layout: of Plotly; colours of text and lines are the theme's.
        height: in pixels.
    """

    id: str
    title: str
    how: str
    note: str = ""
    kind: str = "plotly"
    run: int = 0
    data: list[Data] = field(default_factory=list)
    layout: Data = field(default_factory=dict)
    height: int = 380

    def to_dict(self) -> Data:
        """As plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


def plain(name: str) -> str:
    """A name as Plotly shows it letter by letter: it reads a few HTML tags."""
    return escape(printable(name))


def charts(found: Comparison) -> Iterator[Chart]:
    """All charts."""
    runs = found.runs
    first = next(iter(runs.values()))
    end = max(run.totals.latency_cycles for run in runs.values())
    yield _occupancy("occupancy", occupancy(first, found.restructured if len(runs) > 1 else None), "", end)
    if len(runs) > 1 and found.restructured:
        yield _occupancy("occupancy-restructured", occupancy(found.restructured), ", restructured", end)
    for number, (name, run) in enumerate(runs.items()):
        yield _map(number, run, f", {name}" if len(runs) > 1 else "")
    for number, (name, run) in enumerate(runs.items()):
        yield _units(number, run, f", {name}" if len(runs) > 1 else "")
    yield from _shared(runs)


def _shared(runs: Mapping[str, SimulationResult]) -> Iterator[Chart]:
    cycles = {name: run.totals.array_cycles_by_cause for name, run in runs.items()}
    how = "Every cycle of the run has one cause; the bars of a run add up to its latency. Long bars besides compute are what to remove."  # noqa: E501
    yield Chart("cycles", "Array cycles by cause", how, **side_by_side(cycles, "cycles"))
    for name, run in runs.items():
        yield _bars(f"layers-{name}", cycles_by_layer(run, _MOST_BARS), f", {name}" if len(runs) > 1 else "")
    moved = {name: run.totals.dram_bytes_by_cause for name, run in runs.items()}
    how = "Every byte asked of DRAM has one cause; they add up to the traffic. First reads cannot be avoided, spills, reloads and repeated reads can."  # noqa: E501
    yield Chart("dram", "DRAM bytes by cause", how, **side_by_side(moved, "B"))
    yield _roofs({name: roofline(run) for name, run in runs.items()})
    energy = {
        name: {part: value / 1e6 for part, value in run.totals.energy_pj_by_component.items()}
        for name, run in runs.items()
    }
    how = "Energy of the run by component, from energies per action of the hardware description; they add up."
    yield Chart("energy", "Energy by component", how, **side_by_side(energy, "µJ"))


def _occupancy(name: str, area: Area, which: str, end: int) -> Chart:
    peak = f"peak {area.peak_bytes:,} B, cycle {area.peak_cycle:,}, {plain(area.peak_layer)}"
    layout: Data = {
        "hovermode": "x unified",
        "xaxis": {"title": {"text": "time [cycles]"}, "range": [0, end], "tickformat": "~s"},
        "yaxis": {"title": {"text": "occupied [B]"}, "range": [0, 1.1 * area.scale_bytes], "tickformat": "~s"},
    }
    if area.scale_bytes == area.capacity_bytes:
        layout["shapes"] = [_capacity_line(area.capacity_bytes)]
        layout["annotations"] = [_note(0, area.capacity_bytes, f"capacity {area.capacity_bytes:,} B")]
    how = f"Bytes that hold a value still to be read, stacked by what they are; the triangle is the {peak}."
    if area.over is not None:
        how += " The line is the restructured run on the same scales."
    thin = "" if area.exact else f"Drawn in {len(area.cycles):,} steps, each the highest moment of its stretch of time."
    title = f"Occupancy of the {plain(area.memory)} over time{which}"
    return Chart(name, title, how, thin, data=[*_held(area), *_over(area), _peak(area, peak)], layout=layout)


def _held(area: Area) -> Iterator[Data]:
    for kind in KINDS:
        if kind in area.bytes_by_kind:
            yield {
                "type": "scatter", "mode": "lines", "stackgroup": "held", "name": named(kind),
                "x": area.cycles, "y": area.bytes_by_kind[kind], "fillcolor": KINDS[kind],
                "line": {"shape": "hv", "width": 0, "color": KINDS[kind]},
                "hovertemplate": "%{y:,} B",
            }  # fmt: skip


def _over(area: Area) -> Iterator[Data]:
    if area.over is not None:
        yield {
            "type": "scatter", "mode": "lines", "name": area.over.name, "x": area.over.cycles,
            "y": area.over.bytes, "line": {"shape": "hv", "width": 1.6}, "themed": True,
            "hovertemplate": "%{y:,} B",
        }  # fmt: skip


def _peak(area: Area, said: str) -> Data:
    return {
        "type": "scatter", "mode": "markers", "name": "peak", "x": [area.peak_cycle], "y": [area.peak_bytes],
        "marker": {"symbol": "triangle-down", "size": 11}, "themed": True, "hovertemplate": f"{said}<extra></extra>",
    }  # fmt: skip


def _capacity_line(height: int) -> Data:
    line = {"dash": "dash", "width": 1}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": height, "y1": height, "line": line}


def _note(x: float, y: float, text: str) -> Data:
    return {"x": x, "y": y, "xref": "paper", "xanchor": "left", "yanchor": "bottom", "text": text, "showarrow": False}


def _map(number: int, run: SimulationResult, which: str) -> Chart:
    kept = next((item for item in run.memory_maps if item.memory == run.scratchpad.name), None)
    left = kept.left_out if kept else 0
    note = f"The {left:,} rectangles of smallest area are left out." if left else ""
    how = "A rectangle is a range of addresses from its first use to its last; outlined ones belong to tensors that are spilled. Point at one to see tensor, layer and bytes; drag to zoom."  # noqa: E501
    return Chart(f"map-{number}", f"Memory map of the scratchpad{which}", how, note, "map", number, height=460)


def _units(number: int, run: SimulationResult, which: str) -> Chart:
    joined = [unit.unit for unit in run.units if unit.joined_gap_cycles >= 0]
    note = f"Neighbouring instructions of a layer are drawn as one for {', '.join(joined)}." if joined else ""
    how = "A lane per unit, a block per instruction, the shade changes with the layer. Gaps in the array's lane are waits. Drag to zoom down to a tile, double-click to go back."  # noqa: E501
    return Chart(f"units-{number}", f"What each unit does when{which}", how, plain(note), "units", number, height=300)


def _bars(name: str, bars: Bars, which: str) -> Chart:
    data: list[Data] = []
    for cause, values in bars.values.items():
        places = [i for i, value in enumerate(values) if value]
        data.append(
            {
                "type": "bar", "name": named(cause), "x": places, "y": [values[i] for i in places],
                "marker": {"color": CYCLES[cause]}, "customdata": [plain(bars.labels[i]) for i in places],
                "hovertemplate": "%{customdata}: %{y:,} cycles",
            }
        )  # fmt: skip
    note = f"The layers with most cycles are drawn; the others have {bars.rest:.1%} of all." if bars.rest > 0 else ""
    layout = {
        "barmode": "stack",
        "bargap": 0.1,
        "xaxis": {"title": {"text": "layer, in the order of the program"}},
        "yaxis": {"title": {"text": "cycles"}, "tickformat": "~s"},
    }
    how = "A bar per layer: the cycles in which the array worked for it or waited for what it needs, by cause."
    return Chart(name, f"Array cycles by layer and cause{which}", how, note, data=data, layout=layout, height=400)


def _roofs(roofs: Mapping[str, Roofline]) -> Chart:
    some = next(iter(roofs.values()))
    reach = [dot.intensity for roof in roofs.values() for dot in roof.dots] + [some.ridge]
    low, high = min(reach) / 2, max(reach) * 2
    x = [low, some.ridge, high]
    data: list[Data] = [
        {
            "type": "scatter", "mode": "lines", "name": "limit", "x": x, "themed": True,
            "y": [min(some.peak, value * some.bandwidth) for value in x], "hoverinfo": "skip",
        }
    ]  # fmt: skip
    for symbol, (name, roof) in zip(("circle", "diamond-open"), roofs.items(), strict=False):
        data += _dots(roof, symbol, f", {name}" if len(roofs) > 1 else "")
    layout = {
        "hovermode": "closest",
        "xaxis": {"type": "log", "title": {"text": "intensity [MACs/B requested from DRAM]"}, "dtick": 1},
        "yaxis": {"type": "log", "title": {"text": "speed [MACs/cycle]"}, "dtick": 1},
    }
    peak = f"{some.peak:,} MACs/cycle and {some.bandwidth:,.4g} B/cycle"
    how = f"A dot per layer, its area the share of the latency. The line is what {peak} allow: on the slope DRAM limits, under the flat part the array; far below it something else does."  # noqa: E501
    left = sum(roof.left_out for roof in roofs.values())
    note = f"{left:,} layers without MACs or DRAM bytes have no dot." if left else ""
    return Chart("roofline", "Roofline", how, note, data=data, layout=layout, height=420)


def _dots(roof: Roofline, symbol: str, which: str) -> Iterator[Data]:
    for bound, colour in BOUNDS.items():
        dots = [dot for dot in roof.dots if dot.bound_by == bound]
        if dots:
            yield {
                "type": "scatter", "mode": "markers", "name": f"bound by {named(bound)}{which}",
                "x": [dot.intensity for dot in dots], "y": [dot.speed for dot in dots],
                "customdata": [[plain(dot.name), dot.share] for dot in dots],
                "marker": {
                    "symbol": symbol, "color": colour, "opacity": 0.8,
                    "size": [6 + 60 * dot.share**0.5 for dot in dots],
                },
                "hovertemplate": "%{customdata[0]}<br>%{x:,.4g} MACs/B, %{y:,.4g} MACs/cycle<br>"
                "%{customdata[1]:.1%} of the latency<extra></extra>",
            }  # fmt: skip
