"""`python -m benchmarks [NAME…]`: the tables named, by default all that need nothing more; exit 1 on a miss."""

from __future__ import annotations

import sys

from benchmarks import command, length, loading, machine, pipeline, planning, playground, scalesim, sweep_speed, zigzag
from benchmarks.rows import print_rows

_TABLES = {
    "command": ("The whole command, on one core", command.rows),
    "loading": ("Loading and analysing, on one core", loading.rows),
    "pipeline": ("Loaded model to result, on one core", pipeline.rows),
    "length": ("Programs of growing length, on one core", length.rows),
    "machine": ("The discrete-event machine", machine.rows),
    "planning": ("Restructuring, on the cores there are", planning.rows),
    "sweep": ("A slice of a sweep, MobileNetV2 on edge_npu", sweep_speed.rows),
    "playground": ("The playground in a browser, MobileNetV2 on edge_npu, restructuring …", playground.rows),
    "scalesim": ("SCALE-Sim 3.0.0, 32x32 weight-stationary, whole layers", scalesim.few_layers),
    "scalesim-mobilenetv2": ("SCALE-Sim 3.0.0, 32x32 weight-stationary, MobileNetV2", scalesim.mobilenetv2),
    "zigzag": ("ZigZag 3.9, its TPU-like machine, ResNet-18", zigzag.rows),
}
_DEFAULT = ("command", "pipeline", "machine")


def main(names: list[str]) -> int:
    """Print the chosen tables; 1 if a target was missed, 2 if there is no such table."""
    unknown = [name for name in names if name not in _TABLES]
    if unknown:
        print(f"{unknown[0]!r}: must be one of {', '.join(_TABLES)}", file=sys.stderr)
        return 2
    met = True
    for name in names or _DEFAULT:
        title, rows = _TABLES[name]
        met &= print_rows(title, rows())
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
