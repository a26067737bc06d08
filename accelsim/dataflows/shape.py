"""The PE array as the dataflows see it: its size and the four conventions that decide what a cycle count means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

Drain = Literal["hidden", "exposed"]
Depthwise = Literal["per_channel", "packed"]


@dataclass(frozen=True, slots=True)
class ArrayShape:
    """A grid of multiply-accumulate units, values entering at its west and north edges, results leaving south.

    Attributes:
        rows: R, PEs from north to south.
        columns: C, PEs from west to east.
        drain: what the end of a product costs.

            * ``hidden``: the product's last cycle, in which only the far corner PE still multiplies and its result is
              written back, overlaps the first cycle of what follows, and output-stationary results shift out of the
              array while the next operands are being filled in: a product of F folds of P cycles takes F·P − 1
              cycles. These are SCALE-Sim's totals (which simulates each depthwise channel as a product).
            * ``exposed``: every cycle counts until the last result has left the array, and no fold begins before the
              results of the one before have left. Weight- and input-stationary results leave while the last operands
              stream (F·P); output-stationary results need R more cycles per fold to be shifted out, F·(P + R).
        depthwise: what becomes of grouped products.

            * ``per_channel``: one group after the other, each a product of its own.
            * ``packed``: p groups side by side on the array's diagonal make one block-diagonal product,
              p = max(1, min(groups, R // x, C // y)), x and y being one group's extents on rows and columns:
              weight-stationary K and N, input-stationary K and M, output-stationary M and N. Off the diagonal lie
              zeros (output-stationary: sums across groups, discarded). A group of which no two fit (p = 1) is run
              as per_channel.
        stationary_double_buffered: every PE has a second register for what it holds still. Weight- and
            input-stationary: the next fold's operand is shifted in while the current fold streams. Output-stationary:
            results are shifted out of a second register while the next fold accumulates. Either way folds (of the
            same product or of the next group's) follow one another every max(T, R) cycles, T the streamed length,
            without refilling the skew.
        macs_per_pe: multiply-accumulates per PE and cycle, along the reduction.
        block_rows, block_columns: output positions that an adder-tree array computes side by side.
        processing_element: memories and buses of the PEs of a row-stationary array.
        instruction: how a weight-stationary array is fed by instructions; None: it takes a tile as one product.
    """

    rows: int
    columns: int
    drain: Drain = "hidden"
    depthwise: Depthwise = "per_channel"
    stationary_double_buffered: bool = False
    macs_per_pe: int = 1
    block_rows: int = 1
    block_columns: int = 1
    processing_element: ProcessingElement = field(default_factory=lambda: ProcessingElement())
    instruction: Instruction | None = None

    def __post_init__(self) -> None:
        if self.rows < 1 or self.columns < 1:
            raise ValueError(f"array: must have at least 1×1 PEs, got {self.rows}×{self.columns}")
        if min(self.macs_per_pe, self.block_rows, self.block_columns) < 1:
            raise ValueError(
                f"array: macs_per_pe and blocks must be at least 1, "
                f"got {self.macs_per_pe}, {self.block_rows}×{self.block_columns}"
            )
        for name, value, known in (
            ("drain", self.drain, get_args(Drain)),
            ("depthwise", self.depthwise, get_args(Depthwise)),
        ):
            if value not in known:
                raise ValueError(f"array.{name}: must be one of {', '.join(known)}, got {value!r}")

    @property
    def pes(self) -> int:
        """PEs in the array."""
        return self.rows * self.columns

    @property
    def peak_macs_per_cycle(self) -> int:
        """Multiply-accumulates per cycle at best."""
        return self.pes * self.macs_per_pe * self.block_rows * self.block_columns


@dataclass(frozen=True, slots=True)
class Instruction:
    """What an instruction of a weight-stationary array does (see `instructed`).

    Attributes:
        positions: L, positions that it streams at most.
        cycles: m, fewest cycles from one to the next.
    """

    positions: int
    cycles: int = 1


@dataclass(frozen=True, slots=True)
class ProcessingElement:
    """A PE of a row-stationary array and the buses that feed the array, in words (operands). Defaults: Eyeriss.

    Source: Y.-H. Chen et al., "Eyeriss: An Energy-Efficient Reconfigurable Accelerator for Deep Convolutional Neural
    Networks", JSSC 2017: PE scratchpads of 224 filter, 12 input and 24 sum words (section V); buses of 64 bits for
    filters and for sums each way, 16 bits for inputs (the networks on chip), words of 16 bits.

    Attributes:
        filter_words, input_words, sum_words: memories of a PE.
        filter_words_per_cycle, input_words_per_cycle, sum_words_per_cycle: buses to the array.
    """

    filter_words: int = 224
    input_words: int = 12
    sum_words: int = 24
    filter_words_per_cycle: int = 4
    input_words_per_cycle: int = 1
    sum_words_per_cycle: int = 4
