"""SCALE-Sim 3.0.0 beside accelsim: the same layers whole on the same array, equal cycles, and how much faster.

Needs `pip install 'accelsim[bench]'`, or another interpreter that has SCALE-Sim in $SCALESIM_PYTHON.
`python -m benchmarks scalesim` takes three layers of ResNet-18, `scalesim-mobilenetv2` all of MobileNetV2 (minutes).
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.child import run_tool
from benchmarks.rows import Row
from benchmarks.scalesim_layers import ConvLayer, layers_of, one_layer_model

__all__ = ["few_layers", "mobilenetv2"]

_LAYERS = ("conv1", "layer1.0.conv1", "layer3.0.conv1")
_ARRAY = 32
_SPEED_UP = 200
_ROOMY = ["scratchpad.capacity=64MiB", "dram.bandwidth=100TB/s", "dram.latency=0ns"]
_WHOLE = "layers: {'*': {tile: {OY: 65536, OX: 65536, K: 65536, C: 65536}}}\n"

_CONFIGURATION = f"""
[general]
run_name = run
[architecture_presets]
ArrayHeight: {_ARRAY}
ArrayWidth: {_ARRAY}
IfmapSramSzkB: 65536
FilterSramSzkB: 65536
OfmapSramSzkB: 65536
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Dataflow: ws
Bandwidth: 10
ReadRequestBuffer: 64
WriteRequestBuffer: 64
[layout]
IfmapCustomLayout: False
IfmapSRAMBankBandwidth: 10
IfmapSRAMBankNum: 10
IfmapSRAMBankPort: 2
FilterCustomLayout: False
FilterSRAMBankBandwidth: 10
FilterSRAMBankNum: 10
FilterSRAMBankPort: 2
[sparsity]
SparsitySupport: false
[run_presets]
InterfaceBandwidth: CALC
UseRamulatorTrace: False
"""
_PROGRAM = """
import time
from scalesim.scale_sim import scalesim
begin = time.process_time()
run = scalesim(save_disk_space=True, verbose=False, config="scale.cfg", topology="net.csv", layout="layout.csv")
run.run_scale(top_path="out")
open("seconds", "w").write(str(time.process_time() - begin))
"""


def few_layers() -> Iterator[Row]:
    """Speed and cycles on three layers, each a network of its own."""
    chosen = [layer for layer in layers_of("resnet18") if layer.name in _LAYERS]
    theirs, their_seconds = _scalesim(chosen)
    ours, our_seconds = _ours([one_layer_model(layer) for layer in chosen])
    yield from _rows("three layers of ResNet-18", ours, theirs, our_seconds, their_seconds)


def mobilenetv2() -> Iterator[Row]:
    """Speed and cycles on the whole of MobileNetV2, depthwise layers one channel at a time."""
    theirs, their_seconds = _scalesim(layers_of("mobilenetv2"))
    ours, our_seconds = _ours(["mobilenetv2"])
    yield from _rows("MobileNetV2", ours, theirs, our_seconds, their_seconds)


def _rows(what: str, ours: int, theirs: int, our_seconds: float, their_seconds: float) -> Iterator[Row]:
    yield Row(f"array cycles off SCALE-Sim's {theirs:,}, {what}", abs(ours - theirs), 0, "cycles")
    yield Row(f"seconds, {what} (SCALE-Sim {their_seconds:.1f} s)", our_seconds, their_seconds / _SPEED_UP, "s")


def _ours(models: Sequence[object]) -> tuple[int, float]:
    import accelsim

    with TemporaryDirectory() as folder:
        pins = Path(folder) / "whole.yaml"
        pins.write_text(_WHOLE)
        accelsim.simulate("tiny", "systolic_32x32")  # imports are start-up, measured elsewhere
        begin = time.process_time()
        results = [accelsim.simulate(m, "systolic_32x32", overrides=_ROOMY, mapping=pins) for m in models]  # type: ignore[arg-type]
        return sum(result.totals.array_cycles for result in results), time.process_time() - begin


def _scalesim(layers: Sequence[ConvLayer]) -> tuple[int, float]:
    """Total cycles without stalls and processor seconds, imports not counted.

    Raises:
        RuntimeError: SCALE-Sim is not there, or fails.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "scale.cfg").write_text(_CONFIGURATION)
        (folder / "net.csv").write_text("header\n" + "".join(f"{layer.scalesim_row}\n" for layer in layers))
        (folder / "layout.csv").write_text("header\n")
        run_tool("SCALE-Sim", _PROGRAM, folder, "bench")
        with (folder / "out" / "run" / "COMPUTE_REPORT.csv").open() as lines:
            table = [{key.strip(): value for key, value in row.items() if key} for row in csv.DictReader(lines)]
        cycles = sum(int(float(row["Total Cycles"])) for row in table)
        return cycles, float((folder / "seconds").read_text())
