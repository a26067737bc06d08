"""Restructuring: the default plan, the front, and rewriting and saving, on the cores there are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.rows import Row

__all__ = ["rows"]

_NETWORKS = ("vgg16", "squeezenet1.1", "mobilenetv2", "resnet18", "inceptionv3")
_PLAN_S, _FRONT_S, _SAVE_S = 2, 10, 5
_TIMES = 3
"""A default plan is timed so often; the fastest counts, the others were disturbed."""


def rows() -> Iterator[Row]:
    """Seconds on the wall for each of the five networks."""
    import restructure
    from restructure import zoo

    restructure.plan(zoo.build("tiny"))  # imports are start-up, measured elsewhere
    for name in _NETWORKS:
        graph = zoo.build(name)
        plan = restructure.plan(graph)
        seconds = min(_seconds(lambda graph=graph: restructure.plan(graph)) for _ in range(_TIMES))
        yield Row(f"default plan, {name}", seconds, _PLAN_S, "s")
        yield Row(f"front, {name}", _seconds(lambda graph=graph: restructure.pareto(graph)), _FRONT_S, "s")
        with TemporaryDirectory() as folder:
            file = Path(folder) / "net.onnx"
            seconds = _seconds(
                lambda graph=graph, plan=plan, file=file: restructure.save(restructure.rewrite(graph, plan), file)
            )
        yield Row(f"rewriting and saving, {name}", seconds, _SAVE_S, "s")


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
