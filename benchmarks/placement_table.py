"""Placed plans of five networks: liveness, the buffer that is allocated, and what the original needs.

    python -m benchmarks.placement_table [NETWORK ...] [--update docs/placement.md]

Each plan is executed in a buffer of its size and compared bit for bit; MobileNetV2 stands beside MCUNetV2's
figures and, narrower and smaller, beside msf-CNN's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace

import restructure
from benchmarks.markdown import table, update
from restructure import graph, zoo
from restructure.placement import place, placement_problems
from restructure.profile import Definition, profile
from restructure.zoo.mobilenet import mobilenet_v2

NETWORKS = ("vgg16", "squeezenet1.1", "mobilenetv2", "resnet18", "inceptionv3")
OVERHEADS = (0.0, 0.02, 0.086)
HEADER = (
    "network",
    "MACs at most",
    "original",
    "restructured",
    "saving",
    "MACs",
    "nodes",
    "allocated",
    "above liveness",
)
PLACED = Definition(layout="placed")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", default=NETWORKS)
    parser.add_argument("--no-execute", dest="execute", action="store_false", help="do not execute the plans")
    parser.add_argument("--update", metavar="PAGE", help="put the tables into a page, between its markers")
    args = parser.parse_args()
    lines, savings = [], {overhead: [] for overhead in OVERHEADS}
    for name in args.networks:
        for overhead in OVERHEADS:
            line, saving = row(name, overhead, args.execute)
            print(*line, sep="  ", file=sys.stderr, flush=True)
            lines.append(line)
            savings[overhead].append(saving)
    means = [("mean", f"{share:.1%}", "", "", f"{sum(s) / len(s):.2%}", "", "", "", "") for share, s in savings.items()]
    text = table(HEADER, [*lines, *means])
    print(text)
    if args.update:
        update(args.update, "placement_table", text)
    if args.update and "mobilenetv2" in args.networks:
        update(args.update, "mcunetv2", table(("", "before", "after", "MACs"), mcunetv2()))
        update(args.update, "msf_cnn", table(("", "msf-CNN", "ours", "ours, allocated", "nodes"), msf_cnn()))
    return 0


def row(name: str, overhead: float, execute: bool) -> tuple[tuple[str, ...], float]:
    """One line of the table, and its saving.

    Raises:
        SystemExit: a plan is wrong.
    """
    net = zoo.build(name)
    plan = restructure.plan(net, max_overhead=overhead, definition=PLACED)
    new = restructure.load(restructure.rewrite(net, plan))
    memory = place(new, PLACED, baseline_bytes=plan.baseline_bytes)
    if memory.liveness_bytes != plan.peak_bytes:
        raise SystemExit(f"{name}: {memory.liveness_bytes:,} B are alive, the plan says {plan.peak_bytes:,} B")
    if execute and (problems := placement_problems(new, memory)):
        raise SystemExit(f"{name}: {problems[0]}")
    return (
        name, f"{overhead:.1%}", f"{plan.baseline_bytes:,} B", f"{plan.peak_bytes:,} B", f"{plan.saving:.2%}",
        f"{plan.mac_overhead:+.2%}", f"{plan.nodes:,}", f"{memory.allocated_bytes:,} B", f"{memory.overhead:.2%}",
    ), plan.saving  # fmt: skip


def mcunetv2() -> Iterator[tuple[str, ...]]:
    """MobileNetV2 in int8 beside MCUNetV2 (Lin et al., NeurIPS 2021, figure 1 and section 3)."""
    net = zoo.build("mobilenetv2")
    int8 = replace(PLACED, dtype="int8")
    yield "MCUNetV2, published", "1,372 kB", "172 kB", "+10 %"
    before = profile(net, int8).peak_bytes
    for overhead in (0.0, 0.1):
        plan = restructure.plan(net, max_overhead=overhead, dtype="int8", definition=int8)
        new = restructure.load(restructure.rewrite(net, plan))
        after = place(new, int8).allocated_bytes
        yield "ours, allocated", f"{before / 1000:,.0f} kB", f"{after / 1000:,.0f} kB", f"{plan.mac_overhead:+.1%}"


def msf_cnn() -> Iterator[tuple[str, ...]]:
    """MobileNetV2-0.35 at 144² in int8, input not counted, beside msf-CNN (arXiv 2505.11483, analytic figures)."""
    published = ((0.097, "67.9 kB at +9.7 %"), (0.38, "15.3 kB at +38 %"), (0.68, "7.9 kB at +68 %"))
    net = graph.load(mobilenet_v2(1, False, width=0.35, side=144))
    int8 = replace(PLACED, dtype="int8", input_counted=False)
    yield "before", "194.4 kB", f"{profile(net, int8).peak_bytes / 1000:,.1f} kB", "", ""
    for overhead, theirs in ((0.0, ""), *published):
        plan = restructure.plan(net, max_overhead=overhead, definition=int8)
        new = restructure.load(restructure.rewrite(net, plan))
        allocated = place(new, int8).allocated_bytes
        ours = f"{plan.peak_bytes / 1000:,.1f} kB at {plan.mac_overhead:+.1%}"
        yield f"at most {overhead:+.1%} MACs", theirs, ours, f"{allocated / 1000:,.1f} kB", f"{plan.nodes:,}"


if __name__ == "__main__":
    sys.exit(main())
