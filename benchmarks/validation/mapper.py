"""The mapper beside all tilings and orders of small layers, all scored by the machine's cycles.

Every tile of divisors, in every order, with every operand held or not. Those that cannot win are not run: the array
alone would take longer than the best run so far.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product as every

from onnx import ModelProto

from accelsim.compiler import compile_network
from accelsim.errors import AccelsimError
from accelsim.hardware import Dataflow, Hardware, load
from accelsim.machine import Timing, run
from accelsim.mapping import Pin, Pins
from accelsim.mapping.records import ORDERS
from accelsim.program import hazards
from accelsim.simulation import compile_model, time_run
from accelsim.workload import Workload, build
from benchmarks.validation.layers import convolution, product
from restructure.graph import load as load_graph

__all__ = ["SMALL", "Found", "Small", "search"]

_HOLDS: tuple[tuple[str, ...], ...] = ((), ("input",), ("weights",), ("input", "weights"))


@dataclass(frozen=True)
class Small:
    """A layer and the accelerator it is searched on.

    Attributes:
        sizes: rows, columns, filters and channels of the layer.
        taps: of its kernel.
        overrides: of `edge_npu`.
    """

    name: str
    model: ModelProto
    sizes: tuple[int, int, int, int]
    taps: int
    overrides: tuple[str, ...]

    @cached_property
    def hardware(self) -> Hardware:
        return load("edge_npu", self.overrides)

    @property
    def is_matrix(self) -> bool:
        return self.sizes[1] == 1


@dataclass(frozen=True, slots=True)
class Found:
    """Cycles of the mapper's choice and of the best of all; how many there are, and how many of them were run."""

    mapper: int
    best: int
    mappings: int
    run: int

    @property
    def gap(self) -> float:
        """How much longer the mapper's choice takes, as a fraction."""
        return self.mapper / self.best - 1


_SMALL_ARRAY = ("pe_array.rows=4", "pe_array.columns=4")


def _on(*overrides: str) -> tuple[str, ...]:
    return *_SMALL_ARRAY, *overrides


SMALL = (
    Small("3×3, 8 → 8, 8×8", convolution(8, 8, 3, 8, 1), (8, 8, 8, 8), 9, _on("scratchpad.capacity=1KiB")),
    Small("3×3, 8 → 8, 8×8", convolution(8, 8, 3, 8, 1), (8, 8, 8, 8), 9, _on("scratchpad.capacity=4KiB")),
    Small("3×3 / 2, 4 → 16, 8×8", convolution(4, 16, 3, 8, 2), (8, 8, 16, 4), 9, _on("scratchpad.capacity=1KiB")),
    Small("1×1, 16 → 16, 8×8", convolution(16, 16, 1, 8, 1), (8, 8, 16, 16), 1, _on("scratchpad.capacity=1KiB")),
    Small("1×1, 16 → 16, 8×8", convolution(16, 16, 1, 8, 1), (8, 8, 16, 16), 1,
          _on("scratchpad.capacity=1KiB", "pe_array.dataflow=os")),
    Small("1×1, 16 → 16, 8×8", convolution(16, 16, 1, 8, 1), (8, 8, 16, 16), 1,
          _on("scratchpad.capacity=1KiB", "dram.bandwidth=0.4GB/s")),
    Small("product 16 × 32 × 16", product(16, 32, 16), (16, 1, 16, 32), 1, _on("scratchpad.capacity=1KiB")),
    Small("product 1 × 64 × 32", product(1, 64, 32), (1, 1, 32, 64), 1, _on("scratchpad.capacity=1KiB")),
)  # fmt: skip


def search(small: Small) -> Found:
    """Return the mapper's cycles and those of the best mapping."""
    workload, hardware = build(load_graph(small.model)), small.hardware
    own = best = _compiled_cycles(small)
    pins = sorted(_pins(small), key=lambda pin: _least_cycles(small, pin))
    count = 0
    for pin in pins:
        if _least_cycles(small, pin) >= best:
            break
        count += 1
        best = min(best, _cycles(workload, hardware, Pins((("*", pin),))) or best)
    return Found(own, best, len(pins), count)


def _compiled_cycles(small: Small) -> int:
    """Cycles of the layer as it is compiled for who runs it: with what is short tried out."""
    return time_run(compile_model(load_graph(small.model), small.hardware)).trace.latency_cycles


def _pins(small: Small) -> Iterator[Pin]:
    for rows, columns, filters, channels in every(*map(_divisors, small.sizes)):
        place = {"batch": rows} if small.is_matrix else {"rows": rows, "columns": columns}
        for order, hold in every(ORDERS, _HOLDS):
            yield Pin(filters=filters, channels=channels, order=order, hold=hold, **place)


def _least_cycles(small: Small, pin: Pin) -> int:
    """Return the array's least cycles: each tile is an instruction, folded onto the array by its dataflow."""
    rows, columns, filters, channels = small.sizes
    hardware = small.hardware
    height, width = hardware.pe_array.rows, hardware.pe_array.columns
    positions = pin.batch or pin.rows * pin.columns
    depth = pin.channels * small.taps
    if hardware.pe_array.dataflow is Dataflow.OUTPUT_STATIONARY:
        work = -(-positions // height) * -(-pin.filters // width) * depth
    else:
        work = -(-depth // height) * -(-pin.filters // width) * positions
    tiles = rows * columns // positions * (filters // pin.filters) * (channels // pin.channels)
    return tiles * (hardware.issue_cycles + work)


def _divisors(size: int) -> list[int]:
    return [part for part in range(1, size + 1) if size % part == 0]


def _cycles(workload: Workload, hardware: Hardware, pins: Pins | None) -> int | None:
    """The machine's cycles; none where it does not fit."""
    try:
        program = compile_network(workload, hardware, pins)
    except AccelsimError:
        return None
    return run(program, Timing.of(hardware), hazards(program)).latency_cycles
