"""Whether the cost of a run is linear in the length of its Program: MobileNetV2 at growing batches, up to 200,000."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from benchmarks.child import run_alone
from benchmarks.rows import Row

__all__ = ["rows"]

_BATCHES = (4, 18, 72, 142)
_MOST = 1.1
"""How much an instruction of a longer Program may cost, beside one of the shortest."""


def rows() -> Iterator[Row]:
    """Microseconds from a loaded model to its result, per instruction."""
    first = 0.0
    for batch in _BATCHES:
        count, seconds = map(float, run_alone(["-m", "benchmarks.length", str(batch)]).output.split())
        each_us = seconds / count * 1e6
        first = first or each_us
        yield Row(f"{count:,.0f} instructions (batch {batch}), time of each", each_us, _MOST * first, "µs")


def _measure(batch: int) -> tuple[int, float]:
    from accelsim.hardware import load
    from accelsim.simulation import compile_model, time_run
    from restructure import zoo

    graph, hardware = zoo.build("mobilenetv2", batch), load("edge_npu")
    begin = time.process_time()
    compiled = compile_model(graph, hardware)
    time_run(compiled)
    return len(compiled.program.instructions), time.process_time() - begin


if __name__ == "__main__":
    print(*_measure(int(sys.argv[1])))
