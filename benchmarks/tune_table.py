"""Tuned plans beside the plans a user gets without tuning: five networks on three presets.

python -m benchmarks.tune_table [NETWORK ...] [--hw PRESET ...] [--runs 24] [--jobs 2] [--update docs/tuning.md]

With `--update`, lines of the page for pairs that are not run stay as they are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import product

from accelsim.explore.tuning import Attempt, Tuned, tune
from benchmarks.markdown import lines_of, table, update

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
    if args.update:
        made = {line[:2]: line for line in lines}
        kept = {line[:2]: line for line in lines_of(args.update, "tune_table")}
        lines = list((kept | made).values())
    better = sum(is_better(line) for line in lines)
    said = f"Better than the best of the original and the default plans by 0.1 % or more: {better} of {len(lines)}."
    text = f"{table(HEADER, lines)}\n{said}\n"
    print(text)
    if args.update:
        update(args.update, "tune_table", text)
    return 0


def _tuned(args: argparse.Namespace, network: str, preset: str) -> Tuned:
    found = tune(network, preset, args.objective, most_runs=args.runs, jobs=args.jobs)
    print(*row(network, preset, found), sep="  ", file=sys.stderr, flush=True)
    return found


def is_better(line: Sequence[str]) -> bool:
    """Whether a line of the table has a gain that shows, or a plan where nothing else runs."""
    *defaults, tuned, gain, _ = line[2:]
    return float(gain.rstrip("%")) > 0 if gain != "–" else tuned != "–" and set(defaults) == {"–"}


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
