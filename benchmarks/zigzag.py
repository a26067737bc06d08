"""ZigZag 3.9 beside accelsim: ResNet-18 on its TPU-like example machine, cycles layer by layer and how much faster.

Needs `pip install 'accelsim[zigzag]'`, or another interpreter that has ZigZag in $ZIGZAG_PYTHON; takes two minutes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.child import run_tool
from benchmarks.rows import Row

__all__ = ["NETWORK", "Compared", "Layer", "compare", "rows"]

NETWORK, PRESET = "resnet18", "tpu_like"
_SPEED_UP = 50

_PROGRAM = """
import json, logging, os, time
logging.disable(logging.CRITICAL)
import zigzag
from zigzag.api import get_hardware_performance_zigzag
inputs = os.path.join(os.path.dirname(zigzag.__file__), "inputs")
begin = time.process_time()
found = get_hardware_performance_zigzag(
    "net.onnx", f"{inputs}/hardware/tpu_like.yaml", f"{inputs}/mapping/tpu_like.yaml", opt="latency",
    dump_folder="out", pickle_filename="out/found.pickle", loma_show_progress_bar=False,
)
seconds = time.process_time() - begin
layers = [(each.layer.name, float(each.latency_total0), float(each.latency_total2)) for each, _ in found[2][0][1]]
json.dump({"seconds": seconds, "layers": layers}, open("found.json", "w"))
"""


@dataclass(frozen=True, slots=True)
class Layer:
    """Cycles of one layer.

    Attributes:
        theirs: ZigZag's, stalls of the array included.
        theirs_alone: with its operands brought in before it and its result taken away after it as well.
        ours: its share of the run, by the array's cycles.
    """

    name: str
    theirs: float
    theirs_alone: float
    ours: int


@dataclass(frozen=True, slots=True)
class Compared:
    """Both tools on the layers that ZigZag has, with processor seconds, imports not counted."""

    layers: tuple[Layer, ...]
    their_seconds: float
    our_seconds: float


def rows() -> Iterator[Row]:
    """Speed beside ZigZag's."""
    found = compare()
    what = f"seconds, {NETWORK} (ZigZag {found.their_seconds:.1f} s)"
    yield Row(what, found.our_seconds, found.their_seconds / _SPEED_UP, "s")


@cache
def compare() -> Compared:
    """Run both.

    Raises:
        RuntimeError: ZigZag is not there, or fails.
    """
    import onnx

    import accelsim
    import restructure
    from restructure import zoo

    graph = zoo.build(NETWORK)
    with TemporaryDirectory() as name:
        folder = Path(name)
        restructure.save(graph.model, folder / "net.onnx")
        onnx.save(onnx.shape_inference.infer_shapes(onnx.load(folder / "net.onnx")), folder / "net.onnx")
        run_tool("ZigZag", _PROGRAM, folder, "zigzag")
        theirs = json.loads((folder / "found.json").read_text())
    accelsim.simulate("tiny", PRESET)  # imports are start-up, measured elsewhere
    begin = time.process_time()
    result = accelsim.simulate(graph, PRESET)
    seconds = time.process_time() - begin
    ours = {layer.name: sum(layer.array_cycles_by_cause.values()) for layer in result.layers}
    layers = [Layer(layer, plain, alone, ours[layer]) for layer, plain, alone in theirs["layers"] if layer in ours]
    return Compared(tuple(layers), theirs["seconds"], seconds)
