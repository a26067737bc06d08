"""A plan put to the proof: the graph computed in the planned buffer against the same nodes with memory of their own.

Weights and inputs are random, so that a byte reused too early is another number. Both sides call the same kernels, so
equality is bit for bit.
"""

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from restructure.graph import Graph
from restructure.placement.checking import plan_problems
from restructure.placement.execution import execute
from restructure.placement.kernels import Kernels
from restructure.placement.records import MemoryPlan
from restructure.verify.roles import weights_of
from restructure.verify.values import feed, random_weight

__all__ = ["placement_problems"]

Array = npt.NDArray[Any]


def placement_problems(graph: Graph, plan: MemoryPlan, seed: int = 0) -> list[str]:
    """Return what is wrong with a plan, one sentence each: by its records alone, then by its outputs.

    Args:
        seed: of weights and inputs.

    Raises:
        PlacementError: the plan belongs to another graph.
    """
    problems = plan_problems(plan)
    if problems:
        return problems
    weights = _Weights(graph, seed)
    feeds = {
        name: feed(name, graph.tensors[name].shape, graph.tensors[name].dtype, seed, False) for name in graph.inputs
    }
    found, expected = execute(graph, plan, feeds, weights), _unplaced(graph, feeds, weights)
    return [
        f"output {name!r} computed in the planned buffer differs: a byte was reused too early"
        for name, ours, theirs in zip(graph.outputs, found, expected, strict=True)
        if ours.tobytes() != theirs.tobytes()
    ]


def _unplaced(graph: Graph, feeds: Mapping[str, Array], weights: Mapping[str, Array]) -> list[Array]:
    """Return the outputs with every result in memory of its own, until it was last read."""
    kernels, values = Kernels(graph, weights), dict(feeds)
    last = {name: number for number, node in enumerate(graph.nodes) for name in node.inputs}
    for number, node in enumerate(graph.nodes):
        operands = {name: values[name] for name in node.inputs if name in values}
        made = kernels.run(node, operands)
        values.update(zip((name for name in node.outputs if name), made, strict=True))
        for name in operands:
            if last[name] == number and name not in graph.outputs:
                del values[name]
    return [values[name] if name in values else kernels.constant(name) for name in graph.outputs]


class _Weights(Mapping[str, Array]):
    """Random values for the weights that may have any, each made when it is asked for and not kept."""

    def __init__(self, graph: Graph, seed: int) -> None:
        self._weights, self._seed = weights_of(graph), seed

    def __getitem__(self, name: str) -> Array:
        weight = self._weights[name]
        values = random_weight(weight, self._seed)
        return values if prod(values.shape) == prod(weight.shape) else np.resize(values, weight.shape)

    def __iter__(self) -> Iterator[str]:
        return iter(self._weights)

    def __len__(self) -> int:
        return len(self._weights)
