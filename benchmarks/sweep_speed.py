"""A slice of `examples/sweeps/edge_npu_design.yaml`, by one worker and by two; what a thousand points would take."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.rows import Row

__all__ = ["rows"]

_SLICE = {
    "name": "slice",
    "models": "mobilenetv2",
    "hardware": "edge_npu",
    "set": {"scratchpad.capacity": ["64KiB", "192KiB", "512KiB", "2MiB"], "dram.bandwidth": ["0.8 GB/s", "6.4 GB/s"]},
    "variants": [{"pe_array.rows": 8, "pe_array.columns": 8}, {"pe_array.rows": 32, "pe_array.columns": 16}],
    "restructure": ["off", "rows"],
}
_POINTS, _CORES = 1000, 2
_SPEED_UP = 1.8


@dataclass(frozen=True, slots=True)
class _Cost:
    """Of one sweep: processor seconds of its workers, seconds on the wall, and processor seconds of its mean point."""

    work_s: float
    wall_s: float
    point_s: float


def rows() -> Iterator[Row]:
    """Minutes of a thousand points, and what two workers do for the slice.

    The first two rows are of processor time; the last one means something only where both cores are idle.
    """
    one, two = _swept(1), _swept(2)
    minutes = one.point_s * _POINTS / _CORES / 60
    yield Row("1,000 points on 2 cores, from the slice's mean point", minutes, 6, "min")
    yield Row("processor time, 2 workers / 1 worker", two.work_s / one.work_s, _CORES / _SPEED_UP, "")
    yield Row("time on the wall, 2 workers / 1 worker", two.wall_s / one.wall_s, 1 / _SPEED_UP, "")


def _swept(jobs: int) -> _Cost:
    from accelsim.explore.sweeping import sweep

    with TemporaryDirectory() as folder:
        worked, begun = _work_of_children_s(), time.perf_counter()
        results = sweep(_SLICE, Path(folder) / "results.db", jobs=jobs)
        wall_s = time.perf_counter() - begun
    seconds = [row.seconds for row in results.rows]
    return _Cost(_work_of_children_s() - worked, wall_s, sum(seconds) / len(seconds))


def _work_of_children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
