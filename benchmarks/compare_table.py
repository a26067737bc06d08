"""Five networks on three accelerators, as they are and restructured, all verified; as Markdown.

    python -m benchmarks.compare_table [NETWORK ...] [--hw NAME ...] [--kind default|rows|robust ...] [--no-verify]
                                       [--update docs/compare.md]

Each pair of runs is `accelsim compare --hw HW --model NETWORK --restructure KIND`. Stops with 1 if a model does not
verify.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

import accelsim
from accelsim import Comparison, SimulationResult
from accelsim.explore import plan_for
from accelsim.hardware import load as load_hardware
from benchmarks.markdown import table, update
from restructure import rewrite, zoo
from restructure.graph import load
from restructure.verify import verify

NETWORKS = ("vgg16", "squeezenet1.1", "mobilenetv2", "resnet18", "inceptionv3")
HARDWARE = ("edge_npu", "gemmini_16x16", "mcu_512kib")
KINDS = ("default", "robust")
HEADER = ("network", "plan", "latency [Mcycles]", "change", "spilled [KiB]", "DRAM [MiB]", "change", "energy", "MACs")


def compared(name: str, args: argparse.Namespace) -> Iterator[tuple[str, str, Comparison]]:
    """(hardware, kind, comparison) of one network; a plan is made once and run on every accelerator."""
    graph = zoo.build(name)
    for kind in args.kind:
        plan = plan_for(graph, load_hardware(args.hw[0]), kind)
        model = rewrite(graph, plan)
        if args.verify and not (found := verify(graph, model, plan=plan)).passed:
            raise SystemExit(f"{name}, {kind}: does not verify: {found}")
        model.metadata_props.clear()
        for hardware in args.hw:
            yield hardware, kind, accelsim.compare(graph, hardware, against=load(model))
            print(f"{name} {hardware} {kind}", file=sys.stderr)


def row(name: str, kind: str, found: Comparison) -> tuple[str, ...]:
    """One line; `a → b` is the original and the restructured run."""
    both = found.original, found.restructured
    change = {key: signed(found, key) for key in ("latency_cycles", "dram_bytes", "energy_pj", "macs")}
    return (
        name,
        kind,
        arrow(f"{run.totals.latency_cycles / 1e6:.3f}" if run else None for run in both),
        change["latency_cycles"],
        arrow(f"{run.spills.bytes_written / 1024:,.0f}" if run else None for run in both),
        arrow(f"{run.totals.dram_bytes / 2**20:.2f}" if run else None for run in both),
        change["dram_bytes"],
        change["energy_pj"],
        change["macs"],
    )


def arrow(values: Any) -> str:
    """Both values; what does not fit is said."""
    before, after = (value or "does not fit" for value in values)
    return before if before == after else f"{before} → {after}"


def signed(found: Comparison, name: str) -> str:
    """A change in percent."""
    change = found.change.get(name)
    return "–" if change is None else f"{100 * change:+.1f} %".replace("-", "−")


def sections(names: list[str], args: argparse.Namespace) -> str:
    """One table per accelerator."""
    rows: dict[str, list[tuple[str, ...]]] = {hardware: [] for hardware in args.hw}
    what: dict[str, SimulationResult | None] = {}
    for name in names:
        for hardware, kind, found in compared(name, args):
            rows[hardware].append(row(name, kind, found))
            what[hardware] = next(iter(found.runs.values()), what.get(hardware))
    texts = []
    for hardware, lines in rows.items():
        run = what[hardware]
        size = f" ({run.scratchpad.capacity_bytes // 1024:,} KiB scratchpad)" if run else ""
        texts.append(f"### {hardware}{size}\n\n{table(HEADER, lines)}")
    return "\n".join(texts)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", default=NETWORKS)
    parser.add_argument("--hw", nargs="+", default=HARDWARE, help="presets or descriptions")
    parser.add_argument("--kind", nargs="+", default=KINDS, help="plans")
    parser.add_argument("--no-verify", dest="verify", action="store_false", help="do not verify the models")
    parser.add_argument("--update", metavar="PAGE", help="put the tables into a page, between its markers")
    args = parser.parse_args()
    text = sections(list(args.networks), args)
    print(text)
    if args.update:
        update(args.update, "compare_table", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
