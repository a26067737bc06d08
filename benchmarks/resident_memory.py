"""Memory that onnxruntime really holds while it runs a network, original and restructured; printed as Markdown.

    python -m benchmarks.resident_memory [NETWORK ...] [--batch 8] [--update docs/restructuring.md]

Every figure is from a fresh process: Linux's high-water mark of resident memory during the first run, minus what was
resident right before it and before its input was made (weights, code). The memory arena is off, one thread, and glibc
gives every block of 64 KiB or more back at once (`MALLOC_MMAP_THRESHOLD_`), or its heap's holes would be measured. Both
of onnxruntime's execution orders, each optimisation level, and its planner's reuse of buffers on and off are measured;
the time is the fastest of several runs. Plans: the flattest without extra MACs (overlaps *retained*), and the flattest
*robust* one within 8.6 %.
"""

from __future__ import annotations

import argparse
import ctypes
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.markdown import table, update

if TYPE_CHECKING:
    from restructure.graph import Graph

NETWORKS = ("mobilenetv2", "resnet18")
PLANS: dict[str, dict[str, Any]] = {
    "retained": {"max_overhead": 0.0},
    "robust": {"max_overhead": 0.086, "robust": True},
}
ORDERS = ("DEFAULT", "PRIORITY_BASED")
LEVELS = ("DISABLE_ALL", "ENABLE_BASIC", "ENABLE_EXTENDED", "ENABLE_ALL")
REUSE = ("buffers reused", "not reused")
RUNS = 3


def child(path: str, order: str, level: str, reuse: str) -> None:
    """Measure one model in this process; print the result as JSON."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.enable_cpu_mem_arena = False
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    options.enable_mem_reuse = reuse == REUSE[0]
    options.execution_order = getattr(ort.ExecutionOrder, order)
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, f"ORT_{level}")
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(0)
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # start the high-water mark anew
    before = status("VmRSS")
    feeds = {i.name: generator.standard_normal(i.shape, np.float32) for i in session.get_inputs()}
    session.run(None, feeds)
    peak = status("VmHWM") - before
    seconds = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        session.run(None, feeds)
        seconds.append(time.perf_counter() - begin)
    print(json.dumps({"peak_kib": peak, "seconds": min(seconds)}))


def status(field: str) -> int:
    """Return a field of this process's status, in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def fresh(path: Path, *settings: str) -> str:
    """Measure one model in a fresh process; return MiB and seconds as text."""
    command = [sys.executable, __file__, "--child", str(path), *settings]
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found = json.loads(done.stdout)
    return f"{found['peak_kib'] / 1024:.1f} ({found['seconds']:.2f})"


def made(name: str, batch: int, folder: Path) -> dict[str, tuple[Path, float]]:
    """Write the original and each plan's model; return their files and active memory in MiB."""
    import restructure
    from restructure import zoo
    from restructure.verify import verify

    net = zoo.build(name, batch)
    files = {"original": (folder / f"{name}.onnx", profile_mib(net))}
    restructure.save(net, files["original"][0])
    for label, limits in PLANS.items():
        plan = restructure.plan(net, **limits)
        model = restructure.rewrite(net, plan)
        problems = verify(net, model, plan=plan).problems
        if problems:
            raise SystemExit(f"{name}, {label}: {problems[0]}")
        files[label] = (folder / f"{name}-{label}.onnx", plan.peak_bytes / 2**20)
        restructure.save(model, files[label][0])
    return files


def profile_mib(net: Graph) -> float:
    from restructure.profile import profile

    return profile(net).peak_bytes / 2**20


def main() -> int:
    if "--child" in sys.argv[1:2]:
        child(*sys.argv[2:6])
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", default=NETWORKS)
    parser.add_argument("--batch", metavar="N", type=int, default=8, help="images at once (default: 8)")
    parser.add_argument("--update", metavar="PAGE", help="put the table into a page, between its markers")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = {
            f"{name} ×{args.batch}, {label}": entry
            for name in args.networks
            for label, entry in made(name, args.batch, Path(folder)).items()
        }
        rows = [["active memory", *(f"{mib:.1f}" for _, mib in files.values())]]
        for order, level, reuse in itertools.product(ORDERS, LEVELS, REUSE):
            rows.append([f"{named(order)}, {named(level)}, {reuse}"])
            rows[-1] += [fresh(path, order, level, reuse) for path, _ in files.values()]
            print(*rows[-1], sep="  ", file=sys.stderr)
    text = table(["resident MiB while running (seconds)", *files], rows)
    print(text)
    if args.update:
        update(args.update, "resident_memory", text)
    return 0


def named(setting: str) -> str:
    return f"`{setting}`"


if __name__ == "__main__":
    sys.exit(main())
