"""The same network, restructured for less active memory, as something else to explore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from restructure import plan, rewrite
from restructure.graph import load

if TYPE_CHECKING:
    from accelsim.hardware import Hardware
    from restructure.graph import Graph
    from restructure.profile import Dtype

__all__ = ["restructured"]

_DTYPES: dict[int, Dtype] = {1: "int8", 2: "fp16", 4: "fp32"}


def restructured(graph: Graph, hardware: Hardware) -> Graph:
    """The graph rewritten by the default plan, its bytes counted in the hardware's type of activations."""
    found = plan(graph, dtype=_DTYPES[hardware.precision.activations_bytes])
    return load(rewrite(graph, found))
