"""A plan executed on one real buffer: every operand is read from it, every result written to it, at the planned bytes.

Nodes are computed by onnxruntime, one at a time, each on copies of its operands. A byte that is reused too early gives
wrong values. Where the plan counts elements smaller than they are (int8 for float32), the buffer and all offsets are
stretched by the ratio.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from restructure.graph import Graph, Node
from restructure.placement.allocators.base import PlacementError
from restructure.placement.items import padded
from restructure.placement.kernels import Kernels
from restructure.placement.records import MemoryPlan, PlacedTensor, TensorPiece

__all__ = ["execute"]

Array = npt.NDArray[Any]
_POISON = 0xA5


def execute(
    graph: Graph, plan: MemoryPlan, feeds: Mapping[str, Array], weights: Mapping[str, Array] | None = None
) -> list[Array]:
    """Return the outputs of a graph, computed in a buffer of the planned size.

    Args:
        graph: the one the plan was made for.
        feeds: the network's inputs.
        weights: constant → value; the graph's own by default.

    Raises:
        PlacementError: the plan belongs to another graph.
    """
    if [step.node for step in plan.steps] != [node.name for node in graph.nodes]:
        raise PlacementError(f"{graph.name}: the memory plan was made for another graph; make it again")
    return _Run(graph, plan, feeds, weights or {}).outputs()


class _Run:
    """One execution. The buffer begins filled with nonsense; inputs are copied in, steps run, outputs are read."""

    def __init__(self, graph: Graph, plan: MemoryPlan, feeds: Mapping[str, Array], weights: Mapping[str, Array]):
        self.graph, self.plan, self.feeds = graph, plan, feeds
        self.kernels = Kernels(graph, weights)
        self.scale = max((-(-_dtype(t).itemsize // t.element_bytes) for t in plan.tensors.values()), default=1)
        self.buffer = np.full(plan.allocated_bytes * self.scale, _POISON, np.uint8)

    def outputs(self) -> list[Array]:
        for name in self.plan.inputs:
            self._write(self.plan.tensors[name], self.feeds[name])
        for node, step in zip(self.graph.nodes, self.plan.steps, strict=True):
            if not step.is_view:
                made = self.kernels.run(node, {name: self.read(name) for name in step.reads})
                for name, value in zip((n for n in node.outputs if n), made, strict=True):
                    self._write(self.plan.tensors[name], value)
        return [self._output(name) for name in self.graph.outputs]

    def _output(self, name: str) -> Array:
        return self.kernels.constant(name) if self.graph.is_constant(name) else self.read(name)

    def read(self, name: str) -> Array:
        """Return a tensor's values, as its bytes have them now."""
        tensor = self.plan.tensors.get(name)
        if tensor is None:
            return self.feeds[name]
        if not tensor.pieces and tensor.view_of:
            return self._view(self.graph.nodes[tensor.made], name)
        value = np.empty(padded(tensor.shape), _dtype(tensor))
        for piece in tensor.pieces:
            value[_inside(piece)] = self._bytes_of(tensor, piece)
        return value.reshape(tensor.shape)

    def _view(self, node: Node, name: str) -> Array:
        operands = {n: self.read(n) for n in dict.fromkeys(node.inputs) if n and not self.graph.is_constant(n)}
        made = self.kernels.run(node, operands)
        return made[[n for n in node.outputs if n].index(name)]

    def _write(self, tensor: PlacedTensor, value: Array) -> None:
        whole = np.asarray(value, _dtype(tensor)).reshape(padded(tensor.shape))
        for piece in tensor.pieces:
            self._bytes_of(tensor, piece)[...] = whole[_inside(piece)]

    def _bytes_of(self, tensor: PlacedTensor, piece: TensorPiece) -> Array:
        strides = tuple(stride * self.scale for stride in piece.strides)
        return np.ndarray(piece.shape, _dtype(tensor), self.buffer.data, piece.offset * self.scale, strides)


def _inside(piece: TensorPiece) -> tuple[slice, ...]:
    return tuple(slice(a, a + n) for a, n in zip(piece.start, piece.shape, strict=True))


def _dtype(tensor: PlacedTensor) -> "np.dtype[Any]":
    return np.dtype(tensor.dtype)
