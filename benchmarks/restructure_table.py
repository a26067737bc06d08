"""What restructuring saves on five networks within four limits, every model verified; printed as Markdown.

    python -m benchmarks.restructure_table [NETWORK ...] [--update docs/restructuring.md] [--no-time]

Savings are those of active memory under the default definition, counted on the emitted model a second time by the
verification. Times are onnxruntime's for one image on one thread with all optimisations, restructured / original, each
the fastest of several runs taken in turns. Leaves with 1 if a model does not verify.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import onnxruntime as ort

import restructure
from benchmarks.markdown import table, update
from restructure import zoo
from restructure.graph import Graph, load
from restructure.plans import Plan
from restructure.verify import verify
from restructure.verify.roles import weights_of
from restructure.verify.store import WeightStore
from restructure.verify.twin import write_twin
from restructure.verify.values import feed, random_weight

NETWORKS = ("vgg16", "squeezenet1.1", "mobilenetv2", "resnet18", "inceptionv3")
LIMITS: dict[str, dict[str, Any]] = {
    "no extra MACs": {"max_overhead": 0.0},
    "≤ 2 % MACs": {"max_overhead": 0.02},
    "≤ 8.6 % MACs": {"max_overhead": 0.086},
    "≤ 8.6 %, ≤ 16 parts": {"max_overhead": 0.086, "max_parts": 16},
    "default": {},
}
PAPER = {"≤ 8.6 % MACs": 62.9}
RUNS = 5


@dataclass(frozen=True)
class Cell:
    """One network within one limit."""

    plan: Plan
    plan_s: float
    problems: tuple[str, ...]
    time_ratio: float | None


def measured(name: str, timed: bool) -> dict[str, Cell]:
    """Plan, rewrite, verify and time one network within all limits."""
    net = zoo.build(name)
    with tempfile.TemporaryDirectory() as folder:
        store = WeightStore(Path(folder), weights_of(net), partial(random_weight, seed=0)) if timed else None
        cells = {}
        for limit, options in LIMITS.items():
            begin = time.perf_counter()
            plan = restructure.plan(net, **options)
            plan_s = time.perf_counter() - begin
            new = load(restructure.rewrite(net, plan))
            problems = verify(net, new, plan=plan).problems
            ratio = time_ratio(net, new, store) if store is not None else None
            cells[limit] = Cell(plan, plan_s, problems, ratio)
            tell(name, limit, cells[limit])
    return cells


def tell(name: str, limit: str, cell: Cell) -> None:
    p = cell.plan
    ratio = "" if cell.time_ratio is None else f", time {cell.time_ratio:.2f} ×"
    words = f"{p.saving:.1%} at {p.mac_overhead:+.1%}, {p.nodes:,} nodes{ratio}, planned in {cell.plan_s:.1f} s"
    print(f"{name:14} {limit:20} {words}", *cell.problems, sep="\n  ", file=sys.stderr)


def time_ratio(original: Graph, restructured: Graph, store: WeightStore) -> float:
    """Return how much longer the restructured model takes."""
    feeds = {n: feed(n, original.tensors[n].shape, original.tensors[n].dtype, 0, False) for n in original.inputs}
    sessions = []
    for graph in (original, restructured):
        path = store.folder / "timed.onnx"
        write_twin(graph, store, False, path)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        sessions.append(ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]))
    best = [float("inf")] * 2
    for _ in range(RUNS):
        for index, session in enumerate(sessions):
            begin = time.perf_counter()
            session.run(None, feeds)
            best[index] = min(best[index], time.perf_counter() - begin)
    return best[1] / best[0]


def report(results: dict[str, dict[str, Cell]]) -> str:
    """Return both tables as Markdown."""
    names, limits = list(results), list(LIMITS)
    savings = table(
        ["saving in % at extra MACs in %", *names, "mean", "paper's mean"],
        [
            [limit, *(saving(results[n][limit].plan) for n in names), mean(results, limit), paper(limit)]
            for limit in limits
        ],
    )
    costs = table(
        ["nodes (× original), time ×", *names],
        [[limit, *(cost(results[n][limit]) for n in names)] for limit in limits],
    )
    baselines = table(
        ["original", *names],
        [
            ["peak, elements", *(f"{results[n][limits[0]].plan.baseline_elements:,}" for n in names)],
            ["MACs", *(f"{results[n][limits[0]].plan.baseline_macs:,}" for n in names)],
            ["nodes", *(f"{results[n][limits[0]].plan.baseline_nodes:,}" for n in names)],
        ],
    )
    definition = results[names[0]][limits[0]].plan.definition.describe()
    verified = sum(not cell.problems for cells in results.values() for cell in cells.values())
    total = len(names) * len(limits)
    said = f"Active memory: {definition}. {verified} of {total} restructured models verified."
    return "\n".join([said, "", baselines, savings, costs])


def saving(plan: Plan) -> str:
    return f"{100 * plan.saving:.1f} @ {100 * plan.mac_overhead:.1f}"


def cost(cell: Cell) -> str:
    ratio = "" if cell.time_ratio is None else f", {cell.time_ratio:.2f}"
    return f"{cell.plan.nodes:,} ({cell.plan.nodes / cell.plan.baseline_nodes:.1f}){ratio}"


def mean(results: dict[str, dict[str, Cell]], limit: str) -> str:
    plans = [cells[limit].plan for cells in results.values()]
    parts = (sum(p.saving for p in plans), sum(p.mac_overhead for p in plans))
    return " @ ".join(f"{100 * part / len(plans):.1f}" for part in parts)


def paper(limit: str) -> str:
    return f"{PAPER[limit]:.1f}" if limit in PAPER else "–"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", default=NETWORKS)
    parser.add_argument("--update", metavar="PAGE", help="put the tables into a page, between its markers")
    parser.add_argument("--no-time", action="store_true", help="do not time onnxruntime")
    args = parser.parse_args()
    results = {name: measured(name, not args.no_time) for name in args.networks}
    text = report(results)
    print(text)
    if args.update:
        update(args.update, "restructure_table", text)
    return int(any(cell.problems for cells in results.values() for cell in cells.values()))


if __name__ == "__main__":
    sys.exit(main())
