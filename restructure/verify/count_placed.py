"""Active memory under the placed layout counted a second time, the obvious way.

Shares no code with `restructure.profile`, which finds the last step of every cell beforehand. Here every tensor is an
array that says of each of its elements which cell it lies in, views are what numpy makes of such arrays, and every cell
has a counter of the operators that have yet to read it. After each node somebody adds up the cells that are there. What
a cell is, and which views are copies, is written in `restructure.profile.cells`.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from restructure import operators
from restructure.graph import Graph, Node
from restructure.profile import Definition

if TYPE_CHECKING:
    import onnx

__all__ = ["PlacedCounter"]

_VIEWS = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze"})
_ALIASES = frozenset({"Identity", "Dropout"})
_ROW_AXES = 3
Array = npt.NDArray[Any]


@dataclass(slots=True)
class _Value:
    """A tensor: the cell of each element, and whether one row of one channel may lie in several cells."""

    where: Array
    merged: bool = False


@dataclass(frozen=True, slots=True)
class _Store:
    """Cells of one size, made by one node or given by the caller."""

    first: int
    cells: int
    elements: int
    octets: int
    of_caller: bool


class _There:
    """The cells that are there, and what they come to."""

    def __init__(self, elements: Array, octets: Array) -> None:
        self._sizes = np.stack([elements, octets])
        self._here = np.zeros(len(elements), bool)
        self.elements = self.octets = 0

    def come(self, cells: Array) -> None:
        self._change(cells[~self._here[cells]], 1)

    def go(self, cells: Array) -> None:
        self._change(cells[self._here[cells]], -1)

    def _change(self, cells: Array, sign: int) -> None:
        elements, octets = self._sizes[:, cells].sum(axis=1)
        self._here[cells] = sign > 0
        self.elements += sign * int(elements)
        self.octets += sign * int(octets)


@dataclass(slots=True)
class PlacedCounter:
    """Walks the nodes twice: first to learn who reads which cell, then to see what is there at each node.

    Every result that is no view has cells of its own. Working in place is that an operand's cells leave just when the
    result's, as many, come.

    Attributes:
        infos: shape and bits per element of each tensor.
        in_place: operators that may overwrite an operand.
        steps: live elements and bytes at each node.
    """

    graph: Graph
    definition: Definition
    infos: Mapping[str, tuple[tuple[int, ...], int]]
    in_place: frozenset[str]
    count: int = 0
    stores: list["_Store"] = field(default_factory=list)
    values: dict[str, _Value] = field(default_factory=dict)
    touched: dict[str, Array] = field(default_factory=dict)
    views: set[str] = field(default_factory=set)
    steps: list[tuple[int, int]] = field(default_factory=list)

    def run(self, nodes: "Sequence[onnx.NodeProto]", outputs: Sequence[str]) -> None:
        """Count; `steps` is the result."""
        made_by_graph = {name: node for node in self.graph.nodes for name in node.outputs}
        for name in self.graph.inputs:
            self._store(name, True)
        for node in nodes:
            found = self._view(node, made_by_graph.get(node.output[0]))
            if found is None:
                for name in filter(None, node.output):
                    self._store(name, False)
            else:
                self.views.add(node.output[0])
                self.values.update(zip(node.output, found, strict=False))
        self._watch(nodes, outputs)

    def _store(self, name: str, of_caller: bool) -> None:
        shape, bits = self.infos[name]
        inner = prod(shape[_ROW_AXES:])
        count = prod(shape[:_ROW_AXES])
        wanted = {"int8": 8, "fp16": 16, "fp32": 32}.get(self.definition.dtype or "", bits)
        where = (self.count + np.arange(count, dtype=np.int32)).repeat(inner)
        self.values[name] = _Value(where.reshape(shape))
        self.stores.append(_Store(self.count, count, inner, (inner * wanted + 7) // 8, of_caller))
        self.count += count

    def _view(self, node: "onnx.NodeProto", known: Node | None) -> list[_Value] | None:
        """Return the results of a node that is a view, else None."""
        operands = [self.values.get(name) for name in node.input]
        if not operands or operands[0] is None:
            return None
        first = operands[0]
        if node.op_type in _ALIASES:
            return [first]
        if node.op_type in _VIEWS:
            return self._reshaped(first, self.infos[node.output[0]][0])
        if node.op_type == "Slice" and known is not None:
            return self._taken(first, [operators.slices(known, self.graph)])
        if node.op_type == "Split" and known is not None:
            axis, sizes = operators.splits(known, self.graph)
            bounds = np.cumsum([0, *sizes]).tolist()
            whole = [range(n) for n in first.where.shape]
            parts = [range(a, b) for a, b in itertools.pairwise(bounds)][: len(node.output)]
            return self._taken(first, [(*whole[:axis], part, *whole[axis + 1 :]) for part in parts])
        if node.op_type == "Concat" and None not in operands:
            values = [value for value in operands if value is not None]
            axis = node.attribute[0].i % first.where.ndim
            merged = axis >= _ROW_AXES or any(value.merged for value in values)
            return [_Value(np.concatenate([value.where for value in values], axis), merged)]
        return None

    @staticmethod
    def _taken(value: _Value, taken: Sequence[Sequence[range]]) -> list[_Value] | None:
        if value.merged and any(
            list(r) != list(range(n))
            for part in taken
            for r, n in zip(part[_ROW_AXES:], value.where.shape[_ROW_AXES:], strict=True)
        ):
            return None
        return [_Value(value.where[np.ix_(*part)], value.merged) for part in taken]

    @staticmethod
    def _reshaped(value: _Value, shape: tuple[int, ...]) -> list[_Value] | None:
        old, new = prod(value.where.shape[_ROW_AXES:]), prod(shape[_ROW_AXES:])
        if old != new and (new % old if value.merged or old % new else False):
            return None
        grown = new > old
        return [_Value(value.where.reshape(shape), value.merged or grown)]

    def _cells(self, name: str) -> Array:
        """Return the cells a tensor touches."""
        if name not in self.touched:
            where = self.values[name].where
            first = int(where.min(initial=self.count))
            touched = np.zeros(int(where.max(initial=first)) + 1 - first, bool)
            touched[where - first] = True
            self.touched[name] = np.flatnonzero(touched) + first
        return self.touched[name]

    def _watch(self, nodes: "Sequence[onnx.NodeProto]", outputs: Sequence[str]) -> None:
        """Let the nodes run, and note what is there while each does."""
        waiting = self._readers(nodes, outputs)
        caller = self._per_cell([store.of_caller for store in self.stores])
        counted = self._per_cell([self.definition.input_counted or not store.of_caller for store in self.stores])
        there = _There(
            self._per_cell([store.elements for store in self.stores]) * counted,
            self._per_cell([store.octets for store in self.stores]) * counted,
        )
        there.come(np.flatnonzero(caller))
        leaving = [np.flatnonzero(caller)]
        for node in nodes:
            if node.output[0] not in self.views:
                operands = [name for name in dict.fromkeys(node.input) if name in self.values]
                for name in filter(None, node.output):
                    there.come(self._cells(name))
                    leaving.append(self._cells(name))
                taken = self._overwritten(node, operands, waiting, caller)
                if taken:
                    there.go(self._cells(taken))
                for name in operands:
                    waiting[self._cells(name)] -= 1
                    leaving.append(self._cells(name))
            self.steps.append((there.elements, there.octets))
            while leaving:
                cells = leaving.pop()
                there.go(cells[waiting[cells] == 0])

    def _per_cell(self, column: Sequence[int]) -> Array:
        return np.repeat(np.array(column, np.int64), [store.cells for store in self.stores])

    def _readers(self, nodes: "Sequence[onnx.NodeProto]", outputs: Sequence[str]) -> Array:
        """Return how many operators read each cell; the caller is one more reader of the outputs."""
        waiting = np.zeros(self.count, np.int64)
        for operands in [node.input for node in nodes if node.output[0] not in self.views] + [outputs]:
            for name in dict.fromkeys(operands):
                if name in self.values:
                    waiting[self._cells(name)] += 1
        return waiting

    def _overwritten(
        self, node: "onnx.NodeProto", operands: Sequence[str], waiting: Array, caller: Array
    ) -> str | None:
        """Return the operand that the first result overwrites."""
        depthwise = node.op_type == "Conv" and self.definition.depthwise_in_place and self._is_depthwise(node)
        alone = self.definition.activation_in_place if len(operands) == 1 else self.definition.add_in_place
        if not depthwise and not (alone and node.op_type in self.in_place):
            return None
        for name in operands:
            cells = self._cells(name)
            apart = all(self._apart(name, other) for other in operands if other != name)
            reads = sum(bool(np.isin(cells[:1], self._cells(other)).any()) for other in operands)
            here_only = not caller[cells].any() and (waiting[cells] == reads).all()
            if self.infos[name] == self.infos[node.output[0]] and apart and here_only and self._is_all_of(name):
                return name
        return None

    def _is_all_of(self, name: str) -> bool:
        """Whether a tensor is all of each cell it touches, once."""
        cells, held = self._cells(name), 0
        for store in self.stores:
            low, high = np.searchsorted(cells, (store.first, store.first + store.cells))
            held += int(high - low) * store.elements
        return held == self.values[name].where.size

    def _apart(self, name: str, other: str) -> bool:
        """Whether two operands share no cell, or are the same elements."""
        ours, theirs = self.values[name].where, self.values[other].where
        return bool(np.array_equal(ours, theirs)) or not np.isin(self._cells(name), self._cells(other)).any()

    def _is_depthwise(self, node: "onnx.NodeProto") -> bool:
        """Whether each channel of a convolution's result is made from the same channel of its operand."""
        groups = next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)
        (_, channels, *_), (_, filters, *_) = (self.infos[name][0] for name in (node.input[0], node.output[0]))
        return bool(groups == channels == filters and channels > 1)
