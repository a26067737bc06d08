"""What an instruction computes, apart from where its operands lie: enough to give it values.

All tensors of a Program have a physical shape whose axes are (batch, row, column, channel); filters are
(filter, kernel row, kernel column, channel). All tiles of a layer share one kernel; the tile is in the instruction.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PostOperation:
    """An element-wise step applied to a finished output tile before it is written.

    Attributes:
        operator: ONNX operator type (``Relu``, ``Clip``, ``Add``, ``Mul``, ``HardSwish``, …).
        attributes: name → number, as in ONNX (``min``/``max`` of Clip, ``alpha`` of LeakyRelu, …).
        slot: name of the operand read as second input (``residual0``), or empty for a unary step.
        value: the model's name of what a rounding step makes; empty for other steps.
    """

    operator: str
    attributes: tuple[tuple[str, float], ...] = ()
    slot: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """A sliding window in input coordinates: kernel, strides, dilations (rows, columns) and pads.

    `pads` are (top, left, bottom, right) as the operator resolves them, in input elements.
    """

    kernel: tuple[int, int] = (1, 1)
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)

    def input_rows(self, first: int, count: int, height: int) -> tuple[int, int]:
        """Input rows [low, high) that output rows [first, first + count) touch, clipped to the map."""
        return self._span(0, first, count, height)

    def input_columns(self, first: int, count: int, width: int) -> tuple[int, int]:
        """Input columns [low, high) that output columns [first, first + count) touch, clipped to the map."""
        return self._span(1, first, count, width)

    def _span(self, axis: int, first: int, count: int, size: int) -> tuple[int, int]:
        low = first * self.strides[axis] - self.pads[axis]
        high = low + (count - 1) * self.strides[axis] + (self.kernel[axis] - 1) * self.dilations[axis] + 1
        low, high = max(0, low), min(size, high)
        return (low, high) if low < high else (min(low, size), min(low, size))


@dataclass(frozen=True, slots=True)
class MatrixKernel:
    """A convolution or matrix product on the PE array, with what is fused behind it.

    Reads slots ``input``, ``weights``, optionally ``bias``, ``partial`` (accumulators of the tiles of the reduction
    done before) and the slots of `post`. Filters of group g read channels [g·channels_per_group, …).

    Attributes:
        operator: ONNX operator type it came from.
        window: the sliding window (1×1 for a matrix product).
        groups, filters_per_group, channels_per_group: the split of channels.
        input_size: height and width of the whole input map, in elements (pads are relative to it).
        post: element-wise steps behind the last reduction tile, in order.
        batched: ``weights`` is an activation too, one matrix per batch entry, (batch, filter, 1, channel) …
        turned: … or (batch, channel, 1, filter).
    """

    operator: str
    window: Window
    groups: int
    filters_per_group: int
    channels_per_group: int
    input_size: tuple[int, int]
    post: tuple[PostOperation, ...] = ()
    batched: bool = False
    turned: bool = False

    @property
    def is_product(self) -> bool:
        """Whether it is a matrix product, not a convolution (of 1×1, perhaps)."""
        return "Conv" not in self.operator


@dataclass(frozen=True, slots=True)
class VectorKernel:
    """Everything the vector unit does: pools, element-wise steps, reductions, normalisations, copies.

    Attributes:
        operator: ONNX operator type, or ``Copy`` for a layout change.
        attributes: further ONNX attributes as numbers or number tuples.
        window: the sliding window of a pool; 1×1 otherwise.
        input_size: height and width of the first input map.
        inputs: names of the operand slots in ONNX order (``input``, ``input1``, …).
        post: element-wise steps behind it.
        value: the model's name of what it makes if it rounds to a scale; empty otherwise.
    """

    operator: str
    attributes: tuple[tuple[str, float | tuple[float, ...]], ...] = ()
    window: Window = field(default_factory=Window)
    input_size: tuple[int, int] = (1, 1)
    inputs: tuple[str, ...] = ("input",)
    post: tuple[PostOperation, ...] = ()
    value: str = ""


Kernel = MatrixKernel | VectorKernel
