"""Memory that onnxruntime really holds while it runs a network, original and restructured; printed as Markdown.

    python benchmarks/resident_memory.py [NETWORK ...] [--batch 16] [--update docs/restructuring.md]

Every figure is from a fresh process: Linux's high-water mark of resident memory during the first run, minus what was
resident right before it (weights, code), with the memory arena off and one thread. Both of onnxruntime's execution
orders and each optimisation level are measured, the time is the fastest of several runs. Plans: the flattest without
extra MACs (overlaps *retained*), the flattest *robust* one within 8.6 % (overlaps recomputed, any order will do).
"""

from __future__ import annotations

import argparse
import ctypes
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from markdown import table, update

NETWORKS = ("mobilenetv2", "resnet18")
PLANS: dict[str, dict[str, Any]] = {
    "retained": {"max_overhead": 0.0},
    "robust": {"max_overhead": 0.086, "robust": True},
}
ORDERS = ("DEFAULT", "PRIORITY_BASED")
LEVELS = ("DISABLE_ALL", "ENABLE_BASIC", "ENABLE_EXTENDED", "ENABLE_ALL")
RUNS = 3


def child(path: str, order: str, level: str) -> None:
    """Measure one model in this process; print the result as JSON."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.enable_cpu_mem_arena = False
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    options.execution_order = getattr(ort.ExecutionOrder, order)
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, f"ORT_{level}")
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feeds = {i.name: np.random.default_rng(0).standard_normal(i.shape, np.float32) for i in session.get_inputs()}
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # start the high-water mark anew
    before = status("VmRSS")
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


def fresh(path: Path, order: str, level: str) -> dict[str, float]:
    """Measure one model in a fresh process."""
    command = [sys.executable, __file__, "--child", str(path), order, level]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def measured(name: str, batch: int) -> list[list[str]]:
    """Return the rows of one network."""
    import restructure
    from restructure import zoo
    from restructure.verify import verify

    net, rows = zoo.build(name, batch), []
    with tempfile.TemporaryDirectory() as folder:
        files = {"original": Path(folder) / "original.onnx"}
        restructure.save(net, files["original"])
        peaks = {}
        for label, limits in PLANS.items():
            plan = restructure.plan(net, **limits)
            model = restructure.rewrite(net, plan)
            problems = verify(net, model, plan=plan).problems
            if problems:
                raise SystemExit(f"{name}, {label}: {problems[0]}")
            files[label] = Path(folder) / f"{label}.onnx"
            restructure.save(model, files[label])
            peaks["original"], peaks[label] = plan.baseline_bytes, plan.peak_bytes
        for label, path in files.items():
            rows.append([f"{name} ×{batch}, {label}", f"{peaks[label] / 2**20:.1f}"])
            for order in ORDERS:
                for level in LEVELS:
                    found = fresh(path, order, level)
                    rows[-1].append(f"{found['peak_kib'] / 1024:.1f} ({found['seconds']:.2f})")
            print(*rows[-1], file=sys.stderr)
    return rows


def main() -> int:
    if "--child" in sys.argv[1:2]:
        child(*sys.argv[2:5])
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", default=NETWORKS)
    parser.add_argument("--batch", metavar="N", type=int, default=16, help="images at once (default: 16)")
    parser.add_argument("--update", metavar="PAGE", help="put the table into a page, between its markers")
    args = parser.parse_args()
    header = ["resident MiB while running (seconds)", "active memory, MiB"]
    header += [
        f"{order.split('_')[0].lower()} order, {level.removeprefix('ENABLE_')}" for order in ORDERS for level in LEVELS
    ]
    text = table(header, [row for name in args.networks for row in measured(name, args.batch)])
    print(text)
    if args.update:
        update(args.update, "resident_memory", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
