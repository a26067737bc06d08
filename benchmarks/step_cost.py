"""What a step is taken to cost beside its work, tried: latency and instructions over networks and accelerators.

    python -m benchmarks.step_cost [--update docs/design.md]

Every line is a geometric mean against one cycle a step, with the best and the worst pair.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from statistics import geometric_mean
from unittest.mock import patch

from accelsim.compiler import compile_network, ranked
from accelsim.explore import made_by, plan_for
from accelsim.hardware import load
from accelsim.machine import run
from accelsim.workload import Workload, build
from benchmarks.markdown import table, update
from restructure import zoo

NETWORKS = (
    ("mobilenetv2", "off"),
    ("mobilenetv2", "rows"),
    ("vgg16", "off"),
    ("inceptionv3", "off"),
    ("resnet18", "off"),
    ("squeezenet1.1", "default"),
    ("efficientnet_b0", "off"),
)
MACHINES = tuple(
    load(preset, overrides)
    for preset, overrides in (
        ("edge_npu", []),
        ("edge_npu", ["scratchpad.capacity=64KiB", "dram.bandwidth=0.8GB/s"]),
        ("edge_npu", ["scratchpad.capacity=96KiB", "pe_array.rows=32", "pe_array.columns=32"]),
        ("nvdla_small", []),
        ("tpu_like", []),
        ("gemmini_16x16", []),
    )
)
#: Cycles a step, and the share of a layer's latency that they stay below; what is used comes last.
COSTS = (
    (1, ranked.STEP_SHARE),
    (50, ranked.STEP_SHARE),
    (200, ranked.STEP_SHARE),
    (ranked.STEP_CYCLES, 0.1),
    (ranked.STEP_CYCLES, float("inf")),
    (ranked.STEP_CYCLES, ranked.STEP_SHARE),
)
HEADER = ("cycles a step", "at most", "latency", "best", "worst", "instructions")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", metavar="PAGE", help="put the table into a page, between its markers")
    args = parser.parse_args()
    text = table(HEADER, lines())
    print(text)
    if args.update:
        update(args.update, "step_cost", text)
    return 0


def lines() -> Iterator[tuple[str, ...]]:
    """One line per cost after the first, which the others are compared with."""
    networks = [_network(*pair) for pair in NETWORKS]
    (first_cost, *costs) = COSTS
    base = list(_measured(networks, *first_cost))
    for cost, share in costs:
        pairs = list(zip(_measured(networks, cost, share), base, strict=True))
        latency = [new[0] / old[0] for new, old in pairs]
        length = geometric_mean(new[1] / old[1] for new, old in pairs)
        changes = (f"{ratio - 1:+.1%}" for ratio in (geometric_mean(latency), min(latency), max(latency), length))
        limit = "any share" if share == float("inf") else f"{share:.0%} of the latency"
        yield f"{cost:g}", limit, *changes
        print(cost, share, "done", file=sys.stderr, flush=True)


def _network(name: str, restructuring: str) -> Workload:
    graph = zoo.build(name)
    return build(graph if restructuring == "off" else made_by(graph, plan_for(graph, MACHINES[0], restructuring)))


def _measured(networks: list[Workload], cycles: float, share: float) -> Iterator[tuple[int, int]]:
    """Latency and instructions of every network on every accelerator if steps cost this much."""
    with patch.object(ranked, "STEP_CYCLES", cycles), patch.object(ranked, "STEP_SHARE", share):
        for network in networks:
            for hardware in MACHINES:
                program = compile_network(network, hardware)
                yield run(program, hardware).latency_cycles, len(program.instructions)


if __name__ == "__main__":
    sys.exit(main())
