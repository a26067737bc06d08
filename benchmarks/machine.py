"""What the discrete-event machine costs per instruction, in bare SimPy timeouts of the same run."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.machine_speed import LIMIT, bare_timeout_us, seconds
from benchmarks.rows import Row

__all__ = ["rows"]

_REPEATS = 5


def rows() -> Iterator[Row]:
    """Machine time per instruction, in timeouts."""
    from accelsim.hardware import load
    from accelsim.machine import run
    from accelsim.program import hazards
    from accelsim.simulation import compile_model
    from restructure import zoo

    hardware = load("edge_npu")
    for name in ("mobilenetv2", "vgg16"):
        program = compile_model(zoo.build(name), hardware).program
        found, count = hazards(program), len(program.instructions)
        machine_us = min(seconds(lambda p=program, f=found: run(p, hardware, f)) for _ in range(_REPEATS)) / count * 1e6  # type: ignore[misc]
        bare_us = min(bare_timeout_us() for _ in range(_REPEATS))
        yield Row(f"machine time per instruction, {name} ({count:,})", machine_us / bare_us, LIMIT, "timeouts")
