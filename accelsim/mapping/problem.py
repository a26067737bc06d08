"""A layer as the mapper sees it: extents and bytes, nothing else. Equal problems are solved once."""

from __future__ import annotations

from dataclasses import dataclass

from accelsim.hardware import Hardware
from accelsim.program import MatrixKernel, Window
from accelsim.workload import Access, Along, Follow, Layer, Precision, Storage


@dataclass(frozen=True, slots=True)
class InputShape:
    """An activation operand: extents of the whole, how it follows the output tile, bytes per element.

    `skips_columns`: what is read lies column by column, with others between.
    """

    size: tuple[int, int, int, int]
    space: Along
    channels: Along
    element_bytes: int
    follow: tuple[Follow, ...] | None = None
    skips_columns: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What decides the cost of a layer's tilings.

    Attributes:
        shape: output (batch, rows, columns, filters).
        groups, filters_per_group, reduction: split of the channels; reduction is input channels per group.
        window: the sliding window (1×1 if there is none).
        inputs: activation operands, the first one windowed.
        weight_bytes: bytes of one filter tap (element size); 0 without weights.
        vector_bytes: bytes of per-filter parameters (bias, scale, shift) per filter.
        output_bytes: bytes per output element.
        operations: lane operations of the whole layer off the array.
        tiled: output axes that may be cut.
        batched: one matrix product per batch entry.
    """

    on_array: bool
    shape: tuple[int, int, int, int]
    groups: int
    filters_per_group: int
    reduction: int
    window: Window
    inputs: tuple[InputShape, ...]
    weight_bytes: int
    vector_bytes: int
    output_bytes: int
    operations: int
    tiled: tuple[bool, bool, bool, bool]
    batched: bool = False

    @property
    def taps(self) -> int:
        """Kernel positions."""
        return self.window.kernel[0] * self.window.kernel[1]


def problem_of(layer: Layer, storages: tuple[Storage, ...], hardware: Hardware) -> Problem:
    """The mapping problem of a layer on a described accelerator."""
    kernel = layer.kernel
    matrix = isinstance(kernel, MatrixKernel)
    groups = kernel.groups if isinstance(kernel, MatrixKernel) else 1
    per_group = kernel.filters_per_group if isinstance(kernel, MatrixKernel) else layer.shape[3]
    weights = [p for p in layer.parameters if p.reduced]
    vectors = [p for p in layer.parameters if not p.reduced]
    return Problem(
        on_array=matrix,
        shape=layer.shape,
        groups=groups,
        filters_per_group=per_group,
        reduction=layer.reduction,
        window=kernel.window,
        inputs=tuple(_input(access, storages, hardware) for access in layer.inputs),
        weight_bytes=sum(storage_bytes(storages[p.storage], hardware) for p in weights),
        vector_bytes=sum(storage_bytes(storages[p.storage], hardware) for p in vectors),
        output_bytes=storage_bytes(storages[layer.output], hardware),
        operations=layer.operations,
        tiled=layer.tiled,
        batched=isinstance(kernel, MatrixKernel) and kernel.batched,
    )


def element_bytes(precision: Precision, hardware: Hardware) -> int:
    """Bytes of one element of a storage on this hardware."""
    table = {
        Precision.WEIGHTS: hardware.precision.weights_bytes,
        Precision.ACTIVATIONS: hardware.precision.activations_bytes,
        Precision.ACCUMULATORS: hardware.precision.accumulators_bytes,
    }
    return table[precision]


def storage_bytes(storage: Storage, hardware: Hardware) -> int:
    """Bytes of one element of a storage: the model's own type where it fixes one, else the hardware's precision."""
    return storage.element_bytes or element_bytes(storage.precision, hardware)


def _input(access: Access, storages: tuple[Storage, ...], hardware: Hardware) -> InputShape:
    width = max(storage_bytes(storages[piece.storage], hardware) for piece in access.view.pieces)
    view = access.view
    return InputShape(view.shape, access.space, access.channels, width, access.follow, view.skips_columns)
