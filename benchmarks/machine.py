"""What the discrete-event machine costs per instruction, in bare SimPy timeouts of the same run."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator

from benchmarks.rows import Row

__all__ = ["rows"]

_TIMEOUTS = 100_000
_REPEATS = 5


def rows() -> Iterator[Row]:
    """Machine time per instruction, in timeouts."""
    import simpy

    from accelsim.hardware import load
    from accelsim.machine import run
    from accelsim.program import hazards
    from accelsim.simulation import compile_model
    from restructure import zoo

    def clock(env: simpy.Environment) -> Generator[simpy.Event, object, None]:
        for _ in range(_TIMEOUTS):
            yield env.timeout(1)

    def bare() -> None:
        env = simpy.Environment()
        env.process(clock(env))
        env.run()

    hardware = load("edge_npu")
    for name in ("mobilenetv2", "vgg16"):
        program = compile_model(zoo.build(name), hardware).program
        found, count = hazards(program), len(program.instructions)

        def timed(program=program, found=found) -> None:  # type: ignore[no-untyped-def]
            run(program, hardware, found)

        ratio = (_best(timed) / count) / (_best(bare) / _TIMEOUTS)
        yield Row(f"machine time per instruction, {name} ({count:,})", ratio, 8, "timeouts")


def _best(work: Callable[[], None]) -> float:
    seconds = []
    for _ in range(_REPEATS):
        begin = time.process_time()
        work()
        seconds.append(time.process_time() - begin)
    return min(seconds)
