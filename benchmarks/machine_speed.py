"""How long hazards and machine take per instruction, in microseconds and in bare SimPy timeouts of the same run.

    python -m benchmarks.machine_speed [NETWORK ...] [--instructions 200000]

Prints one line per network, and one for its Program repeated up to the given length: both costs must stay linear.
Leaves with 1 if the machine needs more than 8 bare timeouts per instruction anywhere.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import replace

import simpy

from accelsim.compiler import compile_network
from accelsim.hardware import Hardware, load
from accelsim.machine import run
from accelsim.program import Program, hazards
from accelsim.workload import build
from restructure import zoo

LIMIT = 8.0


def bare_timeout_us(count: int = 100_000) -> float:
    """One process that only waits: the price of an event."""

    def waits(env: simpy.Environment) -> Generator[simpy.Event, object, None]:
        for _ in range(count):
            yield env.timeout(1)

    env = simpy.Environment()
    env.process(waits(env))
    return seconds(env.run) / count * 1e6


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one call."""
    gc.collect()
    begin = time.process_time()
    work()
    return time.process_time() - begin


def measure(name: str, program: Program, hardware: Hardware, repeats: int) -> float:
    """Print one line; return bare timeouts per instruction."""
    count = len(program.instructions)
    found = hazards(program)
    run(program, hardware, found)
    hazard_us = min(seconds(lambda: hazards(program)) for _ in range(repeats)) / count * 1e6
    machine_us = min(seconds(lambda: run(program, hardware, found)) for _ in range(repeats)) / count * 1e6
    bare_us = min(bare_timeout_us() for _ in range(repeats))
    ratio = machine_us / bare_us
    print(
        f"{name:24}{count:>9,} instructions   hazards {hazard_us:5.1f} µs   machine {machine_us:5.1f} µs "
        f"= {ratio:4.1f} bare timeouts of {bare_us:.2f} µs"
    )
    return ratio


def main() -> int:
    """Measure the networks named on the command line."""
    parser = argparse.ArgumentParser(description="speed of hazards and machine")
    parser.add_argument("networks", nargs="*", default=["mobilenetv2", "vgg16"])
    parser.add_argument("--hw", default="edge_npu")
    parser.add_argument("--instructions", type=int, default=0, help="also repeat each Program up to this length")
    args = parser.parse_args()
    hardware = load(args.hw)
    ratios = []
    for name in args.networks:
        program = compile_network(build(zoo.build(name)), hardware)
        ratios.append(measure(name, program, hardware, 3))
        times = args.instructions // len(program.instructions)
        if times > 1:
            longer = replace(program, instructions=program.instructions * times)
            ratios.append(measure(f"{name} × {times}", longer, hardware, 1))
    return int(max(ratios, default=0.0) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
