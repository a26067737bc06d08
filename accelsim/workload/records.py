"""The workload: a network as the layers an accelerator runs, with operands in physical order.

Every stored array is a *storage* of four axes (batch, row, column, channel), channels innermost, so that a strip of
rows is one contiguous range. What an ONNX value means is a *view*: a list of rectangular pieces of storages. Slices
and concatenations are views and cost nothing; only what pieces cannot express becomes a copying layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import prod

import numpy as np
from numpy.typing import NDArray

from accelsim.program import Kernel, MatrixKernel, TensorKind

Shape4 = tuple[int, int, int, int]
FloatArray = NDArray[np.float32]


class Precision(StrEnum):
    """Which of the hardware's element sizes a storage has."""

    WEIGHTS = "weights"
    ACTIVATIONS = "activations"
    ACCUMULATORS = "accumulators"


@dataclass(frozen=True, slots=True)
class Storage:
    """A stored array.

    Attributes:
        name: the ONNX value's name.
        kind: input, weight, activation or output.
        shape: physical shape; activations (batch, row, column, channel), filters (filter, row, column, channel),
            per-channel parameters (channel,).
        precision: which element size of the hardware it has.
        onnx_shape, onnx_axes: `physical.transpose(onnx_axes).reshape(onnx_shape)` is the model's array.
        element_bytes: bytes per element where the model fixes them (int8, float16, …); 0: the hardware's precision.
    """

    name: str
    kind: TensorKind
    shape: tuple[int, ...]
    precision: Precision
    onnx_shape: tuple[int, ...]
    onnx_axes: tuple[int, ...]
    element_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A region of a view: elements from `at` on are those of `storage` from `start` on, `shape` of them.

    Neighbouring columns of the view are `column_step` columns of the storage apart.
    """

    at: Shape4
    shape: Shape4
    storage: int
    start: Shape4
    column_step: int = 1


@dataclass(frozen=True, slots=True)
class View:
    """An activation as it is read: a four-axis array made of pieces, which are disjoint and cover it."""

    shape: Shape4
    pieces: tuple[Piece, ...]

    @property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def skips_columns(self) -> bool:
        """Whether neighbouring columns are not neighbours in the storage."""
        return any(piece.column_step > 1 for piece in self.pieces)


class Along(StrEnum):
    """How a layer's input follows its output along an axis (pair) when the output is tiled."""

    WINDOW = "window"
    SAME = "same"
    ALL = "all"
    REDUCTION = "reduction"


#: What an operand's axis may follow beside the output's four axes: the layer's reduction, or nothing (read whole).
REDUCTION_LOOP, NO_LOOP = 4, -1


@dataclass(frozen=True, slots=True)
class Follow:
    """How one axis of an operand follows one loop of the layer.

    For loop positions [first, first + count) it reads ⌊first·numerator/denominator⌋ + low up to and including
    ⌊(first + count − 1)·numerator/denominator⌋ + high, clipped to the operand.
    """

    loop: int = NO_LOOP
    numerator: int = 1
    denominator: int = 1
    low: int = 0
    high: int = 0

    def span(self, first: int, count: int, size: int) -> tuple[int, int]:
        """Positions [low, high) of an operand's axis of `size` elements."""
        if self.loop == NO_LOOP:
            return 0, size
        low = first * self.numerator // self.denominator + self.low
        high = (first + count - 1) * self.numerator // self.denominator + 1 + self.high
        low, high = max(0, low), min(size, high)
        return (low, high) if low < high else (min(low, size), min(low, size))

    @property
    def margin(self) -> int:
        """Positions read beyond those of the loop itself, at most."""
        return self.high - self.low + (self.denominator > 1)


@dataclass(frozen=True, slots=True)
class Access:
    """What a layer reads of one activation operand for a tile of its output.

    Attributes:
        slot: the kernel's name of the operand.
        view: what is read.
        space, channels: how the region follows the output tile along rows and columns, and along channels. Along the
            batch it is always the same; an axis of size 1 is broadcast.
        follow: a rule for each of its four axes, in place of `space` and `channels`.
    """

    slot: str
    view: View
    space: Along = Along.SAME
    channels: Along = Along.SAME
    follow: tuple[Follow, Follow, Follow, Follow] | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A weight operand: `storage`, sliced along its first axis by the tile's filters (and by the reduction)."""

    slot: str
    storage: int
    reduced: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: a loop nest over its output and, on the PE array, over the input channels it adds up.

    Attributes:
        index: position in the schedule.
        name, operator, fused: the ONNX node it is named after and the ones folded into it.
        kernel: what it computes.
        inputs: activation operands; the first is the one windows apply to.
        parameters: weights, bias and per-channel constants.
        output: storage it writes, whole.
        shape: output (batch, rows, columns, channels).
        reduction: input channels per group added up (1 off the array).
        macs: multiply-accumulates.
        operations: element operations off the array, including fused steps.
        tiled: output axes that may be cut into tiles.
    """

    index: int
    name: str
    operator: str
    fused: tuple[str, ...]
    kernel: Kernel
    inputs: tuple[Access, ...]
    parameters: tuple[Parameter, ...]
    output: int
    shape: Shape4
    reduction: int
    macs: int
    operations: int
    tiled: tuple[bool, bool, bool, bool] = (True, True, True, True)

    @property
    def on_array(self) -> bool:
        """Whether the PE array runs it (else the vector unit)."""
        return isinstance(self.kernel, MatrixKernel)


@dataclass(frozen=True, slots=True)
class NamedView:
    """A network output: its name, what it is made of, and the way from there to the model's array."""

    name: str
    view: View
    onnx_shape: tuple[int, ...]
    onnx_axes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rounded:
    """What a step rounds to a scale: a value of the model, or as much of it as a layer writes.

    Attributes:
        value: the model's name of it.
        laid_out: from the model's array to that of the layer's output; not-a-number where that holds nothing of it.
    """

    value: str
    laid_out: Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """A network as layers in execution order.

    `values` yields the physical float32 array of a parameter storage by name, made when asked for. A missing weight
    file matters only then. `rounded` holds what steps round to a scale, by the names that the steps give it.
    `in_passes` names the nodes that were lowered in passes.
    """

    name: str
    storages: tuple[Storage, ...]
    layers: tuple[Layer, ...]
    inputs: tuple[int, ...]
    outputs: tuple[NamedView, ...]
    values: Mapping[str, Callable[[], FloatArray]]
    operators: int
    macs: int
    parameters: int
    costed_operators: int
    rounded: Mapping[str, Rounded] = field(default_factory=dict)
    in_passes: tuple[str, ...] = ()
