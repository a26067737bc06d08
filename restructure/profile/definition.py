"""What "active memory" means: the choices every number is printed with."""

from dataclasses import asdict, dataclass
from typing import Literal

__all__ = ["DTYPE_BITS", "Definition", "Dtype"]

Dtype = Literal["int8", "fp16", "fp32"]
DTYPE_BITS: dict[str, int] = {"int8": 8, "fp16": 16, "fp32": 32}


@dataclass(frozen=True, slots=True)
class Definition:
    """How active memory is counted.

    Attributes:
        input_counted: the network input occupies memory until it was last read.
        activation_in_place: BatchNorm and element-wise operators with one activation operand overwrite it when nobody
            reads it again (they are fused into the convolution before them).
        add_in_place: so do element-wise operators with several activation operands (residual Add, gates).
        layout: *copied*: every Slice, Split and Concat makes new tensors, as plain executors do.
        allocation: *liveness*: a tensor counts from the node that makes it to the last that reads it.
        dtype: bytes per element; None takes each tensor's own type.

    Views (Reshape, Flatten, …) share their operand's bytes; weights are not counted; the network's outputs stay.
    """

    input_counted: bool = True
    activation_in_place: bool = True
    add_in_place: bool = False
    layout: Literal["copied"] = "copied"
    allocation: Literal["liveness"] = "liveness"
    dtype: Dtype | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the definition as JSON-ready values."""
        return asdict(self)

    def describe(self) -> str:
        """Return the definition in one line, for the screen."""

        def choice(value: bool) -> str:
            return "in place" if value else "not in place"

        return (
            f"network input {'counted' if self.input_counted else 'not counted'}, "
            f"BatchNorm and activations {choice(self.activation_in_place)}, Add {choice(self.add_in_place)}, "
            f"{self.layout}, {self.allocation}, {self.dtype or 'own element types'}"
        )
