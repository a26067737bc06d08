"""What "active memory" means: the choices every number is printed with."""

from dataclasses import asdict, dataclass
from typing import Literal

__all__ = ["DTYPE_BITS", "Definition", "Dtype", "Layout"]

Dtype = Literal["int8", "fp16", "fp32"]
Layout = Literal["copied", "placed"]
DTYPE_BITS: dict[str, int] = {"int8": 8, "fp16": 16, "fp32": 32}


@dataclass(frozen=True, slots=True)
class Definition:
    """How active memory is counted.

    Attributes:
        input_counted: the network input occupies memory until it was last read.
        activation_in_place: BatchNorm and element-wise operators with one activation operand overwrite it when nobody
            reads it again (they are fused into the convolution before them).
        add_in_place: so do element-wise operators with several activation operands (residual Add, gates).
        layout: *copied*: every Slice, Split and Concat makes new tensors, as plain executors do. *placed*: they are
            views, and memory is released range by range; see `restructure.profile.cells`.
        allocation: *liveness*: a tensor counts from the node that makes it to the last that reads it.
        dtype: bytes per element; None takes each tensor's own type.
        depthwise_in_place: a depthwise convolution overwrites its operand channel by channel when nobody reads it
            again and its result is no larger (*placed*: is of equal shape).

    Views (Reshape, Flatten, …) share their operand's bytes; weights are not counted; the network's outputs stay.
    """

    input_counted: bool = True
    activation_in_place: bool = True
    add_in_place: bool = False
    layout: Layout = "copied"
    allocation: Literal["liveness"] = "liveness"
    dtype: Dtype | None = None
    depthwise_in_place: bool = False

    def to_dict(self) -> dict[str, object]:
        """Return the definition as JSON-ready values."""
        return asdict(self)

    def describe(self) -> str:
        """Return the definition in one line, for the screen."""

        def choice(value: bool) -> str:
            return "in place" if value else "not in place"

        depthwise = "depthwise convolutions in place, " if self.depthwise_in_place else ""
        return (
            f"network input {'counted' if self.input_counted else 'not counted'}, "
            f"BatchNorm and activations {choice(self.activation_in_place)}, Add {choice(self.add_in_place)}, "
            f"{depthwise}{self.layout}, {self.allocation}, {self.dtype or 'own element types'}"
        )
