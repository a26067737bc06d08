"""Tuned plans beside the plans a user gets without tuning: five networks on three presets.

python -m benchmarks.tune_table [--runs 24] [--jobs 2] [--objective latency] [--update docs/tuning.md]
"""

from __future__ import annotations

import argparse
import sys
from itertools import product

from accelsim.explore.tuning import Attempt, Tuned, tune
from benchmarks.markdown import table, update

NETWORKS = ("vgg16", "squeezenet1.1", "mobilenetv2", "resnet18", "inceptionv3")
PRESETS = ("edge_npu", "gemmini_16x16", "mcu_512kib")
HEADER = ("network", "preset", "original", "default", "rows", "robust", "tuned", "gain", "tuned plan")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", default=NETWORKS)
    parser.add_argument("--hw", nargs="+", default=PRESETS, help="presets or descriptions")
    parser.add_argument("--runs", type=int, default=24)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--objective", default="latency")
    parser.add_argument("--update", metavar="PAGE", help="put the table into a page, between its markers")
    args = parser.parse_args()
    pairs = list(product(args.networks, args.hw))
    found = [_tuned(args, network, preset) for network, preset in pairs]
    lines = [row(network, preset, each) for (network, preset), each in zip(pairs, found, strict=True)]
    better = sum(map(strictly_better, found))
    said = f"Better than the best of the original and the default plans: {better} of {len(found)}."
    text = f"{table(HEADER, lines)}\n{said}\n"
    print(text)
    if args.update:
        update(args.update, "tune_table", text)
    return 0


def _tuned(args: argparse.Namespace, network: str, preset: str) -> Tuned:
    found = tune(network, preset, args.objective, most_runs=args.runs, jobs=args.jobs)
    print(*row(network, preset, found), sep="  ", file=sys.stderr, flush=True)
    return found


def strictly_better(found: Tuned) -> bool:
    """Whether tuning found something better, or something where nothing else runs."""
    return found.best is not None and (found.best_default is None or bool(found.gain and found.gain > 0))


def row(network: str, preset: str, found: Tuned) -> tuple[str, ...]:
    """One line of the table."""
    named = {each.plan_name: each for each in found.defaults}
    cells = [shown(found, each) for each in (found.original, *map(named.get, ("default", "rows", "robust")))]
    best = found.best
    gain = "–" if found.gain is None else f"{found.gain:.1%}"
    name = "nothing fits" if best is None else best.plan_name
    return (network, f"`{preset}`", *cells, shown(found, best), gain, name)


def shown(found: Tuned, attempt: Attempt | None) -> str:
    """A value with its unit; a dash where there is none."""
    if attempt is None or attempt.value is None:
        return "–"
    return f"{attempt.value * 1e3:,.3f} ms" if found.quantity.unit == "s" else f"{attempt.value:,.4g}"


if __name__ == "__main__":
    sys.exit(main())
