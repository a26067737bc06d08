"""The fronts of five networks, as a plot and as tables: what a smaller peak costs in MACs and in nodes.

    python -m benchmarks.restructure_fronts [NETWORK ...] [--update PAGE] [--plot docs/restructure_fronts.svg]

The plot has two panels: the best saving within so many extra MACs (any number of nodes), and within so many nodes (any
number of MACs). The tables list, of each front, the plans on which one of the two panels turns.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import restructure
from benchmarks.markdown import table, update
from restructure import zoo
from restructure.plans import Plan

NETWORKS = ("vgg16", "squeezenet1.1", "mobilenetv2", "resnet18", "inceptionv3")
COLOURS = ("#1b9e77", "#d95f02", "#7570b3", "#e7298a", "#66a61e", "#e6ab02", "#a6761d", "#666666")
WIDTH, HEIGHT, MARGIN = 460, 340, 56
MOST_OVERHEAD, MOST_NODES = 0.25, 100.0
SHOWN = 8


def envelope(front: Sequence[Plan], price: Callable[[Plan], float]) -> list[Plan]:
    """Return the plans with the best saving within each price, cheapest first."""
    best: list[Plan] = []
    for plan in sorted(front, key=lambda p: (price(p), -p.saving)):
        if not best or plan.saving > best[-1].saving:
            best.append(plan)
    return best


def overhead(plan: Plan) -> float:
    return plan.mac_overhead


def nodes(plan: Plan) -> float:
    return plan.nodes / plan.baseline_nodes


def turning(front: Sequence[Plan]) -> list[Plan]:
    """Return at most `SHOWN` plans of each envelope, by rising saving, each once."""
    chosen: dict[int, Plan] = {}
    for price in (overhead, nodes):
        line = envelope(front, price)
        picks = range(len(line)) if len(line) <= SHOWN else [i * (len(line) - 1) // (SHOWN - 1) for i in range(SHOWN)]
        chosen |= {id(line[i]): line[i] for i in picks}
    return sorted(chosen.values(), key=lambda p: (p.saving, p.nodes))


def panel(
    fronts: dict[str, list[Plan]], price: Callable[[Plan], float], most: float, label: str, left: int
) -> list[str]:
    """Return one panel of the plot as SVG elements; savings from 0 to 100 % upwards."""

    def at(x: float, y: float) -> tuple[float, float]:
        return left + MARGIN + x / most * (WIDTH - MARGIN - 16), 16 + (1 - y) * (HEIGHT - MARGIN)

    drawn = []
    for tick in range(6):
        (x0, y), (x1, _) = at(0, tick / 5), at(most, tick / 5)
        drawn.append(f'<line x1="{x0:.1f}" y1="{y:.1f}" x2="{x1:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        drawn.append(f'<text x="{x0 - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{20 * tick} %</text>')
        x, bottom = at(most * tick / 5, 0)
        mark = f"{most * tick / 5:.0%}" if price is overhead else f"{most * tick / 5:.0f} ×"
        drawn.append(f'<text x="{x:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{mark}</text>')
    middle, bottom = at(most / 2, 0)
    drawn.append(f'<text x="{middle:.1f}" y="{bottom + 36:.1f}" text-anchor="middle">{label}</text>')
    for (name, front), colour in zip(fronts.items(), COLOURS, strict=False):
        points, last = [], None
        for plan in envelope(front, price):
            if price(plan) > most:
                break
            x, y = at(price(plan), plan.saving)
            points += [(x, last)] if last is not None else []
            points.append((x, y))
            last = y
        points += [(at(most, 0)[0], last)] if last is not None else []
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        drawn.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"><title>{name}</title></polyline>'
        )
    return drawn


def plot(fronts: dict[str, list[Plan]]) -> str:
    """Return both panels and a legend as an SVG document."""
    drawn = panel(fronts, overhead, MOST_OVERHEAD, "extra MACs", 0)
    drawn += panel(fronts, nodes, MOST_NODES, "nodes, as a multiple of the original's", WIDTH)
    for index, (name, colour) in enumerate(zip(fronts, COLOURS, strict=False)):
        x, y = WIDTH + MARGIN + 220, HEIGHT - MARGIN - 100 + 18 * index
        drawn.append(f'<line x1="{x}" y1="{y}" x2="{x + 24}" y2="{y}" stroke="{colour}" stroke-width="2"/>')
        drawn.append(f'<text x="{x + 30}" y="{y + 4}">{name}</text>')
    box = f'viewBox="0 0 {2 * WIDTH} {HEIGHT + 20}" font-family="sans-serif" font-size="12"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box}>'
    title = "<title>Saving of active memory, against extra MACs and against nodes</title>"
    return "\n".join([head, title, '<rect width="100%" height="100%" fill="white"/>', *drawn, "</svg>"]) + "\n"


def tables(fronts: dict[str, list[Plan]]) -> str:
    """Return one Markdown table per network."""
    pages = []
    for name, front in fronts.items():
        header = [f"{name}: saving ({len(front)} plans on the front)", "extra MACs", "nodes", "parts", "peak, elements"]
        rows = [
            [f"{p.saving:.1%}", f"{p.mac_overhead:.1%}", f"{p.nodes:,}", f"{p.parts:,}", f"{p.peak_elements:,}"]
            for p in turning(front)
        ]
        pages.append(table(header, rows))
    return "\n".join(pages)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", default=NETWORKS)
    parser.add_argument("--update", metavar="PAGE", help="put the tables into a page, between its markers")
    parser.add_argument("--plot", metavar="FILE", help="write the plot, an SVG file")
    args = parser.parse_args()
    fronts = {name: list(restructure.pareto(zoo.build(name))) for name in args.networks}
    text = tables(fronts)
    print(text)
    if args.plot:
        Path(args.plot).write_text(plot(fronts), encoding="utf-8")
    if args.update:
        update(args.update, "restructure_fronts", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
