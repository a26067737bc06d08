"""What a memory plan says: where in one buffer every byte of every activation lies, and for how long.

Steps are the nodes of the graph in its order. Axes are those of the ONNX tensors (N, C, H, W, …), padded with extents
of 1 to four.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from restructure.operators import Shape
from restructure.profile import Definition

__all__ = ["MemoryPlan", "PlacedTensor", "Range", "StepUse", "TensorPiece"]


@dataclass(frozen=True, slots=True)
class Range:
    """Consecutive bytes of one result that live equally long.

    Attributes:
        tensor: the result they were made for (or a network input).
        offset: of the first byte in the buffer.
        first_step, last_step: both included; the range may be reused from the step behind.
    """

    tensor: str
    offset: int
    bytes: int
    first_step: int
    last_step: int


@dataclass(frozen=True, slots=True)
class TensorPiece:
    """A strided box of a tensor: element (start + i) lies at offset + Σ i·stride.

    Attributes:
        start, shape: of the box, in elements of the tensor.
        strides: in bytes, per axis.
    """

    start: Shape
    shape: Shape
    offset: int
    strides: Shape


@dataclass(frozen=True, slots=True)
class PlacedTensor:
    """A tensor: its pieces, together all of it.

    Attributes:
        made: number of the step that makes it; −1 for a network input.
        in_place_of: the tensor it overwrites.
        view_of: the tensors it is a view of. Views cost nothing: their pieces are parts of those tensors'.
        pieces: empty for a view that no strided boxes describe (a Reshape that follows another order of elements than
            the bytes do): the tensors it is a view of have them.
    """

    name: str
    shape: Shape
    dtype: str
    element_bytes: int
    made: int
    in_place_of: str | None
    view_of: tuple[str, ...]
    pieces: tuple[TensorPiece, ...]


@dataclass(frozen=True, slots=True)
class StepUse:
    """What one node reads and makes.

    Attributes:
        is_view: it does nothing at run time.
        live_bytes: of all ranges that are alive while it runs.
    """

    node: str
    operator: str
    is_view: bool
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    live_bytes: int


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """The plan of one graph.

    Attributes:
        alignment: every run of bytes that is placed together begins at a multiple of it.
        allocator: who assigned the offsets.
        baseline_bytes: liveness of the original, under the same definition.
        liveness_bytes: most bytes alive at any step: no buffer can be smaller.
        allocated_bytes: size of the buffer.
        inputs, outputs: of the network; an input that is not counted has no tensor here, it stays with the caller.
    """

    network: str
    definition: Definition
    alignment: int
    allocator: str
    baseline_bytes: int
    liveness_bytes: int
    allocated_bytes: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    steps: tuple[StepUse, ...]
    ranges: tuple[Range, ...]
    tensors: Mapping[str, PlacedTensor]

    @property
    def overhead(self) -> float:
        """What the buffer is larger than the liveness, as a fraction of it."""
        return self.allocated_bytes / self.liveness_bytes - 1 if self.liveness_bytes else 0.0
