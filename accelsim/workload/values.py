"""Numbers of the parameters, in physical order, made only when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from accelsim.workload.records import FloatArray
from restructure.graph import Graph, Node


@dataclass(frozen=True, slots=True)
class ScaleShift:
    """A batch normalisation at inference: y = x·scale + shift, per channel, from four parameter names."""

    graph: Graph
    names: tuple[str, str, str, str]
    epsilon: float

    @staticmethod
    def of(node: Node, graph: Graph) -> ScaleShift:
        """The step of a ``BatchNormalization`` node."""
        gamma, beta, mean, variance = node.inputs[1:5]
        epsilon = float(node.attributes.get("epsilon", 1e-5))
        return ScaleShift(graph, (gamma, beta, mean, variance), epsilon)

    def scale(self) -> FloatArray:
        """Factor per channel, shape (channels,)."""
        gamma, _, _, variance = (self.graph.weight(name).astype(np.float64) for name in self.names)
        return (gamma / np.sqrt(variance + self.epsilon)).astype(np.float32)

    def shift(self) -> FloatArray:
        """Summand per channel, shape (channels,)."""
        _, beta, mean, _ = (self.graph.weight(name).astype(np.float64) for name in self.names)
        return (beta - mean * self.scale().astype(np.float64)).astype(np.float32)


def filters(graph: Graph, name: str, fold: ScaleShift | None) -> Callable[[], FloatArray]:
    """Filters (K, C/G, FY, FX) of the model as (K, FY, FX, C/G), times the folded scale."""

    def value() -> FloatArray:
        array = graph.weight(name).astype(np.float32, copy=False).transpose(0, 2, 3, 1)
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
    """Weights of a matrix product as 1×1 (or, after a flattened map, H×W) filters.

    Attributes:
        name: the weight tensor, (N, K) if transposed else (K, N).
        window: (rows, columns) of the flattened map, (1, 1) otherwise.
        factor: the product's alpha.
    """

    graph: Graph
    name: str
    transposed: bool
    window: tuple[int, int]
    factor: float = 1.0

    def __call__(self) -> FloatArray:
        """The filters, shape (N, rows, columns, K / (rows·columns))."""
        array = self.graph.weight(self.name).astype(np.float32, copy=False)
        array = array if self.transposed else array.T
        rows, columns = self.window
        array = array.reshape(array.shape[0], -1, rows, columns).transpose(0, 2, 3, 1)
        return array if self.factor == 1.0 else array * np.float32(self.factor)


def scaled_vector(graph: Graph, name: str, channels: int, factor: float) -> Callable[[], FloatArray]:
    """A vector (or scalar) of the model spread over `channels`, times a factor."""

    def value() -> FloatArray:
        array = graph.weight(name).astype(np.float32).reshape(-1)
        return np.array(np.broadcast_to(array, (channels,))) * np.float32(factor)

    return value
