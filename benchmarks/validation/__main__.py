"""docs/validation.md: every number of it, made again.

    python -m benchmarks.validation [--update docs/validation.md] [--fast] [--only NAME ...]

`--fast` leaves out what takes more than a few seconds: VGG-16 on Eyeriss, Vela's and ZigZag's estimates (which
need `pip install 'accelsim[vela,zigzag]'`), the functional runs, the laws, all mappings of small layers, and the
planner's bound (which needs scipy).
"""

from __future__ import annotations

import argparse
import sys
from statistics import mean, median

import accelsim
from accelsim.hardware import load, override
from benchmarks import zigzag
from benchmarks.helpers import of_tests
from benchmarks.markdown import table, update
from benchmarks.validation import eyeriss, gemmini, laws, mapper, vela

VERIFIED = ("mobilenetv2", "squeezenet1.1", "resnet18")
RANDOM_RUNS = 200
ESTIMATED = ("mobilenetv2", "resnet18", "squeezenet1.1", "vgg16")
BOUNDED = ("squeezenet1.1", "mobilenetv2", "resnet18")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", metavar="PAGE", help="put the sections into a page, between its markers")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=(), help="sections to make, by name")
    args = parser.parse_args()
    sections = {"gemmini": rtl, "eyeriss_alexnet": silicon, "tpu": roofline}
    if not args.fast:
        sections |= {
            "eyeriss_vgg16": silicon_vgg16,
            "vela": ethos_u55,
            "zigzag": tpu_like,
            "functional": functional,
            "laws": statistics_of_laws,
            "mapper": mapper_beside_all,
            "planner": planner,
        }
    for name, make in sections.items():
        if args.only and name not in args.only:
            continue
        text = make()
        print(f"## {name}\n\n{text}", flush=True)
        if args.update:
            update(args.update, name, text)
    return 0


def rtl() -> str:
    """Gemmini's RTL."""
    cases = gemmini.cases()
    rows = [(c.name, c.kind, f"{c.measured:,}", f"{c.ours:,}", f"{c.error:+.1%}") for c in cases]
    said = []
    for kind in ("gemm", "conv"):
        errors = [abs(c.error) for c in cases if c.kind == kind]
        said.append(f"{len(errors)} {kind}s: {mean(errors):.1%} on average, {max(errors):.1%} at worst")
    return f"{table(('layer', 'kind', 'RTL, cycles', 'ours, cycles', 'error'), rows)}\n{'; '.join(said)}."


def silicon() -> str:
    """AlexNet on Eyeriss, with the chip's tiles."""
    return _silicon(eyeriss.layers("alexnet", eyeriss.TILES))


def silicon_vgg16() -> str:
    """VGG-16 on Eyeriss, with tiles of the mapper."""
    return _silicon(eyeriss.layers("vgg16"))


def _silicon(layers: list[eyeriss.Layer]) -> str:
    rows = []
    for each in layers:
        alone = each.busy / each.measured - 1
        times = (f"{each.measured:.1f}", f"{each.ours:.2f}", f"{each.error:+.1%}")
        rows.append((each.name, *times, f"{alone:+.1%}", f"{each.buffer_rate:.2f}"))
    header = ("layer", "chip, ms", "ours, ms", "error", "MACs / active PEs alone", "chip's buffer, GB/s")
    worst = max(layers, key=lambda e: abs(e.error))
    return f"{table(header, rows)}\nWorst: {worst.name}, {worst.error:+.1%}."


def roofline() -> str:
    """TPU v1: what its published limits give, and what one layer deep under each of them reaches."""
    hardware = load("tpu_v1")
    peak = 2 * hardware.peak_macs_per_s
    ridge = hardware.peak_macs_per_cycle / hardware.dram.bytes_per_cycle
    rows = [
        ("peak, TOPS", "92", f"{peak / 1e12:.1f}"),
        ("ridge, operations per byte of weights", "1,350", f"{float(ridge):,.0f}"),
    ]
    return table(("", "published", "ours"), rows)


def ethos_u55() -> str:
    """Vela's estimates beside ours."""
    rows = []
    for name in ESTIMATED:
        found = vela.estimates(name)
        millions = [f"{n / 1e6:.2f}" for n in (found.theirs.total(), found.ours.total())]
        kinds = [f"{found.theirs[kind] / 1e6:.2f} / {found.ours[kind] / 1e6:.2f}" for kind in vela.KINDS]
        rows.append((name, *millions, f"{found.difference:+.0%}", *kinds))
    return table(("network", "Vela, Mcycles", "ours, Mcycles", "difference", *vela.KINDS), rows)


def tpu_like() -> str:
    """ZigZag's estimate beside ours."""
    found = zigzag.compare()
    rows = [
        (layer.name, *(f"{n:,.0f}" for n in (layer.theirs, layer.theirs_alone, layer.ours)), f"{off:+.1%}")
        for layer in found.layers
        for off in (layer.ours / layer.theirs - 1,)
    ]
    first, *rest = found.layers
    theirs, ours = sum(layer.theirs for layer in rest), sum(layer.ours for layer in rest)
    header = ("layer", "ZigZag, cycles", "with its own loading and storing", "ours, cycles", "difference")
    said = f"All layers but {first.name}: {theirs:,.0f} and {ours:,} cycles, {ours / theirs - 1:+.1%}"
    speed = f"{found.their_seconds / found.our_seconds:.0f} times the processor time of accelsim"
    return f"{table(header, rows)}\n{said}. ZigZag took {speed}."


def functional() -> str:
    """Timed programs executed with real numbers."""
    rows = []
    for name in VERIFIED:
        found = accelsim.verify(name, "edge_npu")
        said = "equal" if found.passed else "DIFFERENT"
        worst = max(found.outputs, key=lambda output: output.max_rel_error)
        rows.append(
            (name, f"{said} in {len(found.orders)} orders", f"{worst.max_rel_error:.1e}", f"{worst.tolerance:.1e}")
        )
    return table(("network on edge_npu", "outputs", "relative error", "tolerance"), rows)


def statistics_of_laws() -> str:
    """The laws on random networks and accelerators, and what doubling does to them and to networks of the zoo."""
    models = of_tests("random_models")
    random_hardware, random_network = models.random_hardware, models.random_network
    said = sum(bool(laws.broken(accelsim.simulate(random_network(s), random_hardware(s)))) for s in range(RANDOM_RUNS))
    rows = []
    for field in ("dram.bandwidth", "scratchpad.capacity"):
        runs = [(random_network(seed), random_hardware(seed)) for seed in range(RANDOM_RUNS)]
        zoo_runs = [
            (name, load("edge_npu", [f"scratchpad.capacity={k}KiB"])) for name in BOUNDED for k in (64, 128, 256)
        ]
        for what, pairs in (("random networks", runs), (f"{', '.join(BOUNDED)} on edge_npu", zoo_runs)):
            found = []
            for model, hardware in pairs:
                more = override(hardware, [laws.twice(hardware, field)])
                found.append(laws.slowdown(accelsim.simulate(model, hardware), accelsim.simulate(model, more)))
            slower = sum(share > 0 for share in found)
            rows.append((field, what, str(len(found)), str(slower), f"{median(found):+.1%}", f"{max(found):+.1%}"))
    header = ("doubled", "networks", "runs", "slower", "median change of latency", "worst")
    return f"{RANDOM_RUNS} random runs: {said} break a law.\n\n{table(header, rows)}"


def mapper_beside_all() -> str:
    """The mapper's choice beside all tilings and orders of small layers."""
    rows, gaps = [], []
    for small in mapper.SMALL:
        found = mapper.search(small)
        gaps.append(found.gap)
        on = ", ".join(small.overrides[2:])
        counts = (f"{found.mappings:,}", f"{found.run:,}")
        rows.append((small.name, f"`{on}`", *counts, f"{found.best:,}", f"{found.mapper:,}", f"{found.gap:+.1%}"))
    header = ("layer", "4×4 array", "mappings", "run", "best, cycles", "mapper's, cycles", "gap")
    return f"{table(header, rows)}\nMedian {median(gaps):.1%}, worst {max(gaps):.1%}."


def planner() -> str:
    """The residency planner over its relaxed bound."""
    from accelsim.workload import build
    from benchmarks.planner_bound import relaxed_bytes
    from restructure import zoo

    rows, factors = [], []
    for name in BOUNDED:
        for kibibytes in (128, 256, 512):
            hardware = load("edge_npu", [f"scratchpad.capacity={kibibytes}KiB"])
            graph = zoo.build(name)
            bound = relaxed_bytes(build(graph), kibibytes * 1024, hardware.precision.activations_bytes)
            spills = accelsim.simulate(graph, hardware).spills
            moved = spills.bytes_written + spills.bytes_reloaded
            factors.append(moved / bound if bound else 1.0)
            rows.append((name, f"{kibibytes} KiB", f"{moved:,}", f"{bound:,}", f"{factors[-1]:.2f}"))
    said = f"Median factor {median(factors):.2f}, worst {max(factors):.2f}."
    return f"{table(('network', 'scratchpad', 'spilled and read back, B', 'bound, B', 'factor'), rows)}\n{said}"


if __name__ == "__main__":
    sys.exit(main())
