"""The screen of a comparison: the sentence, every quantity side by side, both occupancy profiles over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.text import Text

from accelsim.explore import Comparison, quantities
from accelsim.printable import printable
from accelsim.report.area import area
from accelsim.report.parts import columns, named, title
from accelsim.report.quantities import count, cycles, energy, octets, percent
from accelsim.report.sparkline import highest
from accelsim.results import SimulationResult

__all__ = ["comparison_screen", "signed"]

_HEADER = (("", "left"), ("original", "right"), ("restructured", "right"), ("change", "right"))
_LINES = 4
_PLAIN = {
    "latency_cycles": "latency",
    "pe_utilisation": "utilisation",
    "macs": "MACs",
    "peak_occupancy_bytes": "peak occupancy",
    "highest_address_bytes": "highest address",
    "spills.tensors": "spilled tensors",
    "spills.bytes_written": " bytes out",
    "spills.bytes_reloaded": " bytes back",
    "spills.cycles_lost": " cycles lost",
    "dram_bytes": "DRAM",
    "burst_padding_bytes": " burst padding",
    "array_cycles": "array at work",
    "energy_pj": "energy",
    "instructions": "instructions",
}


def comparison_screen(found: Comparison, width: int) -> Iterator[RenderableType]:
    """The parts of the screen, from top to bottom."""
    some = next(iter(found.runs.values()), None)
    yield title(f"{some.model.name} on {some.hardware.name}" if some else "neither fits", _what(found))
    yield Text(printable(found.sentence))
    if not found.runs:
        return
    yield Text()
    yield columns(_HEADER, _rows(found))
    yield from _profiles(found, width)
    for run in found.runs.values():
        yield from (Text(printable(f"note: {text}")) for text in run.notes)


def _what(found: Comparison) -> str:
    plan = found.plan
    if plan is None:
        return f"against {found.against}"
    memory = f"active memory {octets(plan.baseline_bytes)} → {octets(plan.peak_bytes)}"
    return f"{plan.how} plan: {count(plan.regions, 'region')} cut, at most {count(plan.parts, 'part')}, {memory}"


def _rows(found: Comparison) -> Iterator[tuple[str, str, str, str]]:
    """The quantities; causes that are zero on both sides are left out."""
    sides = [quantities(run) if run else {} for run in (found.original, found.restructured)]
    for name in sides[0] or sides[1]:
        values = [side.get(name) for side in sides]
        if "." in name and not any(values):
            continue
        shown = [_shown(name, value) if value is not None else "–" for value in values]
        yield _label(name), shown[0], shown[1], signed(found.change[name]) if name in found.change else "–"


def _label(name: str) -> str:
    return _PLAIN.get(name) or f" {named(name.partition('.')[2])}"


def _shown(name: str, value: float) -> str:
    if name == "pe_utilisation":
        return percent(value)
    if name.startswith("energy_pj"):
        return energy(value)
    if "bytes" in name:
        return octets(int(value))
    if "cycles" in name:
        return cycles(int(value))
    return f"{int(value):,}"


def signed(change: float | None) -> str:
    """A change in percent with its sign; nothing to compare with is said.

    >>> signed(-0.312), signed(0.0), signed(None)
    ('−31.2%', '0.0%', 'from 0')
    """
    if change is None:
        return "from 0"
    text = f"{change:+.1%}"
    return "0.0%" if float(text.rstrip("%")) == 0 else text.replace("-", "−")


def _profiles(found: Comparison, width: int) -> Iterator[RenderableType]:
    """Both runs under one scale of time and of bytes."""
    latest = max(run.totals.latency_cycles for run in found.runs.values())
    most = max(run.scratchpad.peak_occupancy_bytes for run in found.runs.values())
    capacity = max(run.scratchpad.capacity_bytes for run in found.runs.values())
    scale, full = ("capacity", capacity) if 4 * most >= capacity else ("peak", most)
    yield Text()
    yield title("scratchpad over time", f"to cycle {latest:,}; full height is the {scale}, {octets(full)}")
    for name, run in found.runs.items():
        yield Text()
        yield Text(f"{name}: peak {octets(run.scratchpad.peak_occupancy_bytes)}, {_spilled(run)}")
        yield from (Text(line, style="cyan") for line in _profile(run, latest, full, width))


def _spilled(run: SimulationResult) -> str:
    spills = run.spills
    return f"{octets(spills.bytes_written)} spilled" if spills.tensors else "nothing spilled"


def _profile(run: SimulationResult, latest: int, full: int, width: int) -> Iterable[str]:
    line = next(line for line in run.occupancy if line.memory == run.scratchpad.name)
    if not line.cycles or not latest:
        return []
    columns_used = max(1, width * run.totals.latency_cycles // latest)
    return area(highest(line.cycles, line.bytes, columns_used), full, _LINES)
