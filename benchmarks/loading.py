"""Loading and analysing: a small export, and the networks of the zoo."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from benchmarks.helpers import MODELS
from benchmarks.rows import Row

__all__ = ["rows"]

_TARGET_S = 0.15
_TIMES = 3


def rows() -> Iterator[Row]:
    """Processor seconds for each; what a process does once, imports among it, is not in them."""
    from restructure import graph, zoo

    zoo.build("tiny")
    export = MODELS / "mobilenet_v2_ts13bn.onnx"
    yield Row(f"load and analyse {export.name}", _seconds(lambda: graph.load(export)), _TARGET_S, "s")
    for name in zoo.names():
        seconds = _seconds(lambda name=name: zoo.build(name))
        yield Row(f"build and analyse {name}", seconds, _TARGET_S, "s")


def _seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_TIMES):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)
