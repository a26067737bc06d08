"""Makes the pictures of the concept pages from accelsim itself: `python docs/tools/pictures.py` writes docs/pictures.

The numbers in them are those of the preset `edge_npu` and of real runs; the grids are states of the stepped array.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

import numpy as np

from accelsim.cli import main
from accelsim.dataflows import ArrayShape
from accelsim.dataflows.stepped import ArrayState, states
from accelsim.hardware import Hardware, load

FOLDER = Path(__file__).parents[1] / "pictures"
INK, SOFT, PAPER, LINE = "#1f2430", "#5b6472", "#ffffff", "#c9ced6"
BLUE, ORANGE, GREEN, GREY = "#cfe3f5", "#fbe3b5", "#d5efe2", "#eef0f3"
PRESET = "edge_npu"


def text(x: float, y: float, said: str, size: int = 13, weight: int = 400, anchor: str = "middle") -> str:
    """A line of text; long explanations are soft, titles bold."""
    colour = INK if weight > 400 or size > 11 else SOFT
    style = f'font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="{colour}"'
    return f'<text x="{x:g}" y="{y:g}" {style}>{escape(said)}</text>'


def box(x: float, y: float, width: float, height: float, fill: str, lines: Iterable[str] = ()) -> str:
    """A rectangle; its first line is its title."""
    drawn = [
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" fill="{fill}" stroke="{SOFT}"/>',
    ]
    said = list(lines)
    top = y + height / 2 - 8 * (len(said) - 1) + 4
    for number, line in enumerate(said):
        size, weight = (13, 600) if number == 0 else (11, 400)
        drawn.append(text(x + width / 2, top + 17 * number, line, size, weight))
    return "".join(drawn)


def arrow(x1: float, y1: float, x2: float, y2: float, both: bool = False) -> str:
    """A line with a head, or two."""
    heads = 'marker-end="url(#head)"' + (' marker-start="url(#head)"' if both else "")
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{SOFT}" stroke-width="1.5" {heads}/>'


def picture(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    """A whole file: white paper, so that it can be read on a dark page too."""
    size = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
    head = f'<marker id="head" {size} orient="auto-start-reverse">'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'font-family="system-ui, Segoe UI, Roboto, DejaVu Sans, sans-serif"><title>{escape(title)}</title>'
        f'<defs>{head}<path d="M0 0 8 4 0 8z" fill="{SOFT}"/></marker></defs>'
        f'<rect width="{width}" height="{height}" rx="8" fill="{PAPER}" stroke="{LINE}"/>'
        + "\n".join(parts)
        + "</svg>\n"
    )


def machine(hardware: Hardware) -> str:
    """The units of an accelerator, what flows between them, with the preset's numbers."""
    array, dram, pad, sums = hardware.pe_array, hardware.dram, hardware.scratchpad, hardware.accumulator
    assert sums is not None
    flow = array.dataflow.value.replace("_", " ")
    rule = "a unit takes its instructions in order; one starts when what it reads is there,"
    parts = [
        box(20, 90, 130, 110, GREY, ("DRAM", f"{dram.bandwidth_bytes_per_s / 1e9:g} GB/s", "weights, spills")),
        box(200, 90, 110, 110, ORANGE, ("DMA", f"{hardware.dma.channels} channels", "LOAD, STORE")),
        box(360, 60, 150, 170, BLUE, ("scratchpad", f"{pad.capacity_bytes // 1024} KiB", "static addresses")),
        box(570, 20, 190, 80, GREEN, ("PE array", f"{array.rows} × {array.columns}", flow)),
        box(570, 132, 190, 56, BLUE, ("accumulators", f"{sums.capacity_bytes // 1024} KiB, partial sums")),
        box(570, 216, 190, 56, GREEN, ("vector unit", f"{hardware.vector_unit.lanes} lanes")),
        arrow(150, 145, 200, 145, both=True),
        arrow(310, 145, 360, 145, both=True),
        arrow(510, 85, 570, 65, both=True),
        arrow(665, 100, 665, 132, both=True),
        arrow(665, 188, 665, 216),
        arrow(510, 205, 570, 240, both=True),
        text(390, 296, rule, 11),
        text(390, 312, "its unit has room, and nobody still needs what it overwrites", 11),
    ]
    return picture(780, 326, f"The units of {PRESET}", parts)


def hierarchy(hardware: Hardware) -> str:
    """The levels of memory: what each holds, and what a byte costs."""
    energy, pad, dram = hardware.energy, hardware.scratchpad, hardware.dram
    assert hardware.accumulator is not None
    pes = hardware.pe_array.rows * hardware.pe_array.columns
    sums = f"partial sums until they are whole; {energy.accumulator_pj_per_byte:.1f} pJ/B"
    on_chip = f"{pad.read_bytes_per_cycle} B/cycle, {energy.scratchpad_read_pj_per_byte:.1f} pJ/B; who stays is planned"
    off_chip = f"{dram.bandwidth_bytes_per_s / hardware.frequency_hz:g} B/cycle, {energy.dram_pj_per_byte:.1f} pJ/B"
    levels = [
        (f"registers of {pes} PEs", "a weight or a sum each, for a tile", GREEN),
        (f"accumulators, {hardware.accumulator.capacity_bytes // 1024} KiB", sums, BLUE),
        (f"scratchpad, {pad.capacity_bytes // 1024} KiB", on_chip, BLUE),
        ("DRAM", f"{off_chip}; everything, and whatever has no room above", GREY),
    ]
    parts = [
        box(390 - width / 2, 20 + 66 * number, width, 54, fill, (title, what))
        for number, (width, (title, what, fill)) in enumerate(zip((240, 330, 460, 700), levels, strict=True))
    ]
    parts.append(text(390, 302, "further down: more room, fewer bytes per cycle, more energy per byte", 11))
    return picture(780, 316, f"The memories of {PRESET}", parts)


def dataflows() -> str:
    """The wavefront through a 3×3 array under three dataflows: the first five cycles in which a PE multiplies."""
    digits = np.random.default_rng(3)
    inputs, weights = digits.integers(1, 10, (4, 3)), digits.integers(1, 10, (3, 3))
    array = ArrayShape(rows=3, columns=3, drain="exposed")
    parts, top = [], 20
    for name, held in (
        ("weight_stationary", "a PE keeps a weight; activations move east, sums south"),
        ("output_stationary", "a PE keeps a sum; activations move east, weights south"),
        ("input_stationary", "a PE keeps an activation; weights move east, sums south"),
    ):
        stream = [s for s in states(name, array, inputs, weights) if s.multiplying.any()]
        parts += [
            text(20, top + 12, name.replace("_", " "), 13, 600, "start"),
            text(200, top + 12, held, 11, 400, "start"),
        ]
        for place, state in enumerate(stream[:5]):
            parts += list(grid(20 + 150 * place, top + 24, state))
        top += 170
    parts.append(text(390, top + 4, "blue: multiplies in this cycle; the number is the operand that arrives there", 11))
    return picture(780, top + 18, "Wavefronts of three dataflows", parts)


def grid(x: float, y: float, state: ArrayState) -> Iterator[str]:
    """One cycle of the array."""
    for (row, column), active in np.ndenumerate(state.multiplying):
        fill = BLUE if active else GREY
        left, top = x + 40 * column, y + 36 * row
        yield f'<rect x="{left:g}" y="{top:g}" width="38" height="34" rx="3" fill="{fill}" stroke="{LINE}"/>'
        if active:
            yield text(left + 19, top + 22, str(state.eastward[row, column]), 13)
    yield text(x + 59, y + 124, f"cycle {state.cycle}", 11)


def plots() -> None:
    """The pictures that are runs: what `accelsim plot` draws."""
    network = ["--model", "mobilenetv2"]
    runs = {
        "memory_map.png": ["memory-map", "--hw", PRESET, *network],
        "causes.png": ["cycles", "--hw", PRESET, *network],
        "active_memory.svg": ["profile", *network, "--restructure", "default"],
    }
    for name, words in runs.items():
        if main(["plot", *words, "--out", str(FOLDER / name)]):
            raise SystemExit(f"{name}: must be drawn")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    edge = load(PRESET)
    drawn = {"machine.svg": machine(edge), "hierarchy.svg": hierarchy(edge), "dataflows.svg": dataflows()}
    for name, drawing in drawn.items():
        (FOLDER / name).write_text(drawing, encoding="utf-8")
    plots()
