"""The PE array cycle by cycle: which operands meet in which PE, and where the sums are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from accelsim.dataflows import ArrayShape, dataflow, matrix_product
from accelsim.dataflows.stepped import ArrayState, SteppedProduct
from accelsim.report.parts import facts, title
from accelsim.report.quantities import count, cycles, percent
from accelsim.report.sparkline import sparkline

__all__ = ["DATAFLOW_NAMES", "Gemm", "cell_texts", "frame_screen", "reading", "start_screen", "summary_screen"]

Ints = NDArray[np.int64]

DATAFLOW_NAMES = {"ws": "weight_stationary", "os": "output_stationary", "is": "input_stationary"}
_HOLDS = {
    "weight_stationary": ("activation", "weight", "each PE holds a weight; activations move east, sums south"),
    "input_stationary": ("weight", "activation", "each PE holds an activation; weights move east, sums south"),
    "output_stationary": ("activation", "weight", "each PE holds a sum; activations move east, weights south"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Gemm:
    """What is multiplied: (M, K)·(K, N) on an array with a dataflow."""

    dataflow: str
    array: ArrayShape
    inputs: Ints
    weights: Ints

    @property
    def title(self) -> str:
        """Extents and size of the array."""
        (m, k), n = self.inputs.shape, self.weights.shape[1]
        return f"({m}×{k})·({k}×{n}) on {self.array.rows}×{self.array.columns} PEs"


def reading(gemm: Gemm) -> str:
    """How a cell is read."""
    east, other, said = _HOLDS[gemm.dataflow]
    return f"{said}; a cell is {east}×{other}, below it the sum"


def start_screen(gemm: Gemm) -> Iterator[RenderableType]:
    """What runs, and both operands."""
    yield title(gemm.title, f"{gemm.dataflow.replace('_', ' ')}, drain {gemm.array.drain}")
    operands = ("activations", _matrix(gemm.inputs)), ("weights", _matrix(gemm.weights))
    yield facts([("reading", reading(gemm)), *operands])


def _matrix(values: Ints) -> str:
    return "  ".join("[" + " ".join(f"{value}" for value in row) + "]" for row in values.tolist())


def frame_screen(gemm: Gemm, state: ArrayState) -> Iterator[RenderableType]:
    """One cycle: the grid of PEs."""
    busy = int(state.multiplying.sum())
    yield Text()
    aside = f"{count(busy, 'PE')} of {state.multiplying.size} multiply, {count(state.outputs_done, 'word')} out"
    yield title(f"cycle {state.cycle}: {state.phase}", aside)
    grid = Table(box=box.SQUARE, show_header=False, show_lines=True, padding=(0, 1))
    for _ in range(state.multiplying.shape[1]):
        grid.add_column(justify="center", min_width=7, no_wrap=True)
    for row in range(state.multiplying.shape[0]):
        grid.add_row(*(_cell(gemm, state, row, column) for column in range(state.multiplying.shape[1])))
    yield grid


def _cell(gemm: Gemm, state: ArrayState, row: int, column: int) -> Text:
    style = "bold cyan" if state.multiplying[row, column] else "dim"
    return Text("\n".join(cell_texts(gemm, state, row, column)), style=style)


def cell_texts(gemm: Gemm, state: ArrayState, row: int, column: int) -> tuple[str, str]:
    """What a PE multiplies (or holds, in brackets), and its sum."""
    place = row, column
    if gemm.dataflow == "output_stationary":
        second, total = int(state.southward[place]), int(state.stationary[place])
        moving = int(state.partial_sums[place])
        low = f"Σ {total}" if total else f"↓ {moving}" if moving else "·"
    else:
        second, total = int(state.stationary[place]), int(state.partial_sums[place])
        low = f"Σ {total}" if total else "·"
    if state.multiplying[place]:
        return f"{int(state.eastward[place])}×{second}", low
    return f"[{second}]" if second and gemm.dataflow != "output_stationary" else " ", low


def summary_screen(gemm: Gemm, done: SteppedProduct, waves: list[int]) -> Iterator[RenderableType]:
    """The product, the cycles beside the closed form's, and how many PEs multiplied over time."""
    m, k = gemm.inputs.shape
    nest = matrix_product(m=m, n=gemm.weights.shape[1], k=k)
    formula = dataflow(gemm.dataflow).cost(gemm.array, nest).total_cycles
    places = gemm.array.rows * gemm.array.columns
    right = bool((done.product == gemm.inputs @ gemm.weights).all())
    yield Text()
    yield facts(
        [
            ("product", _matrix(done.product)),
            (" check", "equals the matrix product" if right else "DIFFERS from the matrix product"),
            ("cycles", f"{cycles(done.cycles)} counted; the closed form says {formula:,}"),
            (" folds", f"{count(done.folds, 'filling')} of the array"),
            ("utilisation", f"{percent(nest.macs, done.cycles * places)} of {places:,} MACs/cycle"),
            ("wavefront", sparkline(waves, places)),
            ("", f"PEs multiplying, cycle 0 to {len(waves) - 1}; full height is all {places}"),
        ]
    )
