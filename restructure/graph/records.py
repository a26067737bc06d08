"""The plain records of an analysed graph."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from types import MappingProxyType
from typing import Any, Literal

from restructure import dtypes
from restructure.operators import Shape

__all__ = ["Node", "Role", "Source", "Tensor"]

Role = Literal["input", "weight", "activation", "output"]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A named tensor with a static shape.

    Attributes:
        dtype: numpy-like name, e.g. float32 (also bfloat16, int4, …).
        role: a *weight* is anything known before the model runs; an *output* leaves the graph.
    """

    name: str
    shape: Shape
    dtype: str
    role: Role

    @property
    def elements(self) -> int:
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """Size at the tensor's own element type."""
        return dtypes.size_bytes(self.elements, self.dtype)


@dataclass(frozen=True, slots=True)
class Node:
    """One operator that does work at inference time.

    Attributes:
        index: position in the graph's order.
        name: unique in the graph; made up (operator and position) where the file has none.
        inputs: tensor names, aliases resolved; '' where an optional operand is absent.
    """

    index: int
    name: str
    op_type: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a graph came from.

    Attributes:
        kind: a file, a network of the zoo, or an object in memory.
        path: of the file; the network's name for the zoo.
    """

    kind: Literal["file", "zoo", "memory"]
    path: str | None = None
    digest: Callable[[], str] | None = field(default=None, repr=False, compare=False)

    @property
    def sha256(self) -> str | None:
        """Hash of the file's bytes, computed when first asked for; None for the other kinds."""
        return None if self.digest is None else self.digest()
