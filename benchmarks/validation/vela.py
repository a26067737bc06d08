"""Vela's estimate of a network on Ethos-U55-256 beside ours.

Vela compiles an int8 TFLite file for the accelerator and adds up, operator by operator, the larger of its cycles and
those of its memory accesses.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import accelsim
from benchmarks.validation import tflite
from restructure import operators, zoo
from restructure.graph import Graph

__all__ = ["KINDS", "Estimates", "estimates"]

KINDS = ("convolutions", "depthwise", "products", "other")
_THEIRS = {"Conv2D": "convolutions", "DepthwiseConv2D": "depthwise", "FullyConnected": "products"}
_MAIN = "from ethosu.vela.vela import main; main()"
_SYSTEM = ("--config", "Arm/vela.ini", "--system-config", "Ethos_U55_High_End_Embedded", "--memory-mode", "Shared_Sram")


@dataclass(frozen=True, slots=True)
class Estimates:
    """Cycles of one network by kind of operator, Vela's and ours; both add up to the run."""

    network: str
    theirs: Counter[str]
    ours: Counter[str]

    @property
    def difference(self) -> float:
        """How much more cycles ours are, relative to Vela's."""
        return self.ours.total() / self.theirs.total() - 1


def estimates(network: str) -> Estimates:
    """Return both estimates of a network of the zoo.

    Raises:
        RuntimeError: Vela refuses it.
    """
    graph = zoo.build(network)
    return Estimates(network, _vela(graph), _accelsim(graph))


def _vela(graph: Graph) -> Counter[str]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        tflite.write(graph, folder / "net.tflite")
        command = [sys.executable, "-c", _MAIN, str(folder / "net.tflite"), *_SYSTEM]
        command += ["--accelerator-config", "ethos-u55-256", "--verbose-performance", "--output-dir", name]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"vela: {done.stderr or done.stdout}")
        with (folder / "net_per-layer.csv").open() as file:
            rows = list(csv.DictReader(file))
    found: Counter[str] = Counter()
    for row in rows:
        found[_THEIRS.get(row["Original Operator"], "other")] += round(float(row["Op Cycles"]))
    return found


def _accelsim(graph: Graph) -> Counter[str]:
    nodes = {node.name: node for node in graph.nodes}
    found: Counter[str] = Counter()
    for layer in accelsim.simulate(graph, "ethos_u55_256").layers:
        kind = {"Conv": "convolutions", "Gemm": "products"}.get(layer.operator, "other")
        if kind == "convolutions" and operators.conv_geometry(nodes[layer.name], graph).depthwise:
            kind = "depthwise"
        found[kind] += sum(layer.array_cycles_by_cause.values())
    return found
