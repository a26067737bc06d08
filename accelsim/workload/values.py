"""Numbers of the parameters, in physical order, made only when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accelsim.workload.records import FloatArray
from restructure.graph import Graph, Node

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScaleShift:
    """y = x·scale + shift per channel: a normalisation at inference, or several constant steps in a row.

    Attributes:
        node: a ``BatchNormalization``, or a ``Mul`` or ``Add`` with a constant.
        before: the steps before it.
    """

    graph: Graph
    node: Node
    before: ScaleShift | None = None

    @staticmethod
    def of(node: Node, graph: Graph) -> ScaleShift:
        """The step of a ``BatchNormalization`` node."""
        return ScaleShift(graph, node)

    @staticmethod
    def of_constant(node: Node, graph: Graph) -> ScaleShift:
        """The step of a ``Mul`` or ``Add`` whose second operand is a constant per channel."""
        return ScaleShift(graph, node)

    def after(self, before: ScaleShift | None) -> ScaleShift:
        """This step behind others."""
        return ScaleShift(self.graph, self.node, before)

    @property
    def first(self) -> Node:
        """The node of the first of them."""
        return self.node if self.before is None else self.before.first

    def scale(self) -> FloatArray:
        """Factor per channel, shape (channels,)."""
        return self._both()[0].astype(np.float32)

    def shift(self) -> FloatArray:
        """Summand per channel, shape (channels,)."""
        return self._both()[1].astype(np.float32)

    def _both(self) -> tuple[Doubles, Doubles]:
        scale, shift = self._own()
        if self.before is None:
            return scale, shift
        earlier, summand = self.before._both()
        return earlier * scale, summand * scale + shift

    def _own(self) -> tuple[Doubles, Doubles]:
        if self.node.op_type == "BatchNormalization":
            gamma, beta, mean, variance = (self._vector(name) for name in self.node.inputs[1:5])
            scale = gamma / np.sqrt(variance + float(self.node.attributes.get("epsilon", 1e-5)))
            return scale, beta - mean * scale
        value = self._vector(self.node.inputs[1])
        return (value, np.zeros_like(value)) if self.node.op_type == "Mul" else (np.ones_like(value), value)

    def _vector(self, name: str) -> Doubles:
        return self.graph.weight(name).astype(np.float64).reshape(-1)


def weight(graph: Graph, name: str) -> FloatArray:
    """A constant of the model in float32."""
    return graph.weight(name).astype(np.float32, copy=False)


def filters(graph: Graph, name: str, fold: ScaleShift | None) -> Callable[[], FloatArray]:
    """Filters (K, C/G, FY[, FX]) of the model as (K, FY, FX, C/G), times the folded scale."""

    def value() -> FloatArray:
        array = weight(graph, name)
        array = np.moveaxis(array if array.ndim == 4 else array[..., None], 1, 3)
        return array if fold is None else array * fold.scale()[:, None, None, None]

    return value


def bias(graph: Graph, name: str, channels: int, fold: ScaleShift | None) -> Callable[[], FloatArray]:
    """Bias per filter, shape (K,), with the folded normalisation; `name` may be empty."""

    def value() -> FloatArray:
        start = graph.weight(name).astype(np.float32).reshape(-1) if name else np.zeros(channels, np.float32)
        start = np.broadcast_to(start, (channels,))
        return np.array(start) if fold is None else start * fold.scale() + fold.shift()

    return value


@dataclass(frozen=True, slots=True)
class DenseWeights:
    """Weights of a matrix product as 1×1 filters, or as larger ones where a whole map was flattened.

    Attributes:
        name: the weight tensor, (N, K) if transposed else (K, N).
        axes: physical axes (1 row, 2 column, 3 channel) that make up K, outermost first, and their sizes.
        factor: the product's alpha.
    """

    graph: Graph
    name: str
    transposed: bool
    axes: tuple[tuple[int, int], ...] = ()
    factor: float = 1.0

    @property
    def made(self) -> tuple[object, ...]:
        """How they are made of the tensor."""
        return self.transposed, self.axes, self.factor

    def __call__(self) -> FloatArray:
        """The filters, shape (N, rows, columns, channels)."""
        array = self.graph.weight(self.name).astype(np.float32, copy=False)
        array = array if self.transposed else array.T
        if self.axes:
            array = array.reshape(len(array), *(size for _, size in self.axes))
            sizes = dict(self.axes)
            order = [1 + [axis for axis, _ in self.axes].index(axis) for axis in (1, 2, 3) if axis in sizes]
            array = array.transpose(0, *order).reshape(len(array), *(sizes.get(axis, 1) for axis in (1, 2, 3)))
        else:
            array = array.reshape(len(array), 1, 1, -1)
        return array if self.factor == 1.0 else array * np.float32(self.factor)


def scaled_vector(graph: Graph, name: str, channels: int, factor: float) -> Callable[[], FloatArray]:
    """A vector (or scalar) of the model spread over `channels`, times a factor."""

    def value() -> FloatArray:
        array = graph.weight(name).astype(np.float32).reshape(-1)
        return np.array(np.broadcast_to(array, (channels,))) * np.float32(factor)

    return value
