"""From a loaded model to its result, in a process without anything cached."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from benchmarks.child import best_of
from benchmarks.rows import Row

__all__ = ["rows"]

_TARGETS_S = {"mobilenetv2": 0.4, "squeezenet1.1": 1.0, "resnet18": 1.0, "vgg16": 1.5, "inceptionv3": 1.5}


def rows() -> Iterator[Row]:
    """Seconds from a loaded model to its result on `edge_npu`."""
    for name, target in _TARGETS_S.items():
        cost = best_of(2, ["-m", "benchmarks.pipeline", name])
        yield Row(f"loaded model to result, {name}", float(cost.output), target, "s")


def _measure(name: str) -> float:
    from accelsim.compiler import compile_network  # noqa: F401  (imports are start-up, measured elsewhere)
    from accelsim.hardware import load
    from accelsim.machine import run  # noqa: F401
    from accelsim.results import measure  # noqa: F401
    from accelsim.simulation import compile_model, time_run
    from accelsim.workload import build  # noqa: F401
    from restructure import zoo

    graph, hardware = zoo.build(name), load("edge_npu")
    begin = time.process_time()
    time_run(compile_model(graph, hardware))
    return time.process_time() - begin


if __name__ == "__main__":
    print(_measure(sys.argv[1]))
